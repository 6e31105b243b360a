/** The four types of attachment that the platform saves. A media template takes only images and videos. */
export type AttachmentType = 'image' | 'audio' | 'video' | 'file';

export const ATTACHMENT_TYPES: readonly AttachmentType[] = ['image', 'audio', 'video', 'file'];

export function isAttachmentType(type: unknown): type is AttachmentType {
  return ATTACHMENT_TYPES.some((known) => known === type);
}

/** What goes to the platform: an address that it fetches, or a file that goes with the call. */
export type Content =
  { readonly url: string; readonly file?: never } | { readonly file: File; readonly url?: never };

/** One thing that can be sent: what it is, what it is called, and how to get at its content. */
export interface Asset {
  readonly type: AttachmentType;
  /** For people: type and path or address, without query string or credentials. */
  readonly label: string;
  /** What it is, whatever it is called: the same on every machine. Short ASCII. */
  readonly key: string;
  /** Size of the content; unknown for an address, which only Facebook fetches. */
  readonly bytes: number | undefined;
  /** Opens the content for as long as `use` needs it. Each use reads it from the start, and may read it again. */
  open<T>(use: (content: Content) => Promise<T>): Promise<T>;
}
