import type { AttachmentType } from '../source/asset';
import type { Filedata } from '../source/filedata';

/** What an attachment can be made of: a web address, a path inside `root`, a `file:` URL, a `data:` URI, or bytes. */
export type AttachmentSource = string | URL | Filedata;

/** What is attached: `url` or `filedata`, or an `attachment_id` of your own. */
export interface AttachmentPayload {
  /** A web address, a path inside `root`, a `file:` URL inside `root`, or a `data:` URI. */
  url?: string | URL;
  /** The content itself: at most 25 MB. */
  filedata?: Filedata;
  /** The name that the recipient sees. Default: the file's own; for bytes, the type with a fitting extension. */
  filename?: string;
  /**
   * False: sent in one step and not saved, for content that is sent once.
   *
   * Default: true.
   */
  is_reusable?: boolean;
  /** An ID that you have already; it is sent as it is. */
  attachment_id?: string;
}

/**
 * A Messenger attachment, as in `message.attachment` of the Send API.
 *
 * @example
 * await bot.say({ attachment: { type: 'file', payload: { filedata: pdf, filename: 'Ticket.pdf' } } });
 */
export interface Attachment {
  type: AttachmentType;
  payload: AttachmentPayload;
}

/** A message for `bot.say` and `bot.reply`. */
export type AttachmentMessage<Fields extends object = object> = Fields & { attachment: Attachment };

/** How the attachment is to be sent; every other field goes into the message: `quick_replies`, `tag` … */
export interface BuildOptions {
  /** The name that the recipient sees. Default: the file's own; for bytes, the type with a fitting extension. */
  filename?: string;
  /**
   * False: sent in one step and not saved, for content that is sent once.
   *
   * Default: true.
   */
  reusable?: boolean;
  /** The same, by the name that the Messenger Platform has for it. */
  is_reusable?: boolean;
}

type Build = <Fields extends object = object>(
  source: AttachmentSource,
  options?: BuildOptions & Fields,
) => AttachmentMessage<Omit<Fields, keyof BuildOptions>>;

/**
 * A message with a picture.
 *
 * @function
 * @example
 * await bot.reply(message, image('cats/tom.png'));
 * await bot.reply(message, image(await qrCode(text), { filename: 'code.png', reusable: false }));
 */
export const image: Build = (source, options) => build('image', source, options);

/**
 * A message with a sound. Its content type must be `audio/*`.
 *
 * @function
 * @example
 * await bot.reply(message, audio('greeting.mp3'));
 */
export const audio: Build = (source, options) => build('audio', source, options);

/**
 * A message with a video.
 *
 * @function
 * @example
 * await bot.reply(message, video('https://example.com/tour.mp4'));
 */
export const video: Build = (source, options) => build('video', source, options);

/**
 * A message with a file to download.
 *
 * @function
 * @example
 * await bot.reply(message, file('menu.pdf', { filename: 'Menu of today.pdf' }));
 */
export const file: Build = (source, options) => build('file', source, options);

function build<Fields extends object>(
  type: AttachmentType,
  source: AttachmentSource,
  options?: BuildOptions & Fields,
): AttachmentMessage<Omit<Fields, keyof BuildOptions>> {
  const {
    filename,
    is_reusable: isReusable,
    reusable = isReusable,
    ...fields
  } = options ?? ({} as BuildOptions & Fields);
  const payload: AttachmentPayload = {
    ...contentOf(source),
    ...(filename !== undefined && { filename }),
    ...(reusable === false && { is_reusable: false }),
  };
  return { ...(fields as Omit<Fields, keyof BuildOptions>), attachment: { type, payload } };
}

/** A URL becomes text: Botkit's scripts would take the object apart. */
function contentOf(source: AttachmentSource): AttachmentPayload {
  if (source instanceof URL) return { url: source.href };
  return typeof source === 'string' ? { url: source } : { filedata: source };
}
