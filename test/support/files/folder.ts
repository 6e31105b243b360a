import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of files that each test gets new, and that goes with it. */
export interface Folder {
  /** Its real path. */
  readonly path: string;
  /** The path of something inside; with `..`, of something beside it. */
  at(...names: string[]): string;
  /** Writes a file, and the folders on the way to it. */
  write(name: string, content: string | Uint8Array): Promise<string>;
}

/**
 * For a suite: makes the folder before each of its tests. It lies in one of its own, so that tests can write beside it.
 */
export function useFolder(name = 'root'): Folder {
  let parent = '';
  beforeEach(async () => {
    parent = await realpath(await mkdtemp(path.join(tmpdir(), 'attachments-')));
    await mkdir(path.join(parent, name));
  });
  afterEach(() => rm(parent, { recursive: true, force: true }));
  const at = (...names: string[]): string => path.join(parent, name, ...names);
  return {
    get path() {
      return at();
    },
    at,
    write: async (file, content) => {
      const target = at(file);
      await mkdir(path.dirname(target), { recursive: true });
      await writeFile(target, content);
      return target;
    },
  };
}
