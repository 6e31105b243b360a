import { z } from 'zod';
import { invalidKeys, invalidParameter, type GraphError } from './errors';

/**
 * What `POST /<page>/messages` takes in `message`. Each rule names its source; a page name alone stands below
 * https://developers.facebook.com/docs/messenger-platform/.
 */

const LIMITS = {
  /** reference/send-api: "Message text. Previews will not be shown … Must be UTF-8 and has a 2000 character limit" */
  text: 2000,
  /** send-messages/quick-replies: "A maximum of 13 quick replies are supported" */
  quickReplies: 13,
  /** reference/templates/generic: "supports a maximum of 10 elements per message" */
  genericElements: 10,
  /** reference/templates/generic, button and media: "A maximum of 3 buttons per element is supported" */
  buttons: 3,
  /** reference/templates/button: "UTF-8-encoded text of up to 640 characters" */
  buttonText: 640,
  /** reference/templates/receipt: "Array of a maximum of 100 element objects" */
  receiptElements: 100,
  /** The images of one message; Meta's Postman collection shows them by URL. */
  images: 30,
} as const;

const filled = z.string().min(1);
const id = z.union([filled, z.number()]);
/** The fields of a form may say it in a string. */
const flag = z.union([z.boolean(), z.enum(['true', 'false'])]);

/** reference/buttons. What a button lacks or has too much is refused. */
const button = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('web_url'),
    title: filled,
    url: filled,
    webview_height_ratio: z.enum(['compact', 'tall', 'full']).optional(),
    messenger_extensions: flag.optional(),
    fallback_url: filled.optional(),
    webview_share_button: filled.optional(),
  }),
  z.strictObject({ type: z.literal('postback'), title: filled, payload: filled }),
  z.strictObject({ type: z.literal('phone_number'), title: filled, payload: filled }),
  z.strictObject({
    type: z.literal('game_play'),
    title: filled,
    payload: filled.optional(),
    game_metadata: z.unknown().optional(),
  }),
  z.strictObject({ type: z.literal('account_link'), url: filled }),
  z.strictObject({ type: z.literal('account_unlink') }),
]);

const buttons = z.array(button).max(LIMITS.buttons);

/** reference/templates/generic: a title, and at least one more. */
const genericElement = z
  .strictObject({
    title: filled,
    subtitle: z.string().optional(),
    image_url: filled.optional(),
    default_action: z.record(z.string(), z.unknown()).optional(),
    buttons: buttons.optional(),
  })
  .refine((element) => Object.values(element).filter((value) => value !== undefined).length > 1, {
    message: 'must have a title and at least one of subtitle, image_url, default_action and buttons',
  });

const template = z.discriminatedUnion('template_type', [
  z.strictObject({
    template_type: z.literal('generic'),
    elements: z.array(genericElement).min(1).max(LIMITS.genericElements),
    image_aspect_ratio: z.enum(['horizontal', 'square']).optional(),
    sharable: flag.optional(),
  }),
  z.strictObject({
    template_type: z.literal('button'),
    text: filled.max(LIMITS.buttonText),
    buttons: buttons.min(1),
    sharable: flag.optional(),
  }),
  /** reference/templates/media: exactly one element, an image or a video. */
  z.strictObject({
    template_type: z.literal('media'),
    elements: z
      .array(
        z.strictObject({
          media_type: z.unknown().optional(),
          attachment_id: id.optional(),
          url: z.unknown().optional(),
          buttons: buttons.optional(),
        }),
      )
      .length(1),
    sharable: flag.optional(),
  }),
  z.looseObject({
    template_type: z.literal('receipt'),
    recipient_name: filled,
    order_number: filled,
    currency: filled,
    payment_method: filled,
    summary: z.record(z.string(), z.unknown()),
    elements: z.array(z.record(z.string(), z.unknown())).max(LIMITS.receiptElements).optional(),
  }),
  // Their fields are not checked here.
  z.looseObject({
    template_type: z.enum([
      'coupon',
      'customer_feedback',
      'notification_messages',
      'one_time_notif_req',
      'product',
    ]),
  }),
]);

/** reference/attachment-upload-api and send-messages#sending_attachments */
const mediaAttachment = z.strictObject({
  type: z.enum(['image', 'audio', 'video', 'file']),
  payload: z.strictObject({
    url: z.unknown().optional(),
    attachment_id: id.optional(),
    is_reusable: flag.optional(),
  }),
});

const attachment = z.discriminatedUnion('type', [
  mediaAttachment,
  z.strictObject({ type: z.literal('template'), payload: template }),
]);

/**
 * reference/buttons/quick-replies. Without `content_type` it is refused (howdyai/botkit#1279), with unknown keys as well
 * (jgorset/facebook-messenger#107).
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

const message = z.strictObject({
  text: z.string().max(LIMITS.text).nullish(),
  attachment: attachment.nullish(),
  /** Several images by URL: Meta's Postman collection. */
  attachments: z
    .array(z.strictObject({ type: z.literal('image'), payload: z.strictObject({ url: filled }) }))
    .min(1)
    .max(LIMITS.images)
    .nullish(),
  quick_replies: z.array(quickReply).max(LIMITS.quickReplies).nullish(),
  metadata: z.unknown().optional(),
  /** Sticker API: changelog of 1 June 2026 */
  sticker_id: id.nullish(),
});

/** Throws a `GraphError` for the first thing in `message` that the platform does not take. */
export function checkMessage(value: unknown): void {
  const { error } = message.safeParse(value, { reportInput: true });
  if (error) throw graphErrorOf(error.issues[0], 'message');
}

/** Tags that can be used. The others ended on 27 April 2026: Meta's changelog of 27 March 2026. */
const TAGS = ['HUMAN_AGENT'];
/** reference/send-api#messaging_types */
const MESSAGING_TYPES = ['RESPONSE', 'UPDATE', 'MESSAGE_TAG'];

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

const WORDS = new Map<string, string>([
  ['object', 'a JSON object'],
  ['array', 'a list'],
  ['string', 'a string'],
]);

function graphErrorOf(issue: z.core.$ZodIssue | undefined, root: string): GraphError {
  if (!issue) return invalidParameter(`Param ${root} is invalid`);
  const name = root + issue.path.map((key) => `[${String(key)}]`).join('');
  if (issue.code === 'unrecognized_keys') return invalidKeys(issue.keys, name);
  if (issue.code === 'invalid_union' && issue.discriminator !== undefined) {
    return invalidParameter(`Param ${name} must be one of those that the platform has`);
  }
  if (issue.input === undefined) return invalidParameter(`The parameter ${name} is required`);
  if (issue.code === 'too_big' && issue.origin === 'string') {
    return invalidParameter(`Length of param ${name} must be less than or equal to ${issue.maximum}`);
  }
  if (issue.code === 'too_big' || issue.code === 'too_small') {
    const [limit, word] = issue.code === 'too_big' ? [issue.maximum, 'at most'] : [issue.minimum, 'at least'];
    return invalidParameter(
      issue.origin === 'string'
        ? `Param ${name} must be a non-empty string`
        : `Param ${name} must have ${issue.exact ? 'exactly' : word} ${limit} element${limit === 1 ? '' : 's'}`,
    );
  }
  if (issue.code === 'invalid_type') {
    const expected = WORDS.get(issue.expected) ?? issue.expected;
    return invalidParameter(`Param ${name} must be ${expected}`);
  }
  if (issue.code === 'invalid_value') {
    return invalidParameter(
      `Param ${name} must be one of {${issue.values.map((one) => String(one).toUpperCase()).join(', ')}}`,
    );
  }
  return invalidParameter(`Param ${name} ${issue.code === 'custom' ? issue.message : 'is invalid'}`);
}
