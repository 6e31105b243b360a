import { AttachmentError } from '../base/errors';
import { endDigest, startDigest } from './digest';
import type { Root } from './root';

/** What a local file was when it was identified. */
export interface IdentifiedContent {
  readonly label: string;
  readonly bytes: number;
  readonly digest: string;
}

/**
 * The content of a local file, a piece at a time, checked on the way: a file that was changed, shortened or replaced
 * since it was identified never goes out whole, so that an attachment ID cannot come to stand for other bytes.
 * (`fs.openAsBlob` trusts size and mtime.) The last piece is held back until the whole is known to be right.
 *
 * @throws {AttachmentError} `ERR_ATTACHMENT_CHANGED`, `_UNREADABLE`, and what `Root.open` throws.
 */
export async function* checkedContent(
  root: Root,
  file: string,
  { label, bytes, digest }: IdentifiedContent,
): AsyncGenerator<Uint8Array, void> {
  const opened = await root.open(file, label);
  try {
    const hash = startDigest();
    let held: Uint8Array | undefined;
    let size = 0;
    for await (const piece of opened.read()) {
      size += piece.length;
      if (size > bytes) break;
      if (held) yield held;
      hash.update(piece);
      held = piece;
    }
    if (size !== bytes || endDigest(hash) !== digest) throw changed(label);
    if (held) yield held;
  } finally {
    await opened.close();
  }
}

function changed(label: string): AttachmentError {
  return new AttachmentError(
    'ERR_ATTACHMENT_CHANGED',
    label,
    'the file changed while it was read; send the message again to send the new content',
  );
}
