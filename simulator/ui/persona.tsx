import { useSignal } from '@preact/signals';
import { type ThreadMessage } from '../platform/model';
import { initialsOf } from './people';
import { page } from './store';
import { pictureAddress } from './template';

interface SenderProps {
  message: ThreadMessage;
  previous: ThreadMessage | undefined;
}

/** As whom the bot writes, above the first message of each persona, and of the page after one. */
export function Sender({ message: { mid, from, persona, persona_id: id }, previous }: SenderProps) {
  if (from !== 'page') return null;
  const before = previous?.from === 'page' ? previous : undefined;
  if (!persona) return before?.persona ? <p class="sender">{page.value?.name}</p> : null;
  if (before && before.persona_id === id) return null;
  return (
    <p class="sender">
      <PersonaPicture mid={mid} persona={persona} />
      {persona.name}
    </p>
  );
}

interface PersonaPictureProps {
  mid: string;
  persona: NonNullable<ThreadMessage['persona']>;
}

function PersonaPicture({ mid, persona: { name, profile_picture_url: url } }: PersonaPictureProps) {
  const isMissing = useSignal(false);
  if (isMissing.value) {
    return (
      <span class="avatar" aria-hidden="true">
        {initialsOf(name)}
      </span>
    );
  }
  return (
    <img class="avatar" src={pictureAddress(mid, url)} alt="" onError={() => (isMissing.value = true)} />
  );
}
