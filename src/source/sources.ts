import { fileURLToPath } from 'node:url';
import { AttachmentError } from '../base/errors';
import { DataUris } from './data-uris';
import { identifyFiledata } from './filedata';
import { LocalFiles } from './local-files';
import { identifyAddress, type CacheKey } from './web-address';
import type { Asset, AttachmentType } from './asset';

/** What an author may write in an attachment's `payload`, or in an element of a media template. */
export type SourcePayload = Readonly<Record<string, unknown>>;

export interface SourcesOptions {
  /** The folder of local files. Undefined: they are refused. */
  readonly root: string | undefined;
  readonly cacheKey: CacheKey;
}

/** `C:\pictures` is a path; a scheme has at least two letters. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

/** Tells what an attachment is from what the bot's author wrote. */
export class Sources {
  readonly #files: LocalFiles;
  readonly #dataUris = new DataUris();
  readonly #cacheKey: CacheKey;

  constructor({ root, cacheKey }: SourcesOptions) {
    this.#files = new LocalFiles(root);
    this.#cacheKey = cacheKey;
  }

  /** @throws {AttachmentError} It cannot be sent, and why. */
  async identify(type: AttachmentType, payload: SourcePayload): Promise<Asset> {
    const { url, filedata } = payload;
    const filename = readFilename(type, payload.filename);
    if (isGiven(url) && isGiven(filedata)) {
      throw badSource(type, 'it has both `url` and `filedata`; give one of them');
    }
    if (isGiven(filedata)) return identifyFiledata(type, filedata, filename);
    return this.#identifyUrl(type, readUrl(type, url), filename);
  }

  async #identifyUrl(type: AttachmentType, url: string, filename: string | undefined): Promise<Asset> {
    const address = url.trim();
    const scheme = SCHEME.exec(address)?.[1]?.toLowerCase();
    switch (scheme) {
      case undefined:
        return this.#files.identify(type, url, filename);
      case 'file':
        return this.#files.identify(type, pathOf(type, address), filename);
      case 'http':
      case 'https':
        return identifyAddress(type, address, this.#cacheKey);
      case 'data':
        return this.#dataUris.identify(type, address, filename);
      default:
        throw badSource(
          type,
          `its \`url\` begins with ${scheme}:, and only http:, https:, file: and data: can be sent (write ./ before a file name with a colon)`,
        );
    }
  }
}

function readUrl(type: AttachmentType, url: unknown): string {
  if (url instanceof URL) return url.href;
  if (typeof url === 'string' && url.trim() !== '') return url;
  const received = url === null ? 'null' : typeof url === 'string' ? 'an empty string' : typeof url;
  throw badSource(type, `expected \`payload.url\` to be a string or a URL, got ${received}`);
}

function readFilename(type: AttachmentType, filename: unknown): string | undefined {
  if (!isGiven(filename)) return undefined;
  if (typeof filename === 'string' && filename !== '') return filename;
  throw badSource(type, 'expected `payload.filename` to be a string that is not empty');
}

/** A `file:` URL with another host, or with an encoded slash, names no path here. */
function pathOf(type: AttachmentType, url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw badSource(type, 'its file: URL names no path on this machine');
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function badSource(type: AttachmentType, problem: string): AttachmentError {
  return new AttachmentError('ERR_ATTACHMENT_BAD_SOURCE', `attachment of type ${type}`, problem);
}
