import { statSync } from 'node:fs';
import type { Dispatcher } from 'undici';
import { isRecord } from './base/records';
import type { KeyvLike, KeyvStorageLike } from './cache/id-store';
import type { CacheKey } from './source/web-address';

const DAY = 24 * 60 * 60 * 1000;

/** After this, Facebook forgets an ID. */
const PLATFORM_TTL = 90 * DAY;

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
   * Milliseconds before the end of `ttl` in which a use renews the ID in the background. 0: never.
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
   * An attachment that cannot be prepared rejects `bot.say` and `bot.reply`. Otherwise it is reported, by the adapter's
   * own error line and the event `error`, and the conversation goes on.
   *
   * Default: false.
   */
  readonly strict?: boolean;
  /**
   * Milliseconds that a message waits for the store before it goes on without it. Leave it above what the store takes
   * on a bad day: an ID that comes too late is an upload more.
   *
   * Default: 500.
   */
  readonly storeTimeout?: number;
  /**
   * `concurrency`: how many uploads go on at a time; more of them make each one slower. `attempts`: how often one is
   * tried in all; the message waits meanwhile, up to half a minute where Facebook asks for it.
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
   * The undici Dispatcher for calls to Facebook: your own TLS settings or proxy, a mock. It brings its own timeouts. Of
   * the plugin's calls at most 50 sends, 32 sends with content and 32 uploads are in flight to one host; give it as
   * many connections, or the slow ones hold the others up. The plugin does not close it.
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

/** Options with their defaults, all checked. */
export interface Settings {
  readonly store: KeyvLike | KeyvStorageLike | undefined;
  readonly root: string | undefined;
  readonly ttl: number;
  readonly refreshAhead: number;
  readonly save: 'upload' | 'send';
  readonly strict: boolean;
  readonly storeTimeout: number;
  readonly uploads: { readonly concurrency: number; readonly attempts: number };
  readonly cacheKey: CacheKey;
  readonly dispatcher: Dispatcher | undefined;
  readonly memory: number;
}

const OPTION_NAMES: ReadonlySet<string> = new Set<keyof AttachmentCacheOptions>([
  'store',
  'root',
  'ttl',
  'refreshAhead',
  'save',
  'strict',
  'storeTimeout',
  'uploads',
  'cacheKey',
  'dispatcher',
  'memory',
]);

const MAY_HOLD_A_PASSWORD: ReadonlySet<string> = new Set(['store', 'dispatcher']);

/** @throws {TypeError | RangeError} An option is not what it should be: what was expected, and what was received. */
export function readOptions(options: AttachmentCacheOptions = {}): Settings {
  checkNames('options', 'option', options, OPTION_NAMES);
  const { store, root, cacheKey, dispatcher, uploads = {} } = options;
  const { save = 'upload', strict = false, storeTimeout = 500, memory = 10_000, ttl = 89 * DAY } = options;
  checkNumber('ttl', ttl, { over: 0, most: PLATFORM_TTL });
  const refreshAhead = options.refreshAhead ?? Math.min(7 * DAY, ttl / 10);
  checkNumber('refreshAhead', refreshAhead, { least: 0, most: ttl });
  checkNumber('storeTimeout', storeTimeout, { over: 0, most: 2 ** 31 - 1 });
  checkInteger('memory', memory);
  checkNames('uploads', 'option of `uploads`', uploads, new Set(['concurrency', 'attempts']));
  const { concurrency = 4, attempts = 3 } = uploads;
  checkInteger('uploads.concurrency', concurrency);
  checkInteger('uploads.attempts', attempts);
  check(['upload', 'send'].includes(save), 'save', "'upload' or 'send'", save);
  check(typeof strict === 'boolean', 'strict', 'a boolean', strict);
  check(isOptional(cacheKey, isFunction), 'cacheKey', 'a function', cacheKey);
  check(isOptional(dispatcher, isDispatcher), 'dispatcher', 'an undici Dispatcher', dispatcher);
  check(isOptional(store, isStore), 'store', 'a Keyv or a Keyv storage adapter', store);
  check(isOptional(root, isFolder), 'root', 'the path of a folder', root);
  return {
    store,
    root,
    ttl,
    refreshAhead,
    save,
    strict,
    storeTimeout,
    uploads: { concurrency, attempts },
    cacheKey: cacheKey ?? ((url) => url.href),
    dispatcher,
    memory,
  };
}

function checkNames(whole: string, each: string, options: object, known: ReadonlySet<string>): void {
  check(isRecord(options), whole, 'an object', options);
  for (const name of Object.keys(options)) {
    if (known.has(name)) continue;
    throw new TypeError(`Expected each ${each} to be one of ${[...known].join(', ')}, got \`${name}\``);
  }
}

function checkNumber(
  name: string,
  value: unknown,
  { over = -Infinity, least = -Infinity, most }: { over?: number; least?: number; most: number },
): void {
  const isGood = typeof value === 'number' && value > over && value >= least && value <= most;
  const from = over === -Infinity ? `from ${least}` : `over ${over}`;
  check(isGood, name, `a number of milliseconds ${from} and up to ${most}`, value, RangeError);
}

function checkInteger(name: string, value: unknown): void {
  check(
    Number.isSafeInteger(value) && (value as number) >= 1,
    name,
    'a whole number from 1',
    value,
    RangeError,
  );
}

function check(
  isGood: boolean,
  name: string,
  expected: string,
  received: unknown,
  Failure: typeof TypeError | typeof RangeError = TypeError,
): void {
  if (!isGood) throw new Failure(`Expected \`${name}\` to be ${expected}, got ${show(name, received)}`);
}

/** The address of a store or a proxy can hold a password. */
function show(name: string, value: unknown): string {
  if (typeof value === 'string') return MAY_HOLD_A_PASSWORD.has(name) ? 'a string' : JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}

function isOptional(value: unknown, isGood: (value: unknown) => boolean): boolean {
  return value === undefined || isGood(value);
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

function isDispatcher(value: unknown): boolean {
  return isRecord(value) && isFunction(value.dispatch) && isFunction(value.request);
}

function isStore(value: unknown): boolean {
  return isRecord(value) && ['get', 'set', 'delete', 'clear'].every((name) => isFunction(value[name]));
}

function isFolder(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    return statSync(value).isDirectory();
  } catch {
    return false;
  }
}
