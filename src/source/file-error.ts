import { AttachmentError } from '../base/errors';
import { FileTimeout } from './file-operations';

/** What a failed operation on a file means to the bot's author. */
export function toAttachmentError(error: unknown, label: string): AttachmentError {
  if (error instanceof AttachmentError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ENAMETOOLONG':
      return new AttachmentError('ERR_ATTACHMENT_NOT_FOUND', label, 'there is no such file');
    case 'EISDIR':
    case 'ENXIO':
      return new AttachmentError('ERR_ATTACHMENT_NOT_A_FILE', label, 'it is not a regular file');
    default:
      return new AttachmentError(
        'ERR_ATTACHMENT_UNREADABLE',
        label,
        error instanceof FileTimeout ? message : `it cannot be read (${code ?? message})`,
      );
  }
}

/** Is nothing there? */
export function isMissing(error: unknown): boolean {
  return toAttachmentError(error, '').code === 'ERR_ATTACHMENT_NOT_FOUND';
}

/** A script's `{{name}}` comes HTML-escaped, and then names no file. */
export function isEscaped(label: string): boolean {
  return /&(#x2F|#x3D|#x60|#39|amp|lt|gt|quot);/.test(label);
}
