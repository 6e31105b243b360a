import { z } from 'zod';
import { emptyMessage, invalidParameter, onlyOneContent } from './errors';
import { checked } from './params';
import { filled, flag, id, template } from './template-schema';

/**
 * What `POST /<page>/messages` takes. Each rule names its source; a page name alone stands below
 * https://developers.facebook.com/docs/messenger-platform/.
 */

const LIMITS = {
  /** reference/send-api: "Message text. Previews will not be shown … Must be UTF-8 and has a 2000 character limit" */
  text: 2000,
  /** send-messages/quick-replies: "A maximum of 13 quick replies are supported" */
  quickReplies: 13,
  /** The images of one message; Meta's Postman collection shows them by URL. */
  images: 30,
} as const;

/** What can be relaxed. */
export interface Rules {
  /** Whether `message.attachments` takes an `attachment_id`, which is documented for Instagram only. */
  idsInAttachments: 'refused' | 'accepted';
}

/** reference/attachment-upload-api and send-messages#sending_attachments */
const attachment = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.enum(['image', 'audio', 'video', 'file']),
    // attachment-upload-api prints an upload from a file without payload.
    payload: z
      .strictObject({
        url: z.unknown().optional(),
        attachment_id: id.optional(),
        is_reusable: flag.optional(),
      })
      .default({}),
  }),
  z.strictObject({ type: z.literal('template'), payload: template }),
]);

/**
 * reference/buttons/quick-replies. Without `content_type` it is refused (howdyai/botkit#1279), with unknown keys as
 * well (jgorset/facebook-messenger#107).
 */
const quickReply = z.discriminatedUnion('content_type', [
  z.strictObject({
    content_type: z.literal('text'),
    title: filled,
    payload: z.union([filled, z.number()]),
    image_url: z.string().optional(),
  }),
  z.strictObject({
    content_type: z.enum(['user_phone_number', 'user_email']),
    title: z.string().optional(),
    payload: z.string().optional(),
    image_url: z.string().optional(),
  }),
]);

/** send-messages/utility-messages: a template that Meta has approved; here, any name is. */
const utilityTemplate = z.strictObject({
  name: filled,
  language: z.strictObject({ code: filled }),
  components: z.array(z.record(z.string(), z.unknown())).optional(),
});

/** Unknown keys are refused: jgorset/facebook-messenger#107, which names `reply_to`, too. */
const messageOf = <T extends z.ZodType>(imagePayload: T) =>
  z.strictObject({
    text: z.string().max(LIMITS.text).nullish(),
    /** Named by 2018191; its shape is that of the Broadcast API, as public bots send it. */
    dynamic_text: z
      .strictObject({ text: filled.max(LIMITS.text), fallback_text: filled.max(LIMITS.text) })
      .nullish(),
    attachment: attachment.nullish(),
    attachments: z
      .array(z.strictObject({ type: z.literal('image'), payload: imagePayload }))
      .min(1)
      .max(LIMITS.images)
      .nullish(),
    quick_replies: z.array(quickReply).max(LIMITS.quickReplies).nullish(),
    metadata: z.unknown().optional(),
    /** send-messages/sticker-api: changelog of 1 June 2026 */
    sticker_id: id.nullish(),
    template: utilityTemplate.nullish(),
  });

const byUrl = z.strictObject({ url: filled });
const messages = {
  refused: messageOf(byUrl),
  accepted: messageOf(z.union([byUrl, z.strictObject({ attachment_id: id })])),
};

export type Message = z.output<typeof messages.accepted>;

/** Throws a `GraphError` for the first thing in `message` that the platform does not take. */
export function checkMessage(message: unknown, { idsInAttachments }: Rules): Message {
  return checked<z.ZodType<Message>>(messages[idsInAttachments], message, 'message');
}

/** A message has a text or something else, and not both. An empty text is no text. */
export function checkContent(message: Message): void {
  const { text, dynamic_text: dynamicText, attachment, attachments, template, sticker_id: sticker } = message;
  const others = [attachment, attachments, template].filter((one) => !isAbsent(one)).length;
  if (dynamicText) {
    if (others > 0 || !isAbsent(text)) throw onlyOneContent();
    return;
  }
  if (others === 0 && !text && (text === '' || isAbsent(sticker))) throw emptyMessage();
  // Not documented for a sticker beside one of them; a person would see one of the two.
  if (others > 1 || (others === 1 && !isAbsent(sticker))) {
    throw invalidParameter(
      'Param message must have only one of attachment, attachments, sticker_id and template',
    );
  }
  if (others === 0 || isAbsent(text)) return;
  // Some clients send an empty text with everything. Here it shows, rather than on the platform.
  if (text === '') throw invalidParameter('Param message[text] must be a non-empty string, or be left out');
  throw onlyOneContent();
}

export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Tags that can be used. The others ended on 27 April 2026: changelog of 27 March 2026. */
const TAGS = ['HUMAN_AGENT'];
/** reference/send-api#messaging_types, send-messages/utility-messages */
const MESSAGING_TYPES = ['RESPONSE', 'UPDATE', 'MESSAGE_TAG', 'UTILITY'];

/** Throws a `GraphError` for a messaging type or tag that does not exist, and for a tag that is missing. */
export function checkMessagingType({ messaging_type: type, tag }: Record<string, unknown>): void {
  if (type !== undefined && type !== null && !MESSAGING_TYPES.some((known) => known === type)) {
    throw invalidParameter(`Param messaging_type must be one of {${MESSAGING_TYPES.join(', ')}}`);
  }
  if (tag === undefined || tag === null) {
    if (type === 'MESSAGE_TAG') throw invalidParameter('The parameter tag is required');
    return;
  }
  if (!TAGS.some((known) => known === tag)) {
    throw invalidParameter(`Param tag must be one of {${TAGS.join(', ')}}`);
  }
}

/** send-messages#send-a-reply-to-a-message: beside `message`, not in it. */
const replyTo = z.strictObject({ mid: filled }).nullish();

/** The message that is answered. */
export function checkReplyTo(value: unknown): string | undefined {
  return checked(replyTo, value, 'reply_to')?.mid;
}

const reactions = {
  react: z.strictObject({ message_id: filled, reaction: filled }),
  unreact: z.strictObject({ message_id: filled, reaction: z.string().optional() }),
};

export interface Reaction {
  message_id: string;
  /** Not there if a reaction is taken back. */
  reaction?: string | undefined;
}

/** send-messages/sender-actions: what stands in `payload` beside `react` and `unreact`. */
export function checkReaction(action: 'react' | 'unreact', payload: unknown): Reaction {
  const { message_id, reaction } = checked<z.ZodType<Reaction>>(reactions[action], payload, 'payload');
  return { message_id, reaction: action === 'react' ? reaction : undefined };
}
