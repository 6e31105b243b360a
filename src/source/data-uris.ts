import { LRUCache } from 'lru-cache';
import { AttachmentError } from '../base/errors';
import { bytesAsset } from './bytes-asset';
import { readFacts, type ContentFacts } from './content-facts';
import { decodeContent, readHead } from './data-uri';
import { checkSize, MAX_BYTES } from './limits';
import { StreamedFile } from './streamed-file';
import type { Asset, AttachmentType } from './asset';

/** How many URIs are remembered, and how many characters in all. */
const MEMO_ENTRIES = 1_000;
const MEMO_CHARACTERS = 64 * 1024 * 1024;

/** Base64 takes four characters for three bytes, and the head of a `data:` URI is short. */
const MAX_LENGTH = Math.ceil(MAX_BYTES / 3) * 4 + 1024;

/** What a URI stands for. */
interface DecodedUri {
  readonly facts: ContentFacts;
  readonly declared: string | undefined;
  /** Decodes it, a piece at a time. */
  readonly decode: () => AsyncIterable<Uint8Array>;
}

/** `data:` URIs as assets. Each is decoded once to be identified, and again when its content is sent. */
export class DataUris {
  readonly #decoded = new LRUCache<string, Promise<DecodedUri | undefined>>({
    max: MEMO_ENTRIES,
    maxSize: MEMO_CHARACTERS,
    sizeCalculation: (_, uri) => uri.length,
  });

  /** @throws {AttachmentError} The URI cannot be read, or holds nothing, too much, or another type. */
  async identify(type: AttachmentType, uri: string, filename: string | undefined): Promise<Asset> {
    const label = `${type} from a data: URI`;
    if (uri.length > MAX_LENGTH) checkSize(uri.length, label);
    const decoded = await this.#decode(uri);
    if (!decoded) {
      throw new AttachmentError('ERR_ATTACHMENT_BAD_SOURCE', label, 'it is not a valid data: URI');
    }
    const { facts, declared, decode } = decoded;
    checkSize(facts.bytes, label);
    return bytesAsset(
      { type, label, filename, declared },
      facts,
      (options) => new StreamedFile(options, decode),
    );
  }

  #decode(uri: string): Promise<DecodedUri | undefined> {
    let decoded = this.#decoded.get(uri);
    if (!decoded) {
      decoded = decodeUri(uri);
      this.#decoded.set(uri, decoded);
    }
    return decoded;
  }
}

/** Undefined: it is not valid. */
async function decodeUri(uri: string): Promise<DecodedUri | undefined> {
  const head = await readHead(uri);
  if (!head) return undefined;
  const decode = (): AsyncIterable<Uint8Array> => decodeContent(uri, head);
  try {
    return { facts: await readFacts(decode()), declared: head.declared, decode };
  } catch {
    return undefined;
  }
}
