import { AttachmentError, type AttachmentErrorCode } from '../../../src/base/errors';
import { GraphError, TransportError, type TransportErrorCode } from '../../../src/graph/errors';

/** For `assert.rejects` and `assert.throws`: this error, and no other word in its message. */
export function expectedAttachmentError(code: AttachmentErrorCode, asset: string, problem: string): object {
  return { name: 'AttachmentError', code, asset, message: `Cannot send ${asset}: ${problem}` };
}

/** An error as Facebook answers it, for example `graphError(100, 2018074)`. */
export function graphError(
  code?: number,
  subcode?: number,
  { status = 400, isTransient = false, retryAfter, type }: GraphErrorExtras = {},
): GraphError {
  const body = {
    message: 'It is said so',
    ...(code !== undefined && { code }),
    ...(subcode !== undefined && { error_subcode: subcode }),
    ...(type !== undefined && { type }),
    is_transient: isTransient,
  };
  return new GraphError({ action: 'upload', asset: 'image "tom.png"' }, status, body, { retryAfter });
}

interface GraphErrorExtras {
  status?: number;
  isTransient?: boolean;
  retryAfter?: number;
  type?: string;
}

export function transportError(
  code: TransportErrorCode,
  extras: { status?: number; retryAfter?: number } = {},
): TransportError {
  return new TransportError(code, { action: 'upload', asset: 'image "tom.png"' }, 'it broke', extras);
}

export function emptyFileError(): AttachmentError {
  return new AttachmentError('ERR_ATTACHMENT_EMPTY', 'image "tom.png"', 'it has no content');
}
