/**
 * A button under a message that the person may tap instead of writing. Without `content_type` it is one of text.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/quick-replies
 */
export type QuickReply =
  | {
      /** `text`. A string, because a list that has a name of its own has no narrower type. */
      readonly content_type?: string | undefined;
      /** At most 20 characters are shown. */
      readonly title: string;
      /** What the bot is told when it is tapped. */
      readonly payload: string | number;
      readonly image_url?: string | undefined;
    }
  | {
      /** Facebook shows the person's own, so there is nothing to write. */
      readonly content_type: 'user_phone_number' | 'user_email';
      readonly title?: string | undefined;
      readonly payload?: string | undefined;
      readonly image_url?: string | undefined;
    };

/**
 * A button of a template.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/buttons
 */
export type TemplateButton =
  | {
      readonly type: 'web_url';
      readonly title: string;
      readonly url: string;
      readonly webview_height_ratio?: 'compact' | 'tall' | 'full' | undefined;
      readonly messenger_extensions?: boolean | undefined;
      readonly fallback_url?: string | undefined;
      readonly webview_share_button?: 'hide' | undefined;
    }
  | { readonly type: 'postback'; readonly title: string; readonly payload: string }
  | { readonly type: 'phone_number'; readonly title: string; readonly payload: string }
  | {
      readonly type: 'game_play';
      readonly title: string;
      readonly payload?: string;
      readonly game_metadata?: object;
    }
  | { readonly type: 'account_link'; readonly url: string }
  | { readonly type: 'account_unlink' };

/**
 * What may stand beside the attachment of a message. What the Send API wants beside the message (`messaging_type`,
 * `tag` …) is put there.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export interface MessageFields {
  /** Beside an attachment, it is sent as a message of its own before it. */
  readonly text?: string | undefined;
  /** 13 at most. */
  readonly quick_replies?: readonly QuickReply[] | undefined;
  /** Default: `MESSAGE_TAG` if there is a `tag`, else `RESPONSE`. Botkit's adapter always has `RESPONSE`. */
  readonly messaging_type?: 'RESPONSE' | 'UPDATE' | 'MESSAGE_TAG' | undefined;
  /** For a message more than 24 hours after the person's last one. Facebook has ended all others. */
  readonly tag?: 'HUMAN_AGENT' | undefined;
  readonly notification_type?: 'REGULAR' | 'SILENT_PUSH' | 'NO_PUSH' | undefined;
  readonly persona_id?: string | undefined;
  /** Text that comes back in the echo of the message. */
  readonly metadata?: string | undefined;
  /** The message that this one answers to. */
  readonly reply_to?: { readonly mid: string } | undefined;
}

/** The names of the fields of `MessageFields`, to refuse others. */
export const MESSAGE_FIELDS = [
  'text',
  'quick_replies',
  'messaging_type',
  'tag',
  'notification_type',
  'persona_id',
  'metadata',
  'reply_to',
] as const satisfies readonly (keyof MessageFields)[];
