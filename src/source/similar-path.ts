import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { findTypo, fold } from '../base/similar-name';
import { fileOperations } from './file-operations';
import { inTurn } from './in-turn';

/** How many names of the root are looked at. */
const MOST_NAMES = 1_000;

/** Characters. Longer names are no slips of an author. */
const LONGEST_NAME = 200;

/** What may be meant. */
export type PathKind = 'file' | 'folder';

/** A file or a folder, by its path from the root, with slashes. */
interface Candidate {
  readonly name: string;
  readonly folded: string;
}

/**
 * The file (or folder, if `kinds` has it) inside the root that a wrong name probably means: one in another case, with a
 * folder more or less before it, with a typing mistake corrected, or with another extension. Symlinks are not followed,
 * so nothing outside of the root is looked at. Of a large root, only a part is.
 *
 * @param root - Absolute.
 * @param missing - Path from the root, with slashes.
 * @returns A path from the root, with slashes. Undefined: there is none, or the root cannot be read in time.
 */
export async function findSimilarPath(
  root: string,
  missing: string,
  kinds: readonly PathKind[] = ['file'],
): Promise<string | undefined> {
  const wanted = fold(missing);
  if (wanted.length > LONGEST_NAME) return undefined;
  try {
    const paths = await fileOperations.run('content', root, () => listPaths(root, wanted, kinds));
    return await inTurn(() => mostSimilar(paths, wanted));
  } catch {
    return undefined;
  }
}

/** Folders that the name goes through are looked at first, then those nearest to the root. */
async function listPaths(root: string, wanted: string, kinds: readonly PathKind[]): Promise<Candidate[]> {
  const paths: Candidate[] = [];
  const folders = [''];
  let names = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (++names > MOST_NAMES) return paths;
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const kind = entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : undefined;
      if (kind && kinds.includes(kind)) paths.push({ name, folded: fold(name) });
      if (kind !== 'folder') continue;
      if (wanted.startsWith(`${fold(name)}/`)) folders.unshift(name);
      else folders.push(name);
    }
  }
  return paths;
}

function mostSimilar(paths: readonly Candidate[], wanted: string): string | undefined {
  const stem = withoutExtension(wanted);
  const tests: readonly ((candidate: Candidate) => boolean)[] = [
    ({ folded }) => folded === wanted,
    ({ folded }) => wanted.endsWith(`/${folded}`),
    ({ folded }) => folded.endsWith(`/${wanted}`),
    ({ folded }) => withoutExtension(folded) === stem,
  ];
  for (const test of tests) {
    const found = paths.find(test);
    if (found) return found.name;
  }
  return findTypo(
    wanted,
    paths.map(({ name }) => name),
  );
}

function withoutExtension(name: string): string {
  const { dir, name: stem } = path.posix.parse(name);
  return `${dir}/${stem}`;
}
