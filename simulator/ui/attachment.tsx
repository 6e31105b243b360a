import { type ThreadAttachment } from '../platform/model';
import * as format from './format';
import { Icon } from './icons';

/** No picture is shown larger, in pixels. As in message.css. */
const [MAX_WIDTH, MAX_HEIGHT] = [460, 240];

export function Attachment({ attachment }: { attachment: ThreadAttachment }) {
  const { type, url, name, bytes } = attachment;
  if (type === 'image') {
    return (
      <a class="media" href={url} target="_blank" rel="noreferrer">
        <img src={url} alt={name} {...placeOf(attachment)} />
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

/** The size at which a picture is shown, so that its place is there before it is: nothing moves when it comes. */
function placeOf({ width, height }: ThreadAttachment): { width?: number; height?: number } {
  if (width === undefined || height === undefined) return {};
  const scale = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}
