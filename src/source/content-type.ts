import path from 'node:path';
import { AttachmentError } from '../base/errors';
import { typeOfName } from '../base/mime-types';
import type * as MagicBytes from 'magic-bytes.js';
import type { AttachmentType } from './asset';

/** How many bytes from the start of a file tell what it is. */
export const SIGNATURE_LENGTH = 512;

const UNKNOWN = 'application/octet-stream';

/** One container, two uses: its first bytes do not tell sound from moving pictures. */
const CONTAINERS: Readonly<Record<string, string>> = {
  'application/ogg': 'ogg',
  'audio/ogg': 'ogg',
  'video/ogg': 'ogg',
  'audio/mp4': 'mp4',
  'video/mp4': 'mp4',
  'audio/webm': 'webm',
  'video/webm': 'webm',
  // WebM is a kind of Matroska, and begins like it.
  'video/x-matroska': 'webm',
};

/** What is known of a file's content type without opening it. */
export interface Hints {
  /** Declared with the bytes, as a Blob or a `data:` URI does. */
  readonly declared?: string | undefined;
  readonly filename?: string | undefined;
}

/**
 * The Content-Type to send a file with: as declared, else by its name, else by its first bytes.
 *
 * @throws {AttachmentError} `ERR_ATTACHMENT_TYPE_MISMATCH`: it contradicts the attachment's type. The platform would
 * refuse it, audio above all: https://developers.facebook.com/docs/messenger-platform/send-messages/saving-assets
 */
export function contentTypeFor(type: AttachmentType, label: string, start: Uint8Array, hints: Hints): string {
  const known = declaredType(hints) ?? sniff(type, start);
  if (type === 'file') return known ?? UNKNOWN;
  if (known?.startsWith(`${type}/`)) return known;
  throw new AttachmentError(
    'ERR_ATTACHMENT_TYPE_MISMATCH',
    label,
    known
      ? `its content type is ${known}, but an attachment of type ${type} needs ${type}/*`
      : `neither its name nor its content shows its content type, but an attachment of type ${type} needs ${type}/*; set a filename with an extension`,
  );
}

function declaredType({ declared, filename }: Hints): string | undefined {
  if (declared && declared !== UNKNOWN) return declared;
  return filename === undefined ? undefined : typeOfName(path.extname(filename));
}

function sniff(type: AttachmentType, start: Uint8Array): string | undefined {
  // Loaded here, because most names tell the type.
  const { filetypemime } = require('magic-bytes.js') as typeof MagicBytes;
  const [found] = filetypemime(start);
  const container = found && CONTAINERS[found];
  return container && (type === 'audio' || type === 'video') ? `${type}/${container}` : found;
}
