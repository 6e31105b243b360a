import { isRecord, pick, withoutUndefined } from '../base/records';
import { FOLLOWING } from '../message/split';
import type { GraphParams } from '../graph/request';
import type { AttachmentType } from '../source/asset';

/** A BotBuilder activity, as far as it tells the page. */
export interface ActivityLike {
  readonly recipient?: { readonly id?: string } | null;
  readonly from?: { readonly id?: string } | null;
  readonly channelData?: unknown;
}

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

/**
 * The adapter makes a call of an activity, and drops some fields of `channelData` (several images, metadata, what it
 * replies to) and Bot Framework attachments: channel-neutral code puts pictures into `activity.attachments`. Here they
 * come back. Cards do not: the Messenger Platform has none.
 *
 * @returns `params` itself, if nothing was dropped.
 */
export function withDroppedFields(params: GraphParams, activity: MessageActivity): GraphParams {
  const following = followingOf(activity);
  const dropped = isRecord(params.message) && isRecord(activity.channelData) ? activity.channelData : {};
  const inMessage = withoutUndefined(pick(dropped, ['attachments', 'metadata']));
  const besideIt = withoutUndefined(pick(dropped, ['reply_to']));
  const isMessageChanged = Object.keys(inMessage).length > 0;
  if (!isMessageChanged && Object.keys(besideIt).length === 0 && !following) return params;
  return {
    ...params,
    ...besideIt,
    ...(isMessageChanged && { message: { ...(params.message as object), ...inMessage } }),
    ...(following && { [FOLLOWING]: following }),
  };
}

/** The attachments of an activity, as the call will have them. */
export function toParams(activity: MessageActivity): GraphParams {
  const { attachment } = (activity.channelData ?? {}) as { attachment?: unknown };
  return withDroppedFields({ message: { attachment } }, activity);
}

function followingOf({ type, attachments }: MessageActivity): unknown[] | undefined {
  if (type !== 'message' || !Array.isArray(attachments)) return undefined;
  const following = (attachments as unknown[]).filter(isSendable).map(toMessenger);
  return following.length > 0 ? following : undefined;
}

function isSendable(attachment: unknown): boolean {
  return isMedia(attachment) || isMessengerAttachment(attachment);
}

function toMessenger(attachment: unknown): unknown {
  if (!isMedia(attachment)) return attachment;
  const { contentType, contentUrl, name } = attachment;
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

/** Already as the Messenger Platform has it, although it stands where the Bot Framework has its own. */
function isMessengerAttachment(attachment: unknown): boolean {
  return isRecord(attachment) && typeof attachment.type === 'string' && isRecord(attachment.payload);
}
