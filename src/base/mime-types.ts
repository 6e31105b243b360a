import type * as MimeTypes from 'mime-types';

/** Common extensions, where the list begins with a rarer one. */
const EXTENSIONS: Readonly<Record<string, string>> = { 'audio/mpeg': 'mp3', 'video/quicktime': 'mov' };

/** The content type that a file's name tells. A dot and an extension will do. */
export function typeOfName(name: string): string | undefined {
  return mimeTypes().lookup(name) || undefined;
}

/** The usual extension of a content type, without a dot; `bin` where there is none. */
export function extensionOf(contentType: string): string {
  return EXTENSIONS[contentType] ?? (mimeTypes().extension(contentType) || 'bin');
}

/** Loaded when it is needed first, because its list takes a fifth of what this package takes to load. */
function mimeTypes(): typeof MimeTypes {
  return require('mime-types') as typeof MimeTypes;
}
