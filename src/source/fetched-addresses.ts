import { LRUCache } from 'lru-cache';
import path from 'node:path';
import { AttachmentError, toError } from '../base/errors';
import { extensionOf } from '../base/mime-types';
import { firstOf } from '../graph/answer-headers';
import { Connections } from '../graph/connections';
import { Lane } from '../graph/lane';
import { attemptKey, contentKey } from './asset-key';
import { readFacts } from './content-facts';
import { contentTypeFor } from './content-type';
import { digestOf } from './digest';
import { FetchRecord, type FetchedContent } from './fetch-record';
import { fetchFailed, fetchRefused, httpGet, statusError, type GetAnswer } from './http-get';
import { checkSize, MAX_BYTES } from './limits';
import { StreamedFile } from './streamed-file';
import { TemporaryFile } from './temporary-file';
import { askCacheKey, labelOf, sourceOf, type CacheKey } from './web-address';
import type { Dispatcher } from 'undici';
import type { Asset, AttachmentType } from './asset';

/** Origins whose addresses the plugin fetches itself. */
export interface FetchList {
  /** As `URL.origin` has them. */
  readonly origins: readonly string[];
  /** `always`, or only what Facebook could not fetch. */
  readonly when: 'always' | 'refused';
}

export interface FetchedAddressesOptions {
  readonly list: FetchList;
  readonly cacheKey: CacheKey;
  readonly dispatcher: Dispatcher | undefined;
}

/** How many addresses are remembered: a few hundred bytes for each, and no content. */
const MOST_RECORDS = 5_000;

/** How many failures are remembered, and for how many milliseconds an address that failed is not asked again. */
const MOST_FAILURES = 1_000;
const FAILURE_TTL = 30_000;

/**
 * How much content is kept until its upload has read it, and for how many milliseconds. What is gone is fetched again.
 */
const MOST_FILES = 48;
const MOST_BYTES_KEPT = 256 * 1024 * 1024;
const FILE_TTL = 60_000;

/** How many downloads are under way at a time. */
const DOWNLOADS = 12;

const OK = 200;
const NOT_MODIFIED = 304;

/** The content type that a server sends if it does not know it. */
const UNKNOWN_TYPE = /^(application|binary)\/octet-stream$/i;

/** What came of asking an address. */
interface Fetched {
  readonly content: FetchedContent;
  /** Undefined: it had not changed. */
  readonly file: TemporaryFile | undefined;
}

/** A download that others can wait for. */
interface UnderWay {
  readonly href: string;
  readonly fetched: Promise<Fetched>;
}

/** An address that is to be fetched, as a message names it. */
interface Target {
  readonly type: AttachmentType;
  readonly url: URL;
  readonly label: string;
  /** What makes two addresses the same download. */
  readonly key: string;
}

/**
 * Web addresses that the plugin fetches itself. Their content identifies them. It is fetched and revalidated by HTTP's
 * rules for caches, once for all who wait, and lies in a temporary file until it is uploaded. What is kept is its hash,
 * and what it takes to ask whether it has changed.
 */
export class FetchedAddresses {
  readonly when: FetchList['when'];
  readonly #origins: ReadonlySet<string>;
  readonly #cacheKey: CacheKey;
  readonly #connections: Connections;
  readonly #lane = new Lane(DOWNLOADS);
  /** Who takes turns in the lane. */
  readonly #turns = new Map<string, object>();
  readonly #records = new LRUCache<string, FetchRecord>({ max: MOST_RECORDS });
  readonly #underWay = new Map<string, UnderWay>();
  readonly #failures = new LRUCache<string, Error>({ max: MOST_FAILURES, ttl: FAILURE_TTL });
  /** By digest. */
  readonly #files = new LRUCache<string, TemporaryFile>({
    max: MOST_FILES,
    maxSize: MOST_BYTES_KEPT,
    sizeCalculation: ({ bytes }) => bytes,
    ttl: FILE_TTL,
    ttlAutopurge: true,
    dispose: (file) => {
      file.close();
    },
  });

  #closing = new AbortController();
  readonly #digests = new WeakMap<TemporaryFile, string>();

  constructor({ list, cacheKey, dispatcher }: FetchedAddressesOptions) {
    this.when = list.when;
    this.#origins = new Set(list.origins);
    this.#cacheKey = cacheKey;
    this.#connections = new Connections(dispatcher, { connections: DOWNLOADS, maxResponseSize: -1 });
  }

  readonly isListed = (url: URL): boolean => this.#origins.has(url.origin);

  /**
   * What stands at the address now.
   *
   * @throws {AttachmentError} It cannot be fetched, holds nothing, too much, or another type.
   */
  async identify(type: AttachmentType, url: URL, filename: string | undefined): Promise<Asset> {
    const target = this.#targetOf(type, url);
    const content = await this.#contentOf(target);
    const { label } = target;
    const file = this.#toFile(target, content, filename);
    return {
      type,
      label,
      key: contentKey(type, content.digest, file.name),
      attempt: attemptKey('fetched', file.type, file.name),
      bytes: content.bytes,
      source: sourceOf(url),
      content: { file },
    };
  }

  /**
   * The file that stands at the address now, for Facebook, which could not fetch it.
   *
   * @throws {AttachmentError} As `identify`.
   */
  async fetch(type: AttachmentType, url: URL, filename: string | undefined): Promise<File> {
    const target = this.#targetOf(type, url);
    return this.#toFile(target, await this.#contentOf(target), filename);
  }

  /** Breaks off what is under way, and drops what is kept of content. Everything works afterwards, too. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#closing = new AbortController();
    // Aborted downloads are no failures: they are forgotten once all who wait for them have been told.
    await Promise.allSettled([...this.#underWay.values()].map(({ fetched }) => fetched));
    this.#failures.clear();
    this.#files.clear();
    await this.#connections.close();
  }

  #targetOf(type: AttachmentType, url: URL): Target {
    const label = labelOf(type, url);
    // It may change the URL that it is given.
    const key = askCacheKey(this.#cacheKey, new URL(url), label);
    return { type, url, label, key: digestOf(`${type} ${key}`) };
  }

  #toFile({ type, url, label, key }: Target, content: FetchedContent, filename: string | undefined): File {
    const { digest, bytes, start, declared } = content;
    const inAddress = nameIn(url);
    const contentType = contentTypeFor(type, label, start, { declared, filename: filename ?? inAddress });
    const name = filename ?? withExtension(inAddress ?? type, contentType);
    return new StreamedFile({ name, type: contentType, size: bytes }, () =>
      this.#read({ type, url, label, key }, digest),
    );
  }

  /** The content that was identified, and no other. */
  async *#read(target: Target, digest: string): AsyncGenerator<Uint8Array, void> {
    const kept = this.#files.get(digest);
    const file = kept ?? (await this.#fetchAgain(target));
    if (this.#digests.get(file) !== digest) {
      throw new AttachmentError(
        'ERR_ATTACHMENT_CHANGED',
        target.label,
        'the content behind the address has changed; send the message again to send the new content',
      );
    }
    yield* file.read();
  }

  async #contentOf(target: Target): Promise<FetchedContent> {
    const record = this.#records.get(target.key);
    if (record?.isFresh) return record.content;
    return (await this.#share(target, () => true)).content;
  }

  async #fetchAgain(target: Target): Promise<TemporaryFile> {
    this.#records.delete(target.key);
    const { file } = await this.#share(target, (fetched) => fetched.file?.isOpen ?? false);
    if (file?.isOpen) return file;
    throw fetchFailed(target.label, 'its temporary file was deleted before it was read');
  }

  /** One download for all who wait. That of another address under the same key can fail for reasons of its own. */
  async #share(target: Target, isEnough: (fetched: Fetched) => boolean): Promise<Fetched> {
    const { type, key, url } = target;
    for (let other = this.#underWay.get(key); other; other = this.#underWay.get(key)) {
      try {
        const fetched = await other.fetched;
        if (isEnough(fetched)) return fetched;
      } catch (error) {
        if (other.href === url.href) throw error;
      }
      if (this.#underWay.get(key) === other) break;
    }
    const address = digestOf(`${type} ${url.href}`);
    const failure = this.#failures.get(address);
    if (failure) throw failure;
    const underWay: UnderWay = { href: url.href, fetched: this.#fetchInTurn(target) };
    this.#underWay.set(key, underWay);
    try {
      return await underWay.fetched;
    } catch (error) {
      this.#failures.set(address, toError(error));
      throw error;
    } finally {
      if (this.#underWay.get(key) === underWay) this.#underWay.delete(key);
    }
  }

  #fetchInTurn(target: Target): Promise<Fetched> {
    const { url, label } = target;
    let turn = this.#turns.get(url.origin);
    if (!turn) {
      turn = {};
      this.#turns.set(url.origin, turn);
    }
    const stalled = (waited: number): Error =>
      fetchFailed(label, `no download in progress received anything for ${Math.round(waited / 1000)} s`);
    return this.#lane.run(turn, () => this.#fetchOrKnown(target), stalled);
  }

  /** If its server is down, what was known is good enough, unless that server has forbidden it. */
  async #fetchOrKnown(target: Target): Promise<Fetched> {
    const record = this.#records.get(target.key);
    try {
      return await this.#fetch(target, record);
    } catch (error) {
      const hasFailed = error instanceof AttachmentError && error.code === 'ERR_ATTACHMENT_FETCH_FAILED';
      if (hasFailed && record?.mayServeStale) {
        this.#records.set(target.key, record.trusted(FAILURE_TTL));
        return { content: record.content, file: undefined };
      }
      if (!hasFailed) this.#records.delete(target.key);
      throw error;
    }
  }

  async #fetch(target: Target, record: FetchRecord | undefined): Promise<Fetched> {
    const { url, label, key } = target;
    const dispatcher = this.#dispatcher(label);
    const headersFor = (at: URL): Record<string, string> => record?.validatorsFor(at) ?? {};
    const fetched = await httpGet(
      dispatcher,
      { url, label, isListed: this.isListed, headersFor, signal: this.#closing.signal },
      (answer) => {
        if (answer.status === NOT_MODIFIED && record)
          return Promise.resolve(this.#revalidate(key, record, answer));
        if (answer.status !== OK) throw statusError(label, answer.status);
        return this.#save(target, answer);
      },
    );
    // It has not changed, says the server, and names another version: then it has to send that.
    return fetched ?? this.#fetch(target, undefined);
  }

  #dispatcher(label: string): Dispatcher {
    try {
      return this.#connections.dispatcher();
    } catch (error) {
      throw fetchFailed(label, toError(error).message);
    }
  }

  #revalidate(key: string, record: FetchRecord, answer: GetAnswer): Fetched | undefined {
    const revalidated = record.revalidated(answer);
    if (!revalidated) return undefined;
    this.#records.set(key, revalidated);
    return { content: record.content, file: undefined };
  }

  async #save({ type, url, label, key }: Target, answer: GetAnswer): Promise<Fetched> {
    const { headers, body } = answer;
    const declared = declaredType(headers['content-type']);
    // What its server says is enough to refuse it before the rest comes in.
    if (declared !== undefined) contentTypeFor(type, label, new Uint8Array(), { declared });
    const encoding = firstOf(headers['content-encoding']);
    if (encoding !== undefined && encoding !== 'identity') {
      throw fetchRefused(label, `its server sends it as ${encoding}, and was asked not to`);
    }
    checkLength(firstOf(headers['content-length']), label);
    const file = await createFile(label);
    try {
      const facts = await readFacts(file.record(this.#moving(url, body)), (bytes) => {
        if (bytes > MAX_BYTES) throw tooLarge(label);
      });
      checkSize(facts.bytes, label);
      const content = { ...facts, declared };
      contentTypeFor(type, label, facts.start, { declared, filename: nameIn(url) });
      const record = FetchRecord.of(content, url, answer);
      if (record) this.#records.set(key, record);
      else this.#records.delete(key);
      this.#digests.set(file, facts.digest);
      this.#files.set(facts.digest, file);
      return { content, file };
    } catch (error) {
      file.close();
      throw error;
    }
  }

  async *#moving(url: URL, body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const turn = this.#turns.get(url.origin);
    for await (const piece of body) {
      if (turn) this.#lane.progress(turn);
      yield piece;
    }
  }
}

function checkLength(length: string | undefined, label: string): void {
  if (length !== undefined && /^\d+$/.test(length)) checkSize(Number(length), label);
}

function tooLarge(label: string): AttachmentError {
  return new AttachmentError(
    'ERR_ATTACHMENT_TOO_LARGE',
    label,
    `it has more than 25 MB (${MAX_BYTES} bytes), which is the most that Facebook accepts`,
  );
}

async function createFile(label: string): Promise<TemporaryFile> {
  try {
    return await TemporaryFile.create();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw fetchFailed(label, `the folder of temporary files cannot be used: ${code ?? message}`);
  }
}

function declaredType(header: string | string[] | undefined): string | undefined {
  const type = firstOf(header)?.split(';')[0]?.trim().toLowerCase();
  return type === undefined || type === '' || UNKNOWN_TYPE.test(type) ? undefined : type;
}

/** The last part of the address. */
function nameIn({ pathname }: URL): string | undefined {
  const name = path.posix.basename(pathname);
  try {
    return decodeURIComponent(name).replace(/[/\\\0]/g, '_') || undefined;
  } catch {
    return name;
  }
}

function withExtension(name: string, contentType: string): string {
  return path.extname(name) === '' ? `${name}.${extensionOf(contentType)}` : name;
}
