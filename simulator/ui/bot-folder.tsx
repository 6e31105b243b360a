import { useSignal } from '@preact/signals';
import { callControlApi } from './api';
import { say } from './say';
import * as format from './format';
import { Group } from './group';

interface BotFolderProps {
  files: readonly { path: string; bytes: number; ask?: string | undefined }[];
}

/** The folder of what the bot sends: see it, add to it, change what is in it, ask the bot for it. */
export function BotFolder({ files }: BotFolderProps) {
  const isOver = useSignal(false);
  const put = async (path: string, file: File | null | undefined) => {
    if (file)
      await callControlApi('PUT', `/bot/assets/${path.split('/').map(encodeURIComponent).join('/')}`, file);
  };
  return (
    <Group name="The bot’s folder" hint="A file that is changed is a new asset, and gets an ID of its own.">
      <ul class="folder" aria-label="Files of the bot">
        {files.map(({ path, bytes, ask }) => (
          <li key={path}>
            <span>
              <b>{path}</b> {format.bytes(bytes)}
            </span>
            {ask !== undefined && (
              <button
                type="button"
                class="quiet"
                aria-label={`Ask for it: ${path}`}
                onClick={() => void say({ text: ask })}
              >
                Ask for it
              </button>
            )}
            <FileButton name="Replace" label={`Replace ${path}`} onFile={(file) => put(path, file)} />
          </li>
        ))}
      </ul>
      <div
        class={isOver.value ? 'drop is-over' : 'drop'}
        onDragOver={(event) => {
          event.preventDefault();
          isOver.value = true;
        }}
        onDragLeave={() => (isOver.value = false)}
        onDrop={(event) => {
          event.preventDefault();
          isOver.value = false;
          for (const file of event.dataTransfer?.files ?? []) void put(file.name, file);
        }}
      >
        Drop a picture here, or
        <FileButton name="choose one" label="Add a picture" onFile={(file) => put(file.name, file)} />
      </div>
    </Group>
  );
}

interface FileButtonProps {
  name: string;
  label: string;
  onFile: (file: File) => Promise<void>;
}

function FileButton({ name, label, onFile }: FileButtonProps) {
  return (
    <label class="file-button">
      {name}
      <input
        type="file"
        aria-label={label}
        onChange={({ currentTarget }) => {
          const [file] = currentTarget.files ?? [];
          currentTarget.value = ''; // The same file again is a change, too.
          if (file) void onFile(file);
        }}
      />
    </label>
  );
}
