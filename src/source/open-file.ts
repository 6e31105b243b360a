import type { Stats } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { toAttachmentError } from './file-error';
import { fileOperations, FileTimeout } from './file-operations';

/** Larger ones are hardly read any faster, and each upload holds a few. */
const PIECE = 192 * 1024;

/** A regular file inside the root, open. */
export class OpenFile {
  /** What the file was when it was opened. */
  readonly stats: Stats;
  readonly #handle: FileHandle;
  readonly #file: string;
  readonly #label: string;
  #hangs = false;

  constructor(handle: FileHandle, stats: Stats, file: string, label: string) {
    this.stats = stats;
    this.#handle = handle;
    this.#file = file;
    this.#label = label;
  }

  /**
   * Its content from the start, one piece ahead of the reader.
   *
   * @throws {AttachmentError} `ERR_ATTACHMENT_UNREADABLE`
   */
  async *read(): AsyncGenerator<Uint8Array, void> {
    let next = this.#readPiece(0);
    for (let position = 0; ;) {
      const piece = await next;
      if (piece.length === 0) return;
      position += piece.length;
      next = this.#readPiece(position);
      // If nobody asks for it, nobody need hear that it cannot be read.
      next.catch(noop);
      yield piece;
    }
  }

  /** Never fails. Waits for the descriptor to be closed, unless the file hangs: then it is closed when it answers. */
  async close(): Promise<void> {
    const closed = fileOperations.finish('content', this.#file, () => this.#handle.close()).catch(noop);
    if (!this.#hangs) await closed;
  }

  async #readPiece(position: number): Promise<Uint8Array> {
    try {
      const { bytesRead, buffer } = await fileOperations.run('content', this.#file, () =>
        this.#handle.read(Buffer.allocUnsafeSlow(PIECE), 0, PIECE, position),
      );
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      this.#hangs = error instanceof FileTimeout;
      throw toAttachmentError(error, this.#label);
    }
  }
}

function noop(): void {
  // Who asks for the piece sees its error; a descriptor that cannot be closed is gone all the same.
}
