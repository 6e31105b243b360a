import { randomUUID } from 'node:crypto';
import { open, unlink, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Bytes. */
const PIECE = 192 * 1024;

/**
 * A file that only this process can open, and that is gone when it is closed or the process ends, however that ends:
 * its name is deleted as soon as it is open.
 */
export class TemporaryFile {
  readonly #handle: FileHandle;
  #bytes = 0;
  #readers = 0;
  #isClosed = false;

  /** @throws {Error} The folder of temporary files cannot be written to. */
  static async create(): Promise<TemporaryFile> {
    const name = path.join(tmpdir(), `facebook-attachments-${randomUUID()}`);
    // `x`: what others have put there under that name is not opened.
    const handle = await open(name, 'wx+', 0o600);
    try {
      await unlink(name);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new TemporaryFile(handle);
  }

  private constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** False: it was closed, and cannot be read any more. */
  get isOpen(): boolean {
    return !this.#isClosed;
  }

  /** Writes pieces on their way to somebody else. */
  async *record(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    for await (const piece of pieces) {
      await this.#handle.writeFile(piece);
      this.#bytes += piece.length;
      yield piece;
    }
  }

  /** Its content from the start, for any number of readers at a time. */
  async *read(): AsyncGenerator<Uint8Array, void> {
    this.#readers += 1;
    try {
      for (let position = 0; position < this.#bytes;) {
        const length = Math.min(PIECE, this.#bytes - position);
        const { bytesRead, buffer } = await this.#handle.read(
          Buffer.allocUnsafeSlow(length),
          0,
          length,
          position,
        );
        if (bytesRead === 0) throw new Error('the temporary file is shorter than it was');
        position += bytesRead;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      this.#readers -= 1;
      this.#closeIfUnused();
    }
  }

  /** Closes it when its last reader has ended. Never fails. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#isClosed && this.#readers === 0) this.#handle.close().catch(ignore);
  }
}

function ignore(): void {
  // The file has no name any more, so it is gone when it is closed.
}
