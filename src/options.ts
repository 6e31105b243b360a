import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Dispatcher } from 'undici';
import {
  group,
  isBoolean,
  isFunction,
  option,
  required,
  wholeNumber,
  type Reader,
  type Values,
} from './base/check-options';
import { isRecord } from './base/records';
import { DAY } from './base/time';
import type { KeyvLike, KeyvStorageLike } from './cache/keyv-client';
import type { FetchList } from './source/fetched-addresses';
import type { Prepare } from './source/preparation';
import type { CacheKey } from './source/web-address';

/** Milliseconds after which Facebook deletes an ID. */
const PLATFORM_TTL = 90 * DAY;

/** The defaults of `ttl` and `refreshAhead`, also used by the command-line tool. */
export const DEFAULT_TTL = 89 * DAY;
export const DEFAULT_REFRESH_AHEAD = 7 * DAY;

/** Milliseconds: the longest timer that Node supports. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** IDs in memory. More would take gigabytes: this many take 3.5 GB, and their index is allocated at the start. */
const MAX_MEMORY = 10_000_000;

/** All options are optional. Unknown names are refused. */
export interface AttachmentCacheOptions {
  /**
   * Where IDs are stored: a Keyv (version 4 to 6) or a Keyv storage adapter. Processes that share a store share its
   * IDs. An adapter gets the namespace `facebook-attachments`; for another one, pass a Keyv of your own.
   *
   * Default: memory. After a restart, everything is uploaded again.
   *
   * @example
   * const cache = new FacebookAttachmentCache({ store: new KeyvRedis('redis://localhost:6379') });
   */
  readonly store?: KeyvLike | KeyvStorageLike;
  /**
   * The folder of local files. Only files inside it are read. A path can contain text that a user typed, for example
   * through a template, so choose the narrowest folder that holds your assets.
   *
   * A path or a `file:` URL.
   *
   * Default: none; local paths are refused.
   *
   * @example
   * const cache = new FacebookAttachmentCache({ root: path.join(__dirname, 'assets') });
   */
  readonly root?: string | URL;
  /**
   * How many milliseconds an ID is used, counted from the start of its upload. Facebook deletes it after 90 days, which
   * is the maximum.
   *
   * Default: 89 days.
   */
  readonly ttl?: number;
  /**
   * How many milliseconds before the end of `ttl` a send starts to refresh the ID in the background. 0: never. With a
   * `store`, each process starts at a random point in the first half of this time, so that not all do it at once.
   *
   * Default: 7 days, or a tenth of a `ttl` under 70 days.
   */
  readonly refreshAhead?: number;
  /**
   * How an asset gets its ID. `'upload'`: it is uploaded, and then sent by ID. `'send'`: the first message carries the
   * content and saves it (`is_reusable` in the Send API). This saves one call, but Facebook's newer documents advise
   * against it.
   *
   * Default: `'upload'`.
   */
  readonly save?: 'upload' | 'send';
  /**
   * `bot.say` and `bot.reply` reject if an attachment cannot be read, uploaded or fetched. After a temporary failure,
   * the message is sent in one step, with its content instead of an ID (a media template cannot be). If a handler does
   * not catch the error, the handler ends, but not the process. Without this option, and always in scripts, `bot.say`
   * resolves with `{ error }`, the adapter and the event `error` report it, and the conversation continues.
   *
   * Default: false.
   */
  readonly strict?: boolean;
  /**
   * How many milliseconds a message waits for its ID: queue, attempts, pauses and look-ups together. Then it is sent in
   * one step, and the upload continues. While bytes of the upload are moving, it waits up to 60 s longer. Media
   * templates cannot be sent without an ID: they wait up to 60 s and are then reported. Note that Facebook delivers a
   * webhook event again if it gets no answer within 20 s, and that Botkit answers when the handler ends.
   *
   * Default: 10000.
   */
  readonly uploadWait?: number;
  /**
   * Whether the person sees that the bot is typing (`typing_on`) while a message waits more than a second for its
   * upload.
   *
   * Default: false.
   */
  readonly typing?: boolean;
  /**
   * How many milliseconds a message waits for the store before it is sent without it. Set it higher than the store's
   * slowest usual answer: if an ID arrives too late, its asset is uploaded once more. An upload that another process may
   * be making waits four times as long, if uploads of this process wait for their turn.
   *
   * Default: 500.
   */
  readonly storeTimeout?: number;
  /**
   * `concurrency`: how many files over 1 MB are uploaded for a page at the same time, and as many smaller ones. A
   * higher number makes each of them slower. An upload counts until its last byte has left. `attempts`: how many times
   * an upload is tried in total.
   *
   * Default: `{ concurrency: 4, attempts: 3 }`.
   */
  readonly uploads?: { readonly concurrency?: number; readonly attempts?: number };
  /**
   * Two web addresses with the same key are the same asset. For signed URLs, return a key without the signature:
   * `(url) => url.origin + url.pathname`.
   *
   * Default: the whole address.
   *
   * @example
   * const cache = new FacebookAttachmentCache({ cacheKey: (url) => url.origin + url.pathname });
   */
  readonly cacheKey?: CacheKey;
  /**
   * Origins whose addresses the plugin fetches itself, instead of Facebook. Use it for addresses that Facebook cannot
   * reach, for signed ones, and for pictures that change behind an address. The content identifies such an asset, so
   * the same picture under two addresses is one asset, and changes are noticed (by `ETag`, `Last-Modified` and
   * `Cache-Control`). Addresses with the same `cacheKey` share one download. Redirects to other origins are refused. A
   * fetch takes 60 s and 25 MB at most; a message waits for it within `uploadWait`. If the fetch fails or is late,
   * Facebook is given the address for this message.
   *
   * `when: 'refused'`: the plugin fetches only what Facebook could not fetch (100/2018008). The address identifies the
   * asset.
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
   * Converts content that Facebook does not accept before it is uploaded: WebP, HEIC, images that are too large.
   * `convert` gets the content of local files, bytes and what `fetchFrom` fetches. It is called only if there is no ID
   * yet, once per content and `version`. The version is part of an asset's identity: if you add this option or change
   * the version, everything is uploaded once more. A conversion can take 60 s.
   *
   * Default: none; nothing is converted.
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
   * The undici Dispatcher for calls to Facebook and for `fetchFrom`: for your own TLS settings, a proxy or a mock. For
   * calls to Facebook, its timeouts replace the plugin's; undici's own are 300 s. The plugin makes at most 60 sends, 32
   * sends with content and 40 uploads to one host at the same time; allow that many connections, so that slow calls do
   * not block others. The plugin does not close it.
   *
   * Default: the plugin's own dispatcher with that many connections, 90 s for an answer, and the proxy of HTTPS_PROXY
   * and NO_PROXY. undici's `setGlobalDispatcher` does not affect it.
   *
   * @example
   * const dispatcher = new ProxyAgent({ uri: 'http://proxy.example:3128', headersTimeout: 90_000, bodyTimeout: 90_000 });
   * const cache = new FacebookAttachmentCache({ dispatcher });
   */
  readonly dispatcher?: Dispatcher;
  /**
   * How many IDs are kept in memory in front of the store. An ID takes about 350 bytes. Raise this number if a process
   * regularly sends more assets: each ID that is not in memory costs a store call. From 1 to 10 million.
   *
   * Default: 10000.
   */
  readonly memory?: number;
}

/** Origins such as `https://cdn.example.com`, and when the plugin fetches from them. */
export type FetchFrom =
  | readonly string[]
  | {
      readonly origins: readonly string[];
      /**
       * `always`, or `refused`: only after Facebook could not fetch the address.
       *
       * Default: `always`.
       */
      readonly when?: 'always' | 'refused';
    };

const readFolder = option('the path of a folder', isFolder, undefined, { why: whyNoFolder });

const ttl = milliseconds({ over: 0, most: PLATFORM_TTL, otherwise: DEFAULT_TTL });

/** Each option: its check and its default. */
const OPTIONS = {
  store: option('a Keyv or a Keyv storage adapter', isStore, undefined, { isSecret: true }),
  root: (value, name, others) => readFolder(toPath(value), name, others),
  ttl,
  refreshAhead: (value, name, others) => {
    const most = ttl(others.ttl, 'ttl', others);
    const otherwise = Math.min(DEFAULT_REFRESH_AHEAD, most / 10);
    return milliseconds({ least: 0, most, otherwise })(value, name, others);
  },
  save: option("'upload' or 'send'", isWayToSave, 'upload'),
  strict: option('a boolean', isBoolean, false),
  uploadWait: milliseconds({ over: 0, most: LONGEST_TIMEOUT, otherwise: 10_000 }),
  typing: option('a boolean', isBoolean, false),
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
  memory: wholeNumber(10_000, MAX_MEMORY),
} satisfies { [Name in keyof AttachmentCacheOptions]-?: Reader<AttachmentCacheOptions[Name]> };

/** The checked options with their defaults. */
export type CheckedOptions = Values<typeof OPTIONS>;

/**
 * @throws {TypeError | RangeError} An option is not valid. The message says what was expected and what was received.
 */
export function readOptions(options: AttachmentCacheOptions = {}): CheckedOptions {
  return group('option', OPTIONS)(options, 'options', {});
}

const SCHEME_OF_ORIGIN = /^https?:\/\//i;

const readOriginList = required("a list of origins such as ['https://cdn.example.com']", isOriginList, {
  isSecret: true,
  why: whyNoOriginList,
});

const readOrigin = required('an origin such as https://cdn.example.com', isOrigin, {
  // Without a scheme, it cannot be told where a password would be.
  isSecret: (value) => !SCHEME_OF_ORIGIN.test(String(value)),
  why: whyNoOrigin,
});

const readFetchOptions = group(
  'option of `fetchFrom`',
  {
    origins: readOrigins,
    when: option("'always' or 'refused'", isWhenToFetch, 'always' as const),
  },
  'fetchFrom.',
);

const readPrepare = group(
  'option of `prepare`',
  {
    version: required('a number or a string that is not empty', isVersion),
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
  if (Array.isArray(value)) return { origins: readOrigins(value, name), when: 'always' };
  if (typeof value === 'string') readOriginList(value, name, others);
  return readFetchOptions(value, name, others);
}

function readOrigins(value: unknown, name: string): readonly string[] {
  const origins = readOriginList(value, name, {});
  return origins.map((origin, index) => new URL(readOrigin(origin, `${name}[${index}]`, {})).origin);
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

function wholeAddress(url: URL): string {
  return url.href;
}

function isOriginList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function whyNoOriginList(value: unknown): string | undefined {
  return typeof value === 'string' ? 'put brackets around it, also if it is only one' : undefined;
}

function isOrigin(value: unknown): value is string {
  return typeof value === 'string' && whyNoOrigin(value) === undefined;
}

/** A final slash is allowed. A path is not: it would look as if it limited what is fetched. */
function whyNoOrigin(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  if (!SCHEME_OF_ORIGIN.test(value)) return 'an origin begins with https:// (or http://)';
  if (value.includes('*')) return 'there are no wildcards, so list each origin';
  if (!URL.canParse(value)) return 'it is not a valid address';
  const { origin, href, username, password } = new URL(value);
  if (username || password) return 'leave out the user and the password';
  return href === `${origin}/` ? undefined : 'leave out everything after the host and the port';
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

/** A `file:` URL as a path. */
function toPath(value: unknown): unknown {
  try {
    return value instanceof URL ? fileURLToPath(value) : value;
  } catch {
    return value;
  }
}

function whyNoFolder(value: unknown): string | undefined {
  if (value instanceof URL) return 'only a file: URL of this machine names a folder';
  if (typeof value !== 'string' || value === '') return undefined;
  if (/^file:/i.test(value)) return 'a file: URL has to be a URL object: new URL(…)';
  const full = path.resolve(value);
  if (existsSync(full)) return `${JSON.stringify(full)} is not a folder`;
  const where = path.isAbsolute(value)
    ? ''
    : '; a relative path is resolved from the folder in which the process was started';
  return `there is no folder ${JSON.stringify(full)}${where}`;
}
