import { type OutgoingCalls } from '../base/outgoing-calls';
import { fetchProblemOf } from '../base/thrown';
import { sha256Of } from '../platform/content';
import { GraphError, urlNotFetched, videoTimedOut } from './errors';
import { type AttachmentType, type IncomingFile } from '../platform/model';

const MB = 1024 * 1024;
export const MAX_BYTES = 25 * MB;
/** Characters: an address stays with what it gave. */
const MAX_ADDRESS = 8000;
/** Characters: it may name the host, which may be as long as the address. */
const MAX_REASON = 300;
const MAX_IMAGE_BYTES = 8 * MB;

/** Milliseconds that a server gets to deliver a file. */
export interface FetchTimeouts {
  video?: number | undefined;
  other?: number | undefined;
}

export type UrlFetcher = (url: string, type: AttachmentType) => Promise<IncomingFile>;

/** Fetches what a bot names by URL, within the platform's limits: 75 s for a video, 10 s and 8 MB for an image. */
export function urlFetcher(
  calls: OutgoingCalls,
  closing: AbortSignal,
  timeouts: FetchTimeouts = {},
): UrlFetcher {
  const { video = 75_000, other = 10_000 } = timeouts;
  return async (url, type) => {
    const address = parseAddress(url);
    const ms = type === 'video' ? video : other;
    const timeout = AbortSignal.timeout(ms);
    try {
      const response = await calls.fetch(address, {
        signal: AbortSignal.any([timeout, closing]),
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw urlNotFetched(`The address answered ${response.status}`);
      }
      const maxBytes = type === 'image' ? MAX_IMAGE_BYTES : MAX_BYTES;
      const bytes = await readUpTo(maxBytes, response.body ?? []);
      return {
        bytes,
        sha256: sha256Of(bytes),
        contentType: response.headers.get('content-type') ?? 'application/octet-stream',
        name: nameIn(address),
        url,
      };
    } catch (error) {
      if (error instanceof GraphError) throw error;
      if (!timeout.aborted) throw urlNotFetched(fetchProblemOf(error).slice(0, MAX_REASON));
      throw type === 'video' ? videoTimedOut() : urlNotFetched(`The file was not there within ${ms} ms`);
    }
  };
}

function parseAddress(url: string): URL {
  const address = url.length <= MAX_ADDRESS && URL.canParse(url) ? new URL(url) : undefined;
  if (!address || !['http:', 'https:'].includes(address.protocol)) {
    throw urlNotFetched(`It is no http or https address of at most ${MAX_ADDRESS} characters`);
  }
  return address;
}

async function readUpTo(
  limit: number,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<Buffer> {
  const read: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    // Leaving the loop ends the download: a server may send without end.
    if (size > limit) throw urlNotFetched(`The file is larger than ${limit / MB} MB`);
    read.push(chunk);
  }
  return Buffer.concat(read);
}

function nameIn({ pathname }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf('/') + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last; // Not percent-encoded UTF-8.
  }
}
