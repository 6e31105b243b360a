import { type FileHandle } from 'node:fs/promises';
import { File } from 'node:buffer';
import { ReadableStream } from 'node:stream/web';
import { AttachmentError } from '../base/errors';
import { endDigest, startDigest } from './digest';

/** Larger ones are hardly read any faster, and each upload holds a few. */
const CHUNK = 192 * 1024;

export interface OpenedFileOptions {
  readonly label: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** The content that it must have. Reading ends in an error rather than passing on anything else whole. */
  readonly digest: string;
}

/**
 * A File whose content is read from an open descriptor when it is wanted, a piece at a time, and checked on the way:
 * a file that was changed, shortened or replaced since it was identified never goes out whole, so that an attachment
 * ID cannot come to stand for other bytes. (`fs.openAsBlob` opens by path each time, and trusts size and mtime.)
 */
export class OpenedFile extends File {
  readonly #handle: FileHandle;
  readonly #options: OpenedFileOptions;

  constructor(handle: FileHandle, options: OpenedFileOptions) {
    super([], options.name, { type: options.type });
    this.#handle = handle;
    this.#options = options;
    // The types make it a property, so that a getter may not override it.
    Object.defineProperty(this, 'size', { value: options.size });
  }

  override stream(): ReadableStream<Uint8Array> {
    return ReadableStream.from(this.#checked());
  }

  /** Holds the last piece back until the whole is known to be right. */
  async *#checked(): AsyncGenerator<Uint8Array, void> {
    const hash = startDigest();
    let held: Uint8Array | undefined;
    let size = 0;
    for await (const piece of readPieces(this.#handle)) {
      size += piece.length;
      if (size > this.#options.size) break;
      if (held) yield held;
      hash.update(piece);
      held = piece;
    }
    if (size !== this.#options.size || endDigest(hash) !== this.#options.digest) throw this.#changed();
    if (held) yield held;
  }

  #changed(): AttachmentError {
    return new AttachmentError(
      'ERR_ATTACHMENT_CHANGED',
      this.#options.label,
      'the file changed while it was read; it will be sent as it is now when it is asked for again',
    );
  }
}

/** Reads from the start, whatever was read from the descriptor before; one piece ahead of whoever uses them. */
export async function* readPieces(handle: FileHandle): AsyncGenerator<Uint8Array, void> {
  let next = readPiece(handle, 0);
  for (let position = 0; ;) {
    const piece = await next;
    if (piece.length === 0) return;
    position += piece.length;
    next = readPiece(handle, position);
    // If nobody asks for it, nobody need hear that it cannot be read.
    next.catch(ignore);
    yield piece;
  }
}

async function readPiece(handle: FileHandle, position: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(CHUNK), 0, CHUNK, position);
  return buffer.subarray(0, bytesRead);
}

function ignore(): void {
  // Who asks for the piece sees it.
}
