import { existsSync } from 'node:fs';
import Keyv from 'keyv';
import { inTime } from '../base/in-time';
import { didYouMean } from '../base/similar-name';
import { SECOND } from '../base/time';
import { NAMESPACE, PROBE_KEY, type KeyvStorageLike } from '../cache/keyv-client';
import { UsageError } from './command-options';
import { loadPackage } from './packages';
import { reasonOf } from './printer';
import { openFileStore, pathOfFile, type FileStoreClass } from './store-file';

/** The store of IDs, as its bot has it. */
export interface OpenStore {
  readonly keyv: Keyv;
  /** As it may be shown: without user, password or options. */
  readonly name: string;
  /** With `force`, without waiting for calls under way. */
  close(force: boolean): Promise<void>;
}

export interface OpenStoreOptions {
  readonly url: string;
  /** Default: the one that the plugin gives to a storage adapter. */
  readonly namespace: string | undefined;
  /** Where relative paths start, and packages are looked for. */
  readonly folder: string;
  /**
   * What to do if the store is a file or a folder that is not there. `imitate`: an empty one in memory, and nothing is
   * created.
   *
   * Default: `create`.
   */
  readonly ifMissing?: 'create' | 'refuse' | 'imitate';
}

/** A storage adapter that may hold a connection. */
type Adapter = KeyvStorageLike & {
  readonly opts?: object;
  disconnect?(force?: boolean): Promise<void>;
};

type AdapterClass = new (url: string) => Adapter;

interface Kind {
  readonly package: string;
  open(Class: AdapterClass, url: string, folder: string): Adapter;
}

const REDIS: Kind = { package: '@keyv/redis', open: (KeyvRedis, url) => new KeyvRedis(url) };
const POSTGRES = database('@keyv/postgres');

const KINDS: ReadonlyMap<string, Kind> = new Map([
  ['redis', REDIS],
  ['rediss', REDIS],
  ['postgres', POSTGRES],
  ['postgresql', POSTGRES],
  ['mysql', database('@keyv/mysql')],
  ['sqlite', database('@keyv/sqlite', (url, folder) => `sqlite://${pathOfFile(url, folder)}`)],
  [
    'file',
    {
      package: 'keyv-file',
      open: (KeyvFile, url, folder) =>
        openFileStore(KeyvFile as unknown as FileStoreClass, pathOfFile(url, folder)),
    },
  ],
]);

/** Schemes of stores that are files and need no server. */
const FILE_SCHEMES: ReadonlySet<string> = new Set(['sqlite', 'file']);

/** By default an adapter reads ten rows in a call within the call for the ten before, which overflows the stack. */
const ROWS_AT_A_TIME = 1_000;

/** Milliseconds that a store has for its first answer. */
const CHECK_TIMEOUT = 5 * SECOND;

/** Is the store a file or a folder, and not there? */
export function isMissing({ url, folder }: Pick<OpenStoreOptions, 'url' | 'folder'>): boolean {
  return FILE_SCHEMES.has(schemeOf(url)) && !existsSync(pathOfFile(url, folder));
}

/**
 * @throws {UsageError} It is no URL of a store.
 * @throws {Error} Its package is not installed or cannot be loaded, or what it is to open cannot be opened, or is not
 * there.
 */
export function openStore(options: OpenStoreOptions): OpenStore {
  const { url, namespace = NAMESPACE, folder, ifMissing = 'create' } = options;
  const scheme = schemeOf(url);
  const kind = KINDS.get(scheme);
  if (!kind) throw unknownStore(url, scheme);
  const name = nameOf(url, scheme);
  if (ifMissing !== 'create' && isMissing(options)) {
    if (ifMissing === 'refuse') throw new Error(`There is no store ${name}. Check its address`);
    return { keyv: new Keyv({ namespace }), name, close: () => Promise.resolve() };
  }
  const store = openOrExplain(name, () => kind.open(adapterOf(kind.package, folder), url, folder));
  const keyv = new Keyv({ namespace, throwOnErrors: true, store });
  return {
    keyv,
    name,
    close: async (force) => {
      await store.disconnect?.(force);
    },
  };
}

/**
 * Is the store there, and can it be read and, if need be, written? What is written is deleted again.
 *
 * @throws {Error} Why it cannot be used.
 */
export async function checkStore({ keyv, name }: OpenStore, { writes }: { writes: boolean }): Promise<void> {
  const ask = async (): Promise<void> => {
    await keyv.get(PROBE_KEY);
    if (!writes) return;
    await keyv.set(PROBE_KEY, true, CHECK_TIMEOUT);
    const kept: unknown = await keyv.get(PROBE_KEY);
    await keyv.delete(PROBE_KEY);
    if (kept !== true) throw new Error('it does not keep written records');
  };
  let fail: (error: unknown) => void = () => undefined;
  // Some adapters tell of a failure in no other way, and say better what it is than what they throw.
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  keyv.on('error', fail);
  try {
    await inTime(Promise.race([failure, ask()]), CHECK_TIMEOUT);
  } catch (error) {
    throw unusable(name, error);
  } finally {
    keyv.off('error', fail);
  }
}

/** The password of a URL, in the forms in which it can turn up in a message. */
export function secretsOf(url: string): string[] {
  const written = /^[^/]*\/\/[^/@]*?:(.+)@/.exec(url)?.[1] ?? '';
  const password = URL.canParse(url) ? new URL(url).password : '';
  return [written, password, decode(password)].filter((secret) => secret !== '');
}

function database(packageName: string, urlOf: (url: string, folder: string) => string = (url) => url): Kind {
  return {
    package: packageName,
    open: (Class, url, folder) => {
      const adapter = new Class(urlOf(url, folder));
      Object.assign(adapter.opts ?? {}, { iterationLimit: ROWS_AT_A_TIME });
      return adapter;
    },
  };
}

function adapterOf(name: string, folder: string): AdapterClass {
  const loaded = loadPackage(name, folder);
  if (loaded !== undefined) return (loaded as { default: AdapterClass }).default;
  throw new Error(`it needs the package ${name}, which is not installed: npm install ${name}`);
}

function openOrExplain<T>(name: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw unusable(name, error);
  }
}

function unusable(name: string, error: unknown): Error {
  return new Error(`The store ${name} cannot be used: ${reasonOf(error).message}`);
}

function unknownStore(url: string, scheme: string): UsageError {
  const known = [...KINDS.keys()].map((kind) => `${kind}://`).join(', ');
  return new UsageError(
    `expected the store to be a URL that begins with one of ${known}, got ${scheme === '' ? `something else${didYouMean(asFile(url))}` : `${scheme}:`}`,
  );
}

/** The URL of a path that was given without its scheme. Undefined: it may be a server, and hold a password. */
function asFile(path: string): string | undefined {
  if (!/^(?!\/\/)[^:@]*[./][^:@]*$/.test(path)) return undefined;
  return `${path.endsWith('.sqlite') ? 'sqlite' : 'file'}://${path}`;
}

function schemeOf(url: string): string {
  return /^([a-z][a-z0-9+.-]*):/i.exec(url)?.[1]?.toLowerCase() ?? '';
}

/** A file as it was named; of a server, user, password and options stay out. */
function nameOf(url: string, scheme: string): string {
  if (FILE_SCHEMES.has(scheme)) return url;
  const { host, pathname } = URL.canParse(url) ? new URL(url) : { host: '…', pathname: '' };
  return `${scheme}://${host}${pathname}`;
}

function decode(password: string): string {
  try {
    return decodeURIComponent(password);
  } catch {
    return password;
  }
}
