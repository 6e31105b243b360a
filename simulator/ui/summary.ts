import { type AttachmentType, type ThreadMessage } from '../platform/model';
import { titleOf } from './template';

const KINDS: Record<AttachmentType, [one: string, several: string]> = {
  image: ['Picture', 'pictures'],
  audio: ['Sound', 'sounds'],
  video: ['Video', 'videos'],
  file: ['File', 'files'],
};

/** A message in a few words. */
export function summaryOf(message: ThreadMessage): string {
  const { text, attachments, template, location, sticker_id: sticker, unsent } = message;
  if (unsent) return 'Unsent';
  if (text !== undefined) return text;
  const [first, ...more] = attachments;
  if (first) {
    const [one, several] = KINDS[first.type];
    return more.length === 0 ? `${one}: ${first.name}` : `${attachments.length} ${several}`;
  }
  if (location) return `Location: ${placeOf(location)}`;
  if (sticker !== undefined) return 'Sticker';
  return template === undefined ? 'A message' : `Template: ${titleOf(template)}`;
}

export function placeOf({ lat, long, title }: NonNullable<ThreadMessage['location']>): string {
  return title ?? `${lat}, ${long}`;
}
