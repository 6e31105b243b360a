/** The four attachment types that the platform saves. A media template accepts only images and videos. */
export type AttachmentType = 'image' | 'audio' | 'video' | 'file';

export const ATTACHMENT_TYPES: readonly AttachmentType[] = ['image', 'audio', 'video', 'file'];

export function isAttachmentType(type: unknown): type is AttachmentType {
  return ATTACHMENT_TYPES.some((known) => known === type);
}

/**
 * What goes to the platform: an address that it fetches, or a file that goes with the call. The file's content is read
 * when its `stream()` is, from the start each time.
 */
export type Content =
  | {
      readonly url: string;
      readonly file?: never;
      /** Fetches the file, if the platform could not. Undefined: that is left to the platform. */
      readonly fetch?: () => Promise<File>;
    }
  | { readonly file: File; readonly url?: never; readonly fetch?: never };

/** What goes out for an asset. */
export interface ReadyContent {
  /** It may be sent as another type. */
  readonly type: AttachmentType;
  readonly content: Content;
  /** Size of the content; unknown for an address. */
  readonly bytes: number | undefined;
}

/** What is needed to create the attachment again: a path relative to `root`, or an address. */
export type AssetSource =
  | { readonly path: string; readonly filename?: string; readonly url?: never }
  | { readonly url: string; readonly path?: never };

/** One thing that can be sent: what it is, what it is called, and its content. */
export interface Asset {
  readonly type: AttachmentType;
  /** For people: type and path or address, without query string or credentials. */
  readonly label: string;
  /** What it is, whatever it is called: the same on every machine. Short ASCII. */
  readonly key: string;
  /**
   * The way in which it would be uploaded: this exact address, this path, or bytes; with this content type and file
   * name. What the platform refuses is refused for the attempt, and may work for another one of the same asset. Short
   * ASCII.
   */
  readonly attempt: string;
  /** Size of the content; unknown for an address, which only Facebook fetches. */
  readonly bytes: number | undefined;
  /**
   * For records. Undefined for bytes, and for an address whose query, user info or fragment may hold a secret: neither
   * can be kept.
   */
  readonly source: AssetSource | undefined;
  readonly content: Content;
  /** Makes what goes out of it. Undefined: it goes out as it is. */
  readonly prepare?: () => Promise<ReadyContent>;
  /** Its content could not be fetched, so a change would go unnoticed: it is sent without an ID. */
  readonly isUnidentified?: true;
}

/** Milliseconds between two signs of life. */
const PREPARE_SIGN = 1_000;

/**
 * What goes out for the asset, which is made now if need be.
 *
 * @param onMove - Called now and then while it is made, so that waiting messages see that something goes on.
 * @throws {AttachmentError} It cannot be made.
 */
export async function readyContent(asset: Asset, onMove?: () => void): Promise<ReadyContent> {
  const { type, content, bytes, prepare } = asset;
  if (!prepare) return { type, content, bytes };
  onMove?.();
  const signs = onMove && setInterval(onMove, PREPARE_SIGN);
  try {
    return await prepare();
  } finally {
    clearInterval(signs);
  }
}
