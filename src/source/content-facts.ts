import { SIGNATURE_LENGTH } from './content-type';
import { endDigest, startDigest } from './digest';
import { inTurn } from './in-turn';

/** What is known of content that was read to its end. */
export interface ContentFacts {
  readonly digest: string;
  readonly bytes: number;
  /** The first bytes, which tell the content type when nothing else does. */
  readonly start: Uint8Array;
}

/**
 * Reads content to its end, without blocking the event loop.
 *
 * @param checkBytes - Gets the number of bytes after each piece; by throwing it ends the reading.
 * @throws What `checkBytes` throws, or the reading.
 */
export async function readFacts(
  content: AsyncIterable<Uint8Array>,
  checkBytes?: (bytes: number) => void,
): Promise<ContentFacts> {
  const hash = startDigest();
  let bytes = 0;
  let start: Uint8Array | undefined;
  for await (const piece of content) {
    // A copy, because a view would keep the whole piece in memory.
    start ??= new Uint8Array(piece.subarray(0, SIGNATURE_LENGTH));
    await inTurn(() => hash.update(piece));
    bytes += piece.length;
    checkBytes?.(bytes);
  }
  return { digest: endDigest(hash), bytes, start: start ?? new Uint8Array() };
}
