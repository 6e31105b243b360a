import { z } from 'zod';

/** Buttons and templates. Sources as in send-schema.ts. */

const LIMITS = {
  /** reference/templates/generic: "supports a maximum of 10 elements per message" */
  genericElements: 10,
  /** reference/templates/generic, button and media: "A maximum of 3 buttons per element is supported" */
  buttons: 3,
  /** reference/templates/button: "UTF-8-encoded text of up to 640 characters" */
  buttonText: 640,
  /** reference/templates/receipt: "Array of a maximum of 100 element objects" */
  receiptElements: 100,
  /** send-messages/template/image-grid: "Minimum of 2, maximum of 6" */
  gridImages: 6,
} as const;

export const filled = z.string().min(1);
export const id = z.union([filled, z.number()]);
/** The fields of a form may say it in a string. */
export const flag = z.union([z.boolean(), z.enum(['true', 'false'])]);

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
  // calling: changelog of 11 February 2026, which does not list its fields
  z.looseObject({ type: z.literal('audio_call') }),
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

const gridImage = z.strictObject({
  url: filled,
  is_hero_image: flag.optional(),
  action: z
    .discriminatedUnion('type', [
      z.looseObject({ type: z.literal('web_url'), url: filled, payload: z.undefined().optional() }),
      z.looseObject({ type: z.literal('postback'), payload: filled, url: z.undefined().optional() }),
    ])
    .optional(),
});

function isFlagSet(value: unknown): boolean {
  return value === true || value === 'true';
}

export const template = z.discriminatedUnion('template_type', [
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
  /** send-messages/template/image-grid, of 30 June 2026 */
  z.strictObject({
    template_type: z.literal('image_grid'),
    elements: z
      .array(
        z.strictObject({
          images: z
            .array(gridImage)
            .min(2)
            .max(LIMITS.gridImages)
            .refine((images) => images.filter((image) => isFlagSet(image.is_hero_image)).length <= 1, {
              message: 'must have at most one image with is_hero_image',
            }),
          title: z.string().optional(),
          subtitle: z.string().optional(),
          buttons: buttons
            .refine((all) => all.every(({ type }) => type === 'web_url' || type === 'postback'), {
              message: 'must have buttons of type web_url and postback only',
            })
            .optional(),
        }),
      )
      .length(1),
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
