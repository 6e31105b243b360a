import { isRecord, pick, without } from '../base/records';
import type { AttachmentType } from '../source/asset';

/** A Bot Framework activity, as far as its attachments matter. */
export interface MessageActivity {
  readonly type?: string;
  readonly text?: string | null;
  readonly attachments?: unknown;
  readonly channelData?: unknown;
}

/** https://learn.microsoft.com/azure/bot-service/nodejs/bot-builder-nodejs-send-receive-attachments */
interface MediaAttachment {
  readonly contentType: string;
  readonly contentUrl: string;
  readonly name?: unknown;
}

/** What makes the adapter's first message more than nothing. */
const CONTENT_FIELDS = ['attachment', 'sticker_id', 'sender_action'] as const;

/** Belongs under the last message: Messenger hides quick replies as soon as another message follows. */
const LAST_FIELDS = ['quick_replies'] as const;

/**
 * Channel-neutral code puts pictures into `activity.attachments`, which the Facebook adapter drops. This makes a
 * Messenger message of each, after the text and in order. Cards stay where they are.
 *
 * @returns The activity itself, if it has no such attachments.
 */
export function toMessengerActivities<Activity extends MessageActivity>(activity: Activity): Activity[] {
  const all = Array.isArray(activity.attachments) ? (activity.attachments as unknown[]) : [];
  const media = all.filter(isMedia);
  if (activity.type !== 'message' || media.length === 0) return [activity];
  const channelData = (activity.channelData ?? {}) as Readonly<Record<string, unknown>>;
  const shared = without(channelData, [...CONTENT_FIELDS, ...LAST_FIELDS]);
  const last = pick(channelData, LAST_FIELDS);
  const pictures = media.map((attachment, index) => ({
    ...activity,
    text: undefined,
    attachments: undefined,
    channelData: { ...shared, ...(index === media.length - 1 && last), attachment: toMessenger(attachment) },
  }));
  const hasContent =
    Boolean(activity.text) || CONTENT_FIELDS.some((field) => channelData[field] !== undefined);
  if (!hasContent) return pictures;
  const cards = all.filter((attachment) => !isMedia(attachment));
  return [{ ...activity, attachments: cards, channelData: without(channelData, LAST_FIELDS) }, ...pictures];
}

function toMessenger({ contentType, contentUrl, name }: MediaAttachment): unknown {
  const filename = typeof name === 'string' && name !== '' ? { filename: name } : {};
  return { type: typeFor(contentType), payload: { url: contentUrl, ...filename } };
}

function typeFor(contentType: string): AttachmentType {
  const [major] = contentType.toLowerCase().split('/');
  return major === 'image' || major === 'audio' || major === 'video' ? major : 'file';
}

/** `application/vnd.microsoft.card.hero` and its like, adaptive cards among them, are no media. */
function isMedia(attachment: unknown): attachment is MediaAttachment {
  if (!isRecord(attachment)) return false;
  const { contentType, contentUrl } = attachment;
  if (typeof contentType !== 'string' || typeof contentUrl !== 'string') return false;
  return contentUrl !== '' && !contentType.toLowerCase().startsWith('application/vnd.microsoft.');
}
