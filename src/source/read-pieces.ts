import type { FileHandle } from 'node:fs/promises';

/** Larger ones are hardly read any faster, and each upload holds a few. */
const PIECE = 192 * 1024;

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
  const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(PIECE), 0, PIECE, position);
  return buffer.subarray(0, bytesRead);
}

function ignore(): void {
  // Who asks for the piece sees it.
}
