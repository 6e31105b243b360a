import * as format from './format';
import { status } from './store';

/** What IDs are worth to the bot. */
export function Stats() {
  const { sends = 0, uploads = 0, hits = 0, bytesUp = 0, bytesSaved = 0 } = status.value?.stats ?? {};
  return (
    <dl class="stats">
      <Figure name="Attachments sent" value={format.count(sends)} hint="Attachments that arrived" />
      <Figure
        name="Uploads"
        value={format.count(uploads)}
        hint="Attachments that were saved without being sent"
      />
      <Figure name="Bytes up" value={format.bytes(bytesUp)} hint="The bodies of all calls" />
      <Figure
        name="Bytes saved"
        value={format.bytes(Math.max(0, bytesSaved))}
        hint="What sends by ID did not have to upload, less the uploads"
        isGood={bytesSaved > 0}
      />
      <Figure
        name="Hit rate"
        value={format.percent(hits, sends)}
        hint="Sends for which nothing had to be uploaded: by an ID that was used before"
        isGood={hits > 0}
      />
    </dl>
  );
}

interface FigureProps {
  name: string;
  value: string;
  hint: string;
  isGood?: boolean;
}

function Figure({ name, value, hint, isGood = false }: FigureProps) {
  return (
    <div title={hint} class={isGood ? 'is-good' : ''}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
