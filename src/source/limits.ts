import { AttachmentError } from '../base/errors';

/** https://developers.facebook.com/docs/messenger-platform/send-messages/saving-assets#supported-asset-types */
export const MAX_BYTES = 25 * 1024 * 1024;

/** @throws {AttachmentError} `ERR_ATTACHMENT_EMPTY`, `ERR_ATTACHMENT_TOO_LARGE` */
export function checkSize(bytes: number, label: string): void {
  if (bytes === 0) throw new AttachmentError('ERR_ATTACHMENT_EMPTY', label, 'it has no content');
  if (bytes <= MAX_BYTES) return;
  throw new AttachmentError(
    'ERR_ATTACHMENT_TOO_LARGE',
    label,
    `it has ${bytes} bytes, but Facebook accepts at most 25 MB (${MAX_BYTES} bytes)`,
  );
}
