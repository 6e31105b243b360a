import { typeOfName } from '../base/mime-types';
import { checkArgument, checkNames } from '../base/check-options';
import { isRecord } from '../base/records';
import { findSimilarName } from '../base/similar-name';
import { MESSAGE_FIELDS, type MessageFields, type TemplateButton } from './fields';
import type { AttachmentType } from '../source/asset';
import { isFiledata, type Filedata } from '../source/filedata';

/** The source of an attachment: a web address, a path inside `root`, a `file:` URL, a `data:` URI, or bytes. */
export type AttachmentSource = string | URL | Filedata;

/** How an attachment is sent. */
export interface PayloadOptions {
  /** The name that the recipient sees. Default: the file's name; for bytes, the type with a matching extension. */
  readonly filename?: string | undefined;
  /**
   * False: the content is sent in one step and not saved. Use it for content that is sent only once.
   *
   * Default: true.
   */
  readonly is_reusable?: boolean | undefined;
}

/** The content of an attachment: `url`, `filedata`, or an `attachment_id` of your own. */
export type AttachmentPayload =
  | (PayloadOptions & {
      /** A web address, a path inside `root`, a `file:` URL inside `root`, or a `data:` URI. */
      readonly url: string | URL;
      readonly filedata?: undefined;
      readonly attachment_id?: undefined;
    })
  | (PayloadOptions & {
      /** The content itself: at most 25 MB. */
      readonly filedata: Filedata;
      readonly url?: undefined;
      readonly attachment_id?: undefined;
    })
  | (PayloadOptions & {
      /** An ID that you already have. It is sent unchanged. */
      readonly attachment_id: string;
      readonly url?: undefined;
      readonly filedata?: undefined;
    });

/**
 * A Messenger attachment, as in `message.attachment` of the Send API.
 *
 * @example
 * await bot.say({ attachment: { type: 'file', payload: { filedata: pdf, filename: 'Ticket.pdf' } } });
 */
export interface Attachment {
  readonly type: AttachmentType;
  readonly payload: AttachmentPayload;
}

/**
 * A template, as in `message.attachment` of the Send API. Pictures in a media template can be paths or bytes; see
 * `media`.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/templates
 */
export interface TemplateAttachment {
  readonly type: 'template';
  readonly payload: { readonly template_type: string; readonly [field: string]: unknown };
}

/** A message for `bot.say` and `bot.reply`. */
export type AttachmentMessage<Fields extends object = object> = Fields & { readonly attachment: Attachment };

/** A message with a template, for `bot.say` and `bot.reply`. */
export type TemplateMessage<Fields extends object = object> = Fields & {
  readonly attachment: TemplateAttachment;
};

/** How the attachment is sent. All other fields become fields of the message: `quick_replies`, `tag` … */
export interface BuildOptions extends PayloadOptions {
  /** A shorter name of `is_reusable`. If both are given, this one counts. */
  readonly reusable?: boolean | undefined;
}

/** Options of a media template. */
export interface MediaOptions extends BuildOptions {
  /** Default: `video` if the name of the file or address has the extension of a video, otherwise `image`. */
  readonly media_type?: 'image' | 'video' | undefined;
  /** At most 3. */
  readonly buttons?: readonly TemplateButton[] | undefined;
  /** Whether the person can share it. Default: Facebook's default, false. */
  readonly sharable?: boolean | undefined;
}

/** Unknown options do not compile. */
type Build = <Given extends BuildOptions & MessageFields = object>(
  source: AttachmentSource,
  options?: Given & {
    readonly [Name in Exclude<keyof Given, keyof BuildOptions | keyof MessageFields>]: never;
  },
) => AttachmentMessage<Omit<Given, keyof BuildOptions>>;

type BuildMedia = <Given extends MediaOptions & MessageFields = object>(
  source: AttachmentSource,
  options?: Given & {
    readonly [Name in Exclude<keyof Given, keyof MediaOptions | keyof MessageFields>]: never;
  },
) => TemplateMessage<Omit<Given, keyof MediaOptions>>;

/**
 * A message with a picture.
 *
 * @function
 * @throws {TypeError} `ERR_OPTION_UNKNOWN`: an option is not known. `ERR_ARGUMENT_INVALID`: the source is not valid, or
 * the options are not an object.
 * @example
 * await bot.reply(message, image('cats/tom.png'));
 * await bot.reply(message, image(await qrCode(text), { filename: 'code.png', reusable: false }));
 */
export const image = builder('image');

/**
 * A message with a sound. Its content type must be `audio/*`.
 *
 * @function
 * @throws {TypeError} `ERR_OPTION_UNKNOWN`: an option is not known. `ERR_ARGUMENT_INVALID`: the source is not valid, or
 * the options are not an object.
 * @example
 * await bot.reply(message, audio('greeting.mp3'));
 */
export const audio = builder('audio');

/**
 * A message with a video.
 *
 * @function
 * @throws {TypeError} `ERR_OPTION_UNKNOWN`: an option is not known. `ERR_ARGUMENT_INVALID`: the source is not valid, or
 * the options are not an object.
 * @example
 * await bot.reply(message, video('https://example.com/tour.mp4'));
 */
export const video = builder('video');

/**
 * A message with a file to download.
 *
 * @function
 * @throws {TypeError} `ERR_OPTION_UNKNOWN`: an option is not known. `ERR_ARGUMENT_INVALID`: the source is not valid, or
 * the options are not an object.
 * @example
 * await bot.reply(message, file('menu.pdf', { filename: "Today's menu.pdf" }));
 */
export const file = builder('file');

/**
 * A message with a media template: a picture or a video with buttons.
 *
 * @function
 * @throws {TypeError} `ERR_OPTION_UNKNOWN`: an option is not known. `ERR_ARGUMENT_INVALID`: the source is not valid, or
 * the options are not an object.
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/template/media
 * @example
 * const buttons = [{ type: 'postback', title: 'More', payload: 'more' } as const];
 * await bot.reply(message, media('cats/tom.png', { buttons }));
 */
export const media = buildMedia as BuildMedia;

function builder(type: AttachmentType): Build {
  const build = (source: AttachmentSource, options: BuildOptions & MessageFields = {}): AttachmentMessage => {
    checkIsSource(type, source);
    checkIsOptions(type, options);
    const { payload, fields } = take(type, source, options);
    return { ...fields, attachment: { type, payload } };
  };
  return build as Build;
}

function buildMedia(source: AttachmentSource, given: MediaOptions & MessageFields = {}): TemplateMessage {
  checkIsSource('media', source);
  checkIsOptions('media', given);
  const { media_type: mediaType, buttons, sharable, ...options } = given;
  const { payload, fields } = take('media', source, options, ['media_type', 'buttons', 'sharable']);
  const element = {
    media_type: mediaType ?? (isVideo(payload) ? 'video' : 'image'),
    ...payload,
    ...(buttons !== undefined && { buttons }),
  };
  return {
    ...fields,
    attachment: {
      type: 'template',
      payload: { template_type: 'media', elements: [element], ...(sharable !== undefined && { sharable }) },
    },
  };
}

/** In JavaScript it can be anything. Whether the file or the address exists is found out when it is sent. */
function checkIsSource(builder: string, source: unknown): void {
  const isSource = typeof source === 'string' ? source !== '' : source instanceof URL || isFiledata(source);
  const expected = `the first argument of \`${builder}\`: a path, a web address, a data: URI, or bytes (a Buffer, a Uint8Array or a Blob)`;
  checkArgument('source', expected, isSource, source);
}

/** JavaScript may pass anything, a caption for example. */
function checkIsOptions(builder: string, options: unknown): void {
  const expected = `the second argument of \`${builder}\`, an object with options and fields of the message such as { text: "This is Tom" }`;
  checkArgument('options', expected, isRecord(options), options);
}

/** Separates the options of the attachment from the fields of the message. */
function take(
  builder: string,
  source: AttachmentSource,
  options: BuildOptions & MessageFields,
  more: readonly string[] = [],
): { payload: AttachmentPayload; fields: MessageFields } {
  const { filename, is_reusable: isReusable, reusable = isReusable, ...fields } = options;
  const known = ['filename', 'is_reusable', 'reusable', ...more, ...MESSAGE_FIELDS];
  checkNames(`option of \`${builder}\``, Object.keys(fields), known, (name) => {
    // A misspelt field is to be corrected, and not to be sent as it is.
    if (findSimilarName(name, known) !== undefined) return '';
    return ` (add other fields to the message itself: { ...${builder}(source), ${name}: … })`;
  });
  const payload = {
    ...contentOf(source),
    ...(filename !== undefined && { filename }),
    ...(reusable === false && { is_reusable: false }),
  };
  return { payload, fields };
}

/** A URL becomes a string, because Botkit's scripts pass through JSON. */
function contentOf(source: AttachmentSource): AttachmentPayload {
  if (source instanceof URL) return { url: source.href };
  return typeof source === 'string' ? { url: source } : { filedata: source };
}

/** By the name, as in `warm`: no address is fetched and no file is opened here. */
function isVideo({ url, filename }: AttachmentPayload): boolean {
  const name = filename ?? (typeof url === 'string' ? (url.split(/[?#]/)[0] ?? '') : '');
  return typeOfName(name)?.startsWith('video/') ?? false;
}
