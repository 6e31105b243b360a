import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { fileOperations } from './file-operations';
import { inTurn } from './in-turn';

/** How many names of the root are looked at. */
const MOST_NAMES = 1_000;

/** Characters. Longer names are no slips of an author. */
const LONGEST_NAME = 200;

/** A slip for each so many characters of a name, and one in any case. */
const CHARACTERS_PER_SLIP = 5;

/** A file, by its path from the root, with slashes. */
interface Candidate {
  readonly name: string;
  /** What names are compared by: without upper case, and in one form of Unicode. */
  readonly folded: string;
}

/**
 * The file inside the root that somebody may have meant by a name that there is not: one in other case, one without a
 * folder too many or too few before it, or one with a slip or another extension. Symlinks are not followed, so nothing outside of
 * the root is looked at. Of a large root, only a part is.
 *
 * @param root - Absolute.
 * @param missing - Path from the root, with slashes.
 * @returns A path from the root, with slashes. Undefined: there is none, or the root cannot be read in time.
 */
export async function findSimilarFile(root: string, missing: string): Promise<string | undefined> {
  const wanted = fold(missing);
  if (wanted.length > LONGEST_NAME) return undefined;
  try {
    const files = await fileOperations.run('content', root, () => listFiles(root, wanted));
    return await inTurn(() => mostSimilar(files, wanted));
  } catch {
    return undefined;
  }
}

/** Folders that the name goes through are looked at first, then those nearest to the root. */
async function listFiles(root: string, wanted: string): Promise<Candidate[]> {
  const files: Candidate[] = [];
  const folders = [''];
  let names = 0;
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
      if (++names > MOST_NAMES) return files;
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isFile()) files.push({ name, folded: fold(name) });
      if (!entry.isDirectory()) continue;
      if (wanted.startsWith(`${fold(name)}/`)) folders.unshift(name);
      else folders.push(name);
    }
  }
  return files;
}

function mostSimilar(files: readonly Candidate[], wanted: string): string | undefined {
  const stem = withoutExtension(wanted);
  const tests: readonly ((candidate: Candidate) => boolean)[] = [
    ({ folded }) => folded === wanted,
    ({ folded }) => wanted.endsWith(`/${folded}`),
    ({ folded }) => folded.endsWith(`/${wanted}`),
    ({ folded }) => withoutExtension(folded) === stem,
  ];
  for (const test of tests) {
    const found = files.find(test);
    if (found) return found.name;
  }
  let fewest = Math.max(1, Math.floor(wanted.length / CHARACTERS_PER_SLIP)) + 1;
  let nearest: string | undefined;
  for (const { name, folded } of files) {
    const slips = countSlips(wanted, folded, fewest);
    if (slips >= fewest) continue;
    fewest = slips;
    nearest = name;
  }
  return nearest;
}

function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

function withoutExtension(name: string): string {
  const { dir, name: stem } = path.posix.parse(name);
  return `${dir}/${stem}`;
}

/**
 * How many characters are to be typed, left out or exchanged to get from one name to the other (their Levenshtein
 * distance).
 *
 * @param most - It stops to count there.
 */
function countSlips(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) >= most) return most;
  let before = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const now = [row];
    let least = row;
    for (let column = 1; column <= to.length; column++) {
      const exchanged = (before[column - 1] ?? 0) + (from[row - 1] === to[column - 1] ? 0 : 1);
      const slips = Math.min(exchanged, (before[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1);
      now.push(slips);
      least = Math.min(least, slips);
    }
    if (least >= most) return most;
    before = now;
  }
  return before[to.length] ?? most;
}
