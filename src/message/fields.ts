/**
 * A button under a message that the person can tap instead of writing. The default `content_type` is `text`.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/quick-replies
 */
export type QuickReply =
  | {
      /** `text`. The type is string, because TypeScript infers string for a list in a variable. */
      readonly content_type?: string | undefined;
      /** At most 20 characters are shown. */
      readonly title: string;
      /** What the bot receives when it is tapped. */
      readonly payload: string | number;
      readonly image_url?: string | undefined;
    }
  | {
      /** Facebook shows the person's own number or address, so a title is not needed. */
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
 * Fields of a message besides its attachment. Fields that the Send API expects beside the message (`messaging_type`,
 * `tag` …) are moved there.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export interface MessageFields {
  /** If the message has an attachment, the text is sent as a message of its own before it. */
  readonly text?: string | undefined;
  /** At most 13. */
  readonly quick_replies?: readonly QuickReply[] | undefined;
  /**
   * Default: `MESSAGE_TAG` if there is a `tag`, otherwise `RESPONSE`. With Botkit's adapter the default is `RESPONSE`
   * even if there is a `tag`: set both.
   */
  readonly messaging_type?: 'RESPONSE' | 'UPDATE' | 'MESSAGE_TAG' | 'UTILITY' | undefined;
  /** For a message more than 24 hours after the person's last one. Facebook has discontinued all other tags. */
  readonly tag?: 'HUMAN_AGENT' | undefined;
  readonly notification_type?: 'REGULAR' | 'SILENT_PUSH' | 'NO_PUSH' | undefined;
  readonly persona_id?: string | undefined;
  /** A string that the echo of the message contains. */
  readonly metadata?: string | undefined;
  /** The message that this one replies to. Of a text beside an attachment, the text is the reply. */
  readonly reply_to?: { readonly mid: string } | undefined;
}

/** The field names of `MessageFields`. All others are refused. */
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
