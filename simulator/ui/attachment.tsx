import { type ThreadAttachment } from '../platform/model';
import * as format from './format';
import { Icon } from './icons';

export function Attachment({ attachment: { type, url, name, bytes } }: { attachment: ThreadAttachment }) {
  if (type === 'image') {
    return (
      <a class="media" href={url} target="_blank" rel="noreferrer">
        <img src={url} alt={name} />
      </a>
    );
  }
  // What a bot sends has no captions.
  if (type === 'video')
    return <video class="media" src={url} controls preload="metadata" aria-label={name} />;
  if (type === 'audio') return <audio src={url} controls preload="metadata" aria-label={name} />;
  return (
    <a class="file" href={url} download={name}>
      <Icon name="file" />
      <b>{name}</b>
      <span>{format.bytes(bytes)}</span>
    </a>
  );
}
