import { AttachmentError } from '../base/errors';
import { isGiven, isRecord, pick, without } from '../base/records';
import { isAttachmentType } from '../source/asset';
import { findMeantType } from './attachment-slots';
import { labelOfPart } from './label';
import type { GraphParams } from '../graph/request';

/**
 * Where a call carries attachments that follow its message, each in a message of its own. A symbol, because it is for us and not for the platform.
 */
export const FOLLOWING = Symbol('attachments that follow');

/** A call of the Send API as the messages that the platform takes. */
export interface SplitMessage {
  /** One call for each message, in order, without quick replies. */
  readonly parts: readonly GraphParams[];
  /** Belong under the last message: Messenger hides them as soon as another message follows. */
  readonly quickReplies: unknown;
}

type Fields = Readonly<Record<string, unknown>>;

const CONTENT_FIELDS = ['text', 'sticker_id', 'attachment', 'attachments'];
const LAST_FIELDS = ['quick_replies'];
const FIRST_FIELDS = ['reply_to'];

/**
 * What a call addresses that permits one message only: a private reply to a comment or a post, a token for one message.
 */
const ONE_MESSAGE_RECIPIENTS = [
  'comment_id',
  'post_id',
  'one_time_notif_token',
  'notification_messages_token',
];

/**
 * The platform refuses a text beside an attachment (100/2018191), and takes nothing but web addresses where several
 * images stand in one message. Such a message becomes several: the text first, then the attachments in their order.
 * Messaging type, tag, persona and notification type stand in each, what it replies to in the first.
 *
 * @returns Undefined: the call can go as it is.
 * @throws {AttachmentError} `ERR_ATTACHMENT_ONE_MESSAGE`: its recipient permits one message only.
 * @see https://developers.facebook.com/docs/messenger-platform/error-codes
 */
export function splitMessage(params: unknown): SplitMessage | undefined {
  if (!isRecord(params)) return undefined;
  const following = followingOf(params);
  const message = isRecord(params.message) ? params.message : {};
  const contents = contentsOf(message, following);
  if (!following && (contents.length === 0 || isAsGiven(message, contents))) return undefined;
  const shared = without(message, [...CONTENT_FIELDS, ...LAST_FIELDS]);
  const rest = without(params, ['sender_action']);
  const parts = contents.map((content, at) => ({
    ...(at === 0 ? rest : without(rest, FIRST_FIELDS)),
    message: { ...shared, ...content },
  }));
  const all = isGiven(params.sender_action) ? [without(params, ['message']), ...parts] : parts;
  if (all.length > 1) checkMayBeSplit(params, parts);
  return { parts: all, quickReplies: message.quick_replies };
}

/** A call as the last one of its message: with the quick replies. */
export function withQuickReplies(params: GraphParams, quickReplies: unknown): GraphParams {
  if (!isGiven(quickReplies)) return params;
  return { ...params, message: { ...(params.message as object), quick_replies: quickReplies } };
}

/** Is the call a text or a sticker, which the attachments after it belong to? */
export function isBeforeAttachments(params: GraphParams): boolean {
  return isGiven(params.message) && !hasAttachment(params);
}

/** Does the call carry an attachment? */
export function hasAttachment(params: GraphParams): boolean {
  const { message } = params;
  if (followingOf(params)) return true;
  return isRecord(message) && (isGiven(message.attachment) || isGiven(message.attachments));
}

function followingOf(params: Readonly<Record<PropertyKey, unknown>>): readonly unknown[] | undefined {
  return params[FOLLOWING] as readonly unknown[] | undefined;
}

/** What the messages hold, one by one. */
function contentsOf(message: Fields, following: readonly unknown[] = []): Record<string, unknown>[] {
  const { text, attachment, attachments } = message;
  // The adapter always sets `text`.
  const hasText = isGiven(text) && text !== '';
  const first = pick(message, [
    ...(hasText ? ['text'] : []),
    ...(isGiven(message.sticker_id) ? ['sticker_id'] : []),
  ]);
  return [
    ...(Object.keys(first).length > 0 ? [first] : []),
    ...(isGiven(attachment) ? [{ attachment }] : []),
    ...inMessages(attachments),
    ...following.map((one) => ({ attachment: one })),
  ];
}

/** Images by their web addresses stay together. What the platform cannot take there gets a message of its own. */
function inMessages(attachments: unknown): Record<string, unknown>[] {
  if (!isGiven(attachments)) return [];
  if (!Array.isArray(attachments) || !attachments.some(hasContent)) return [{ attachments }];
  const messages: Record<string, unknown>[] = [];
  let together: unknown[] | undefined;
  for (const attachment of attachments as unknown[]) {
    if (hasContent(attachment)) {
      messages.push({ attachment });
      together = undefined;
    } else if (together) {
      together.push(attachment);
    } else {
      together = [attachment];
      messages.push({ attachments: together });
    }
  }
  return messages;
}

/** Is its content here, in a file or in bytes? Or is its type misspelt, so that only the others can be sent? */
function hasContent(attachment: unknown): boolean {
  if (!isRecord(attachment) || !isRecord(attachment.payload)) return false;
  const { type } = attachment;
  if (!isAttachmentType(type)) {
    return typeof type === 'string' && findMeantType(type, attachment.payload) !== undefined;
  }
  const { attachment_id: id, url, filedata } = attachment.payload;
  if (isGiven(id)) return false;
  const address = url instanceof URL ? url.href : url;
  return isGiven(filedata) || (typeof address === 'string' && !/^\s*https?:/i.test(address));
}

function isAsGiven(message: Fields, contents: Record<string, unknown>[]): boolean {
  const [only = {}, ...more] = contents;
  const isSame = Object.entries(only).every(([name, value]) => message[name] === value);
  // An empty text beside an attachment would be refused.
  return more.length === 0 && isSame && message.text !== '';
}

function checkMayBeSplit(params: Fields, parts: readonly GraphParams[]): void {
  const recipient = isRecord(params.recipient) ? params.recipient : {};
  const kind = ONE_MESSAGE_RECIPIENTS.find((name) => isGiven(recipient[name]));
  if (kind === undefined) return;
  throw new AttachmentError(
    'ERR_ATTACHMENT_ONE_MESSAGE',
    parts.map(labelOfPart).join(' and '),
    `it needs ${parts.length} messages, but a recipient with \`${kind}\` allows only one; nothing was sent. Send one part alone, or use a template that contains both`,
  );
}
