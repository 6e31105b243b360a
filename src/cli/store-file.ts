import { readdirSync, readFileSync, statSync } from 'node:fs';
import { rename } from 'node:fs/promises';
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
    return new KeyvFile({ filename, separatedFile: true });
  }
  if (stats) checkFile(filename);
  return safeToInterrupt(new KeyvFile({ filename, separatedFile: false }));
}

/**
 * Its one file is written beside it and then moved: whoever is stopped in between leaves the old one whole. And what
 * comes while it is written is written after it; KeyvFile would say that it is, and wait for the next change.
 */
function safeToInterrupt(store: FileStore): FileStore {
  const { filename } = store.opts;
  store.opts.filename = `${filename}.${process.pid}.tmp`;
  const write = async (): Promise<void> => {
    await store.saveToDisk();
    await rename(store.opts.filename, filename);
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

function checkFolder(folder: string): void {
  if (!readdirSync(folder).every((name) => ENTRY.test(name)))
    throw new Error('it is a folder of something else');
}

/** KeyvFile takes a file that it cannot read for an empty one, and writes over it. */
function checkFile(file: string): void {
  const text = readFileSync(file, 'utf8');
  if (text !== '' && !holdsCache(text)) throw new Error('it is a file of something else, or damaged');
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
