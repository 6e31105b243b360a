import { isObject } from '../base/check';
import { APP_ID, type Referral, type ThreadAttachment, type ThreadMessage } from './model';

/**
 * What the platform tells a bot's webhook, in the documented shapes. The pages named here stand below
 * https://developers.facebook.com/documentation/business-messaging/messenger-platform/webhooks/webhook-events/
 */

/** The fields that a page can subscribe to. */
export const WEBHOOK_FIELDS = [
  'messages',
  'messaging_postbacks',
  'message_reactions',
  'message_reads',
  'message_deliveries',
  'message_echoes',
  'messaging_referrals',
  'messaging_optins',
  'messaging_account_linking',
  'messaging_handovers',
  'standby',
] as const;

export type WebhookField = (typeof WEBHOOK_FIELDS)[number];

/** One event of the list `messaging`. */
export interface WebhookEvent {
  field: WebhookField;
  /** What stands beside `sender`, `recipient` and `timestamp`. */
  content: Record<string, unknown>;
}

/** messages: a text, perhaps that of a quick reply; attachments, a place, a sticker; the message that it replies to. */
export function messageEvent(message: ThreadMessage, origin: string): WebhookEvent {
  const { mid, text, payload, reply_to: replyTo } = message;
  const attachments = attachmentsOf(message, origin);
  return {
    field: 'messages',
    content: {
      message: {
        mid,
        ...(text !== undefined && { text }),
        ...(payload !== undefined && { quick_reply: { payload } }),
        ...(replyTo !== undefined && { reply_to: { mid: replyTo, is_self_reply: false } }),
        ...(attachments.length > 0 && { attachments }),
      },
    },
  };
}

/** messaging_postbacks: a button, Get started, the persistent menu or an ice breaker was tapped. */
export function postbackEvent({ mid, text, payload = text, referral }: ThreadMessage): WebhookEvent {
  const postback = { mid, title: text, payload, ...(referral && { referral: referralContent(referral) }) };
  return { field: 'messaging_postbacks', content: { postback } };
}

/** messaging_referrals: a person who has a thread with the page comes by a link or by an ad. */
export function referralEvent(referral: Referral): WebhookEvent {
  return { field: 'messaging_referrals', content: { referral: referralContent(referral) } };
}

/** message_reactions */
export function reactionEvent(mid: string, emoji: string, action: 'react' | 'unreact'): WebhookEvent {
  const reaction = { reaction: REACTIONS.get(emoji) ?? 'other', emoji, action, mid };
  return { field: 'message_reactions', content: { reaction } };
}

/** message_reads: everything that was sent up to now was read. */
export function readEvent(watermark: number): WebhookEvent {
  return { field: 'message_reads', content: { read: { watermark } } };
}

/** message_deliveries */
export function deliveryEvent({ mid, at }: ThreadMessage): WebhookEvent {
  return { field: 'message_deliveries', content: { delivery: { mids: [mid], watermark: at } } };
}

/** message_echoes. `sender` is the page then, and `recipient` the person. */
export function echoEvent(message: ThreadMessage, origin: string): WebhookEvent {
  const { mid, text, template, metadata } = message;
  const attachments =
    template === undefined ? attachmentsOf(message, origin) : [{ type: 'template', payload: template }];
  const echo = {
    is_echo: true,
    app_id: Number(APP_ID),
    ...(metadata !== undefined && { metadata }),
    mid,
    ...(text !== undefined && { text }),
    ...(attachments.length > 0 && { attachments }),
  };
  return { field: 'message_echoes', content: { message: echo } };
}

/** messaging_optins: the person tapped "Send to Messenger", whose `data-ref` is `ref`. */
export function optinEvent(ref: string): WebhookEvent {
  return { field: 'messaging_optins', content: { optin: { ref } } };
}

/** messaging_account_linking. Without a code the account was unlinked. */
export function accountLinkingEvent(authorizationCode: string | undefined): WebhookEvent {
  const linking =
    authorizationCode === undefined
      ? { status: 'unlinked' }
      : { status: 'linked', authorization_code: authorizationCode };
  return { field: 'messaging_account_linking', content: { account_linking: linking } };
}

/**
 * The pages on Messenger have no event for a message that was unsent. This is what they have for Instagram
 * (instagram-platform/webhooks): apps that take both are told in the same way.
 */
export function unsendEvent(mid: string): WebhookEvent {
  return { field: 'messages', content: { message: { mid, is_deleted: true } } };
}

/** messaging_handovers#pass_thread_control: another app passes the thread to the bot's. */
export function passThreadEvent(previous: string | undefined, metadata: string | undefined): WebhookEvent {
  const passed = {
    previous_owner_app_id: previous ?? null,
    new_owner_app_id: APP_ID,
    ...(metadata !== undefined && { metadata }),
  };
  return { field: 'messaging_handovers', content: { pass_thread_control: passed } };
}

/** standby: what comes in this channel while another app has the thread. Postbacks come without their payload. */
export function standbyEvent(event: WebhookEvent): WebhookEvent | undefined {
  if (!STANDBY_FIELDS.includes(event.field)) return undefined;
  const { postback, ...content } = event.content;
  if (!isObject(postback)) return { field: 'standby', content };
  const { mid, title } = postback;
  return { field: 'standby', content: { ...content, postback: { mid, title } } };
}

const STANDBY_FIELDS: readonly WebhookField[] = [
  'messages',
  'messaging_postbacks',
  'message_reads',
  'message_deliveries',
  'message_echoes',
];

/** message_reactions#properties: what the platform calls them. */
const REACTIONS = new Map([
  ['😆', 'smile'],
  ['😠', 'angry'],
  ['😡', 'angry'],
  ['😢', 'sad'],
  ['😮', 'wow'],
  ['❤', 'love'],
  ['❤️', 'love'],
  ['😍', 'love'],
  ['👍', 'like'],
  ['👎', 'dislike'],
]);

function referralContent({ ref, adId }: Referral): Record<string, unknown> {
  const from = adId === undefined ? { source: 'SHORTLINK' } : { source: 'ADS', ad_id: adId };
  return { ref, ...from, type: 'OPEN_THREAD' };
}

function attachmentsOf(
  { attachments, location, sticker_id: sticker }: ThreadMessage,
  origin: string,
): Record<string, unknown>[] {
  return [
    ...attachments.map((attachment) => ({
      type: attachment.type,
      payload: { url: origin + linkTo(attachment) },
    })),
    ...(location ? [locationAttachment(location)] : []),
    ...(isSticker(sticker) ? [stickerAttachment(sticker, origin)] : []),
  ];
}

function isSticker(sticker: unknown): sticker is string | number {
  return typeof sticker === 'string' || typeof sticker === 'number';
}

/** Ends in the file's name, by which bots tell what they were sent. */
function linkTo({ url, name }: ThreadAttachment): string {
  const [path, query] = url.split('?');
  return `${path}/${encodeURIComponent(name)}?${query}`;
}

/** The page of 2019 had `location`; today's leaves it out, and apps still know it. */
function locationAttachment({ title, ...coordinates }: NonNullable<ThreadMessage['location']>) {
  return { ...(title !== undefined && { title }), type: 'location', payload: { coordinates } };
}

/** messages: since 30 August 2026 a sticker is no image any more (changelog of 1 June 2026). */
function stickerAttachment(sticker: string | number, origin: string) {
  return {
    type: 'sticker',
    payload: { url: `${origin}/_sim/stickers/${sticker}`, sticker_id: Number(sticker) },
  };
}
