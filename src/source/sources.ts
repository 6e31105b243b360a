import { fileURLToPath } from 'node:url';
import { AttachmentError } from '../base/errors';
import { isGiven } from '../base/records';
import { DataUris } from './data-uris';
import { identifyFiledata } from './filedata';
import { LocalFiles } from './local-files';
import { FetchedAddresses, type FetchList } from './fetched-addresses';
import { Preparation, type Prepare } from './preparation';
import { parseAddress, WebAddresses, type CacheKey } from './web-address';
import type { Dispatcher } from 'undici';
import type { Asset, AttachmentType } from './asset';

/** What an author may write in an attachment's `payload`, or in an element of a media template. */
export type SourcePayload = Readonly<Record<string, unknown>>;

/** `C:\pictures` is a path; a scheme has at least two letters. */
const SCHEME = /^([a-z][a-z0-9+.-]+):/i;

export interface SourcesOptions {
  /** The folder of local files. Undefined: they are refused. */
  readonly root: string | undefined;
  readonly cacheKey: CacheKey;
  /** Default: nothing is fetched. */
  readonly fetchFrom?: FetchList | undefined;
  /** Default: everything goes out as it is. */
  readonly prepare?: Prepare | undefined;
  /** For what is fetched. Default: our own. */
  readonly dispatcher?: Dispatcher | undefined;
}

/** How long a caller waits for what is fetched, before it goes on without. */
export interface FetchPatience {
  /** Waits as long as they can. Undefined: the time is over, and the work goes on. */
  readonly within: <T>(work: Promise<T>) => Promise<T | undefined>;
  /** Hears why an address was not fetched. */
  readonly onFailure: (error: AttachmentError) => void;
}

/** Tells what an attachment is from what the bot's author wrote. */
export class Sources {
  readonly #files: LocalFiles;
  readonly #dataUris = new DataUris();
  readonly #addresses: WebAddresses;
  readonly #fetched: FetchedAddresses | undefined;
  readonly #preparation: Preparation | undefined;

  constructor({ root, cacheKey, fetchFrom: list, prepare, dispatcher }: SourcesOptions) {
    this.#files = new LocalFiles(root);
    this.#addresses = new WebAddresses(cacheKey);
    this.#preparation = prepare && new Preparation(prepare);
    this.#fetched = list && new FetchedAddresses({ list, cacheKey, dispatcher });
  }

  /**
   * @param patience - Default: an address that is to be fetched is waited for, and its failure is thrown.
   * @throws {AttachmentError} It cannot be sent, and why.
   */
  async identify(type: AttachmentType, payload: SourcePayload, patience?: FetchPatience): Promise<Asset> {
    const asset = await this.#identify(type, payload, patience);
    return this.#preparation?.apply(asset) ?? asset;
  }

  #identify(
    type: AttachmentType,
    payload: SourcePayload,
    patience: FetchPatience | undefined,
  ): Promise<Asset> {
    const { url, filedata } = payload;
    const filename = readFilename(type, payload.filename);
    if (isGiven(url) && isGiven(filedata)) {
      throw badSource(type, 'it has both `url` and `filedata`; give one of them');
    }
    if (isGiven(filedata)) return identifyFiledata(type, filedata, filename);
    return this.#identifyUrl(type, readUrl(type, url), filename, patience);
  }

  /** Drops what was fetched. Everything works afterwards, too. */
  async close(): Promise<void> {
    await this.#fetched?.close();
  }

  #identifyUrl(
    type: AttachmentType,
    url: string,
    filename: string | undefined,
    patience: FetchPatience | undefined,
  ): Promise<Asset> {
    const address = url.trim();
    const scheme = SCHEME.exec(address)?.[1]?.toLowerCase();
    switch (scheme) {
      case undefined:
        return this.#files.identify(type, url, filename);
      case 'file':
        return this.#files.identify(type, pathOf(type, address), filename);
      case 'http':
      case 'https':
        return this.#identifyAddress(type, address, filename, patience);
      case 'data':
        return this.#dataUris.identify(type, address, filename);
      default:
        throw badSource(
          type,
          `its \`url\` begins with ${scheme}:, and only http:, https:, file: and data: can be sent (write ./ before a file name with a colon)`,
        );
    }
  }

  async #identifyAddress(
    type: AttachmentType,
    address: string,
    filename: string | undefined,
    patience: FetchPatience | undefined,
  ): Promise<Asset> {
    const fetched = this.#fetched;
    if (!fetched) return this.#addresses.identify(type, address);
    const url = parseAddress(type, address);
    if (!fetched.isListed(url)) return this.#addresses.identify(type, address);
    if (fetched.when === 'refused') {
      const content = { url: address, fetch: () => fetched.fetch(type, url, filename) };
      return { ...this.#addresses.identify(type, address), content };
    }
    const identified = fetched.identify(type, url, filename);
    const asset = patience ? await withPatience(identified, patience) : await identified;
    return asset ?? { ...this.#addresses.identify(type, address), isUnidentified: true };
  }
}

/** Undefined: it is not known in time, or its server is down. Facebook may fare better. */
async function withPatience(
  identified: Promise<Asset>,
  { within, onFailure }: FetchPatience,
): Promise<Asset | undefined> {
  try {
    return await within(identified);
  } catch (error) {
    if (!(error instanceof AttachmentError) || error.code !== 'ERR_ATTACHMENT_FETCH_FAILED') throw error;
    onFailure(error);
    return undefined;
  }
}

function readUrl(type: AttachmentType, url: unknown): string {
  if (url instanceof URL) return url.href;
  if (typeof url === 'string' && url.trim() !== '') return url;
  const received = url === null ? 'null' : typeof url === 'string' ? 'an empty string' : typeof url;
  throw badSource(
    type,
    `expected a path, a web address or bytes (\`payload.url\`, \`payload.filedata\`, or the first argument of a helper such as image()), got ${received}`,
  );
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

function badSource(type: AttachmentType, problem: string): AttachmentError {
  return new AttachmentError('ERR_ATTACHMENT_BAD_SOURCE', `attachment of type ${type}`, problem);
}
