import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Dispatcher } from 'undici';
import { group, option, required, type Reader, type Values } from './base/check-options';
import { isRecord } from './base/records';
import { DAY } from './base/time';
import type { KeyvLike, KeyvStorageLike } from './cache/keyv-client';
import type { FetchList } from './source/fetched-addresses';
import type { Prepare } from './source/preparation';
import type { CacheKey } from './source/web-address';

/** Milliseconds after which Facebook forgets an ID. */
const PLATFORM_TTL = 90 * DAY;

/** The defaults of `ttl` and `refreshAhead`, which the command-line tool has, too. */
export const DEFAULT_TTL = 89 * DAY;
export const DEFAULT_REFRESH_AHEAD = 7 * DAY;

/** Milliseconds: the most that a timer of Node takes. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** All of them are optional. A name that is none of these is refused. */
export interface AttachmentCacheOptions {
  /**
   * Where IDs live: a Keyv (4 to 6) or a Keyv storage adapter. Several processes that share a store share its IDs. An
   * adapter gets the namespace `facebook-attachments`; bring a Keyv of your own for another one.
   *
   * Default: in memory, so that a restart uploads everything again.
   *
   * @example
   * const cache = new FacebookAttachmentCache({ store: new KeyvRedis('redis://localhost:6379') });
   */
  readonly store?: KeyvLike | KeyvStorageLike;
  /**
   * The folder of local files, the only one that paths in messages may name. What a user typed can reach a path by way
   * of a template, so give the narrowest folder that holds your assets.
   *
   * Default: none; local paths are refused.
   *
   * @example
   * const cache = new FacebookAttachmentCache({ root: path.join(__dirname, 'assets') });
   */
  readonly root?: string;
  /**
   * Milliseconds that an ID is trusted after its upload began. Facebook forgets it after 90 days; there is no reason to
   * come closer to that.
   *
   * Default: 89 days.
   */
  readonly ttl?: number;
  /**
   * Milliseconds before the end of `ttl` in which a use renews the ID in the background. 0: never. With a `store`, each
   * process begins at a random point of the first half of that time, so that not all of them do so at once.
   *
   * Default: 7 days, or a tenth of a `ttl` under 70 days.
   */
  readonly refreshAhead?: number;
  /**
   * How an asset comes by its ID. `'upload'`: it is uploaded, and then sent by ID. `'send'`: the first message that
   * holds it saves it (`is_reusable` on the Send API), which is one call less; Facebook's newer pages advise against it.
   *
   * Default: `'upload'`.
   */
  readonly save?: 'upload' | 'send';
  /**
   * An attachment that cannot be prepared rejects `bot.say` and `bot.reply`; a handler that catches nothing ends, and the
   * process goes on. Otherwise, and always in scripts, it is reported, by the adapter's own error line and the event
   * `error`, `bot.say` resolves with `{ error }`, and the conversation goes on.
   *
   * Default: false.
   */
  readonly strict?: boolean;
  /**
   * Milliseconds that a message waits for its ID: queue, attempts, pauses and look-ups together. Then it is sent in one
   * step, while the upload goes on. It waits longer, by 60 s at most, while the bytes of that upload are moving. Media
   * templates cannot go without an ID: they wait up to 60 s, and are then reported. Facebook delivers a webhook again
   * after 20 s without an answer, and Botkit answers when the handler ends.
   *
   * Default: 10000.
   */
  readonly uploadWait?: number;
  /**
   * Milliseconds that a message waits for the store before it goes on without it. Leave it above what the store takes
   * on a bad day: an ID that comes too late is an upload more.
   *
   * Default: 500.
   */
  readonly storeTimeout?: number;
  /**
   * `concurrency`: how many large bodies go out at a time for a page; more of them make each one slower. `attempts`: how often one is
   * tried in all. A place is free again once the last byte is out. Each page has places of its own, and as many beside
   * them for what is up to 1 MB.
   *
   * Default: 4 and 3.
   */
  readonly uploads?: { readonly concurrency?: number; readonly attempts?: number };
  /**
   * What makes two web addresses the same asset. Signed URLs differ each time; leave out the signature:
   * `(url) => url.origin + url.pathname`.
   *
   * Default: the whole address.
   *
   * @example
   * const cache = new FacebookAttachmentCache({ cacheKey: (url) => url.origin + url.pathname });
   */
  readonly cacheKey?: CacheKey;
  /**
   * Origins whose addresses the plugin fetches itself, and sends as bytes, instead of leaving that to Facebook: for
   * addresses that Facebook cannot reach, for signed ones, and for pictures that change behind an address. What such an
   * attachment is, is its content, so the same picture under two addresses is one asset, and a change is noticed, as HTTP's
   * rules for caches have it (`ETag`, `Last-Modified`, `Cache-Control`). `cacheKey` says which addresses are the same download.
   * Redirects are followed to listed origins only. A fetch may take 60 s and bring 25 MB; a message waits for it within
   * `uploadWait`. If it fails or is late, Facebook is given the address for this one message.
   *
   * `when: 'refused'`: only what Facebook could not fetch (100/2018008). Its address stays what it is.
   *
   * Default: none.
   *
   * @example
   * const cache = new FacebookAttachmentCache({ fetchFrom: ['https://cdn.example.com'] });
   *
   * @example
   * const cache = new FacebookAttachmentCache({
   *   fetchFrom: { origins: ['https://cdn.example.com'], when: 'refused' },
   * });
   */
  readonly fetchFrom?: FetchFrom;
  /**
   * Converts what Facebook does not take, before it is uploaded: WebP, HEIC, an image that is too large. `convert` gets the
   * content of local files, bytes and what `fetchFrom` fetches, when there is no ID for it yet: once for each content and
   * `version`, and never when there is one. Content and version both are part of what an asset is, so everything is uploaded anew
   * when this option is added, or its version changes. A conversion may take 60 s.
   *
   * Default: none; everything goes out as it is.
   *
   * @example
   * const cache = new FacebookAttachmentCache({
   *   prepare: {
   *     version: 1,
   *     convert: ({ file }) => (file.type === 'image/webp' ? { type: 'file' } : undefined),
   *   },
   * });
   */
  readonly prepare?: Prepare;
  /**
   * The undici Dispatcher for calls to Facebook, and for what `fetchFrom` fetches: your own TLS settings or proxy, a mock. It brings its own timeouts. Of
   * the plugin's calls at most 60 sends, 32 sends with content and 40 uploads are in flight to one host, whatever the
   * number of pages; give it as many connections, or the slow ones hold the others up. The plugin does not close it.
   *
   * Default: a dispatcher of the plugin's own, with that many connections, 90 s for an answer, and the proxy that
   * HTTPS_PROXY and NO_PROXY name. undici's `setGlobalDispatcher` has no effect on it.
   *
   * @example
   * const cache = new FacebookAttachmentCache({ dispatcher: new ProxyAgent('http://proxy.example:3128') });
   */
  readonly dispatcher?: Dispatcher;
  /**
   * How many IDs are kept in memory in front of the store. One takes about 350 bytes. Raise it if a process sends more
   * assets than that over and over: each that is not in memory costs a call of the store.
   *
   * Default: 10000.
   */
  readonly memory?: number;
}

/** Origins such as `https://cdn.example.com`, and when they are asked. */
export type FetchFrom =
  | readonly string[]
  | {
      readonly origins: readonly string[];
      /**
       * `always`, or `refused`: only what Facebook could not fetch.
       *
       * Default: `always`.
       */
      readonly when?: 'always' | 'refused';
    };

const ttl = milliseconds({ over: 0, most: PLATFORM_TTL, otherwise: DEFAULT_TTL });

/** Each option: what it has to be, and what it is if it is not given. */
const OPTIONS = {
  store: option('a Keyv or a Keyv storage adapter', isStore, undefined, { isSecret: true }),
  root: option('the path of a folder', isFolder, undefined, { why: whyNoFolder }),
  ttl,
  refreshAhead: (value, name, others) => {
    const most = ttl(others.ttl, 'ttl', others);
    const otherwise = Math.min(DEFAULT_REFRESH_AHEAD, most / 10);
    return milliseconds({ least: 0, most, otherwise })(value, name, others);
  },
  save: option("'upload' or 'send'", isWayToSave, 'upload'),
  strict: option('a boolean', isBoolean, false),
  uploadWait: milliseconds({ over: 0, most: LONGEST_TIMEOUT, otherwise: 10_000 }),
  storeTimeout: milliseconds({ over: 0, most: LONGEST_TIMEOUT, otherwise: 500 }),
  uploads: group(
    'option of `uploads`',
    { concurrency: wholeNumber(4), attempts: wholeNumber(3) },
    'uploads.',
  ),
  cacheKey: option('a function', isCacheKey, wholeAddress),
  fetchFrom: readFetchFrom,
  prepare: (value, name, others) => (value === undefined ? undefined : readPrepare(value, name, others)),
  dispatcher: option('an undici Dispatcher', isDispatcher, undefined, { isSecret: true }),
  memory: wholeNumber(10_000),
} satisfies { [Name in keyof AttachmentCacheOptions]-?: Reader<AttachmentCacheOptions[Name]> };

/** Options with their defaults, all checked. */
export type CheckedOptions = Values<typeof OPTIONS>;

/** @throws {TypeError | RangeError} An option is not what it should be: what was expected, and what was received. */
export function readOptions(options: AttachmentCacheOptions = {}): CheckedOptions {
  return group('option', OPTIONS)(options, 'options', {});
}

const readFetchOptions = group(
  'option of `fetchFrom`',
  {
    origins: required('a list of origins such as https://cdn.example.com, without a path', isOrigins, {
      isSecret: true,
    }),
    when: option("'always' or 'refused'", isWhenToFetch, 'always' as const),
  },
  'fetchFrom.',
);

const readPrepare = group(
  'option of `prepare`',
  {
    version: required('a number or a text', isVersion),
    convert: required('a function', isConvert),
  },
  'prepare.',
);

function readFetchFrom(
  value: unknown,
  name: string,
  others: Readonly<Record<string, unknown>>,
): FetchList | undefined {
  if (value === undefined) return undefined;
  const { origins, when } = readFetchOptions(Array.isArray(value) ? { origins: value } : value, name, others);
  return { origins: origins.map((origin) => new URL(origin).origin), when };
}

function milliseconds({
  over = -Infinity,
  least = -Infinity,
  most,
  otherwise,
}: {
  over?: number;
  least?: number;
  most: number;
  otherwise: number;
}): Reader<number> {
  const from = over === -Infinity ? `from ${least}` : `over ${over}`;
  const isValid = (value: unknown): value is number =>
    typeof value === 'number' && value > over && value >= least && value <= most;
  return option(`a number of milliseconds ${from} and up to ${most}`, isValid, otherwise, {
    isRange: true,
  });
}

function wholeNumber(otherwise: number): Reader<number> {
  const isValid = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;
  return option('a whole number from 1', isValid, otherwise, { isRange: true });
}

function wholeAddress(url: URL): string {
  return url.href;
}

function isOrigins(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every(isOrigin);
}

/** With a slash or without. A path would look as if it limited what is fetched. */
function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, origin, href } = new URL(value);
  return (protocol === 'https:' || protocol === 'http:') && href === `${origin}/`;
}

function isVersion(value: unknown): value is string | number {
  return typeof value === 'number' || (typeof value === 'string' && value !== '');
}

function isConvert(value: unknown): value is Prepare['convert'] {
  return isFunction(value);
}

function isWhenToFetch(value: unknown): value is 'always' | 'refused' {
  return value === 'always' || value === 'refused';
}

function isWayToSave(value: unknown): value is 'upload' | 'send' {
  return value === 'upload' || value === 'send';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isCacheKey(value: unknown): value is CacheKey {
  return isFunction(value);
}

function isDispatcher(value: unknown): value is Dispatcher {
  return isRecord(value) && isFunction(value.dispatch) && isFunction(value.request);
}

function isStore(value: unknown): value is KeyvLike | KeyvStorageLike {
  return isRecord(value) && ['get', 'set', 'delete', 'clear'].every((name) => isFunction(value[name]));
}

function isFolder(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  try {
    return statSync(value).isDirectory();
  } catch {
    return false;
  }
}

function whyNoFolder(value: unknown): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  const full = path.resolve(value);
  if (existsSync(full)) return `${JSON.stringify(full)} is not a folder`;
  const where = path.isAbsolute(value)
    ? ''
    : '; a relative path starts at the folder where the process was started';
  return `there is no folder ${JSON.stringify(full)}${where}`;
}
