import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, lstat, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { KeyvStorageLike } from '../cache/keyv-client';

/** The part of KeyvFile that is used and changed. */
export interface FileStore extends KeyvStorageLike {
  readonly opts: { filename: string };
  /** Writes its one file as it is now. */
  saveToDisk(): Promise<void>;
  /** Has its one file written. */
  save(): Promise<void>;
  keys(): Promise<Iterable<string>>;
}

export type FileStoreClass = new (options: { filename: string; separatedFile: boolean }) => FileStore;

/** Of what the tool creates: IDs are nobody else's business. */
const FILE_MODE = 0o600;
const FOLDER_MODE = 0o700;

/** In a folder of KeyvFile: encoded keys, and files of its own that begin with a dot. */
const ENTRY = /^(\..*|[^.\-\s]+)$/;

/** `file:///var/ids.json`; without the third slash, relative to `folder`, as in `file://ids.json`. */
export function pathOfFile(url: string, folder: string): string {
  const rest = url.replace(/^[a-z]+:(\/\/)?/i, '');
  return rest.startsWith('/') ? fileURLToPath(`file://${rest}`) : path.resolve(folder, rest);
}

/**
 * A KeyvFile, in one file or, with its option `separatedFile`, in a folder with a file for each ID. Which of them is
 * told by what is there; before there is anything, by the name: that of a file has an extension.
 *
 * @throws {Error} There is something else.
 */
export function openFileStore(KeyvFile: FileStoreClass, filename: string): FileStore {
  const stats = statSync(filename, { throwIfNoEntry: false });
  if (stats?.isDirectory() ?? path.extname(filename) === '') {
    if (stats) checkFolder(filename);
    else mkdirSync(filename, { recursive: true, mode: FOLDER_MODE });
    return new KeyvFile({ filename, separatedFile: true });
  }
  if (stats) checkFile(filename);
  return safeToInterrupt(new KeyvFile({ filename, separatedFile: false }));
}

/**
 * Its one file is written beside it and then moved: a process that is stopped in between leaves the old one whole. And
 * what comes while it is written is written after it; KeyvFile would say that it is, and wait for the next change.
 *
 * It is written in a new folder that only this user can enter, so that others who can write to the folder of the store
 * cannot put a link in its way.
 */
function safeToInterrupt(store: FileStore): FileStore {
  const { filename } = store.opts;
  const write = async (): Promise<void> => {
    await mkdir(path.dirname(filename), { recursive: true });
    const folder = await mkdtemp(`${filename}.`);
    try {
      store.opts.filename = path.join(folder, path.basename(filename));
      await store.saveToDisk();
      await chmod(store.opts.filename, await modeOf(filename));
      await rename(store.opts.filename, filename);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };
  let underway: Promise<unknown> = Promise.resolve();
  let next: Promise<void> | undefined;
  store.save = () => {
    if (next) return next;
    next = underway.then(() => {
      next = undefined;
      return write();
    });
    underway = next.catch(() => undefined);
    return next;
  };
  // It filters what `keys` gives to list it, which only arrays can do in Node 20.
  const keys = store.keys.bind(store);
  store.keys = async () => [...(await keys())];
  return store;
}

/** That of a file that is there stays: a bot that runs as another user may have to read it. */
async function modeOf(filename: string): Promise<number> {
  const stats = await lstat(filename).catch(() => undefined);
  return stats?.isFile() ? stats.mode & 0o777 : FILE_MODE;
}

/** KeyvFile writes through links. */
function checkFolder(folder: string): void {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (!entries.every((entry) => entry.isFile() && ENTRY.test(entry.name)))
    throw new Error('it is not a folder of keyv-file');
}

/** KeyvFile takes a file that it cannot read for an empty one, and writes over it. */
function checkFile(file: string): void {
  const text = readFileSync(file, 'utf8');
  if (text !== '' && !holdsCache(text)) throw new Error('it is not a file of keyv-file, or it is damaged');
}

function holdsCache(text: string): boolean {
  try {
    const content: unknown = JSON.parse(text);
    const { cache } = (content ?? {}) as { cache?: unknown };
    return typeof cache === 'object' && cache !== null;
  } catch {
    return false;
  }
}
