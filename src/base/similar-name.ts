/** One slip is allowed for this many characters of a name, and at least one. */
const CHARACTERS_PER_SLIP = 5;

/** Characters. A shorter common beginning can be chance. */
const SHORTEST_BEGINNING = 5;

/** How much of the longer name the common beginning is at least. */
const LEAST_SHARE = 2 / 3;

/**
 * The name that somebody may have meant by one that there is not: one in other case, with slips of the fingers, or with
 * another ending.
 *
 * @returns Undefined: none is like it.
 */
export function findSimilarName(wanted: string, names: readonly string[]): string | undefined {
  return findTypo(wanted, names) ?? findSameBeginning(wanted, names);
}

/**
 * The name that somebody may have mistyped. For paths, where a common beginning says little: it can be a folder.
 *
 * @returns Undefined: none is like it.
 */
export function findTypo(wanted: string, names: readonly string[]): string | undefined {
  const folded = fold(wanted);
  let fewest = Math.max(1, Math.floor(folded.length / CHARACTERS_PER_SLIP)) + 1;
  let nearest: string | undefined;
  for (const name of names) {
    const slips = countSlips(folded, fold(name), fewest);
    if (slips >= fewest) continue;
    fewest = slips;
    nearest = name;
  }
  return nearest;
}

function findSameBeginning(wanted: string, names: readonly string[]): string | undefined {
  const folded = fold(wanted);
  let longest = SHORTEST_BEGINNING - 1;
  let nearest: string | undefined;
  for (const name of names) {
    const other = fold(name);
    const length = countSameAtStart(folded, other);
    if (length <= longest || length < LEAST_SHARE * Math.max(folded.length, other.length)) continue;
    longest = length;
    nearest = name;
  }
  return nearest;
}

function countSameAtStart(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

/** The end of an error message: `; did you mean "cats"?`, or nothing if there is no such name. */
export function didYouMean(name: string | undefined): string {
  return name === undefined ? '' : `; did you mean ${JSON.stringify(name)}?`;
}

/** A name as names are compared: without upper case, and in one form of Unicode. */
export function fold(name: string): string {
  return name.normalize('NFC').toLowerCase();
}

/**
 * How many characters are to be typed, left out, exchanged or swapped with their neighbour to get from one name to the
 * other (the optimal string alignment distance).
 *
 * @param most - It stops counting there.
 */
function countSlips(from: string, to: string, most: number): number {
  if (Math.abs(from.length - to.length) >= most) return most;
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row++) {
    const now = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      now.push(
        Math.min(
          at(last, column - 1) + (isSame ? 0 : 1),
          at(last, column) + 1,
          at(now, column - 1) + 1,
          isSwapped ? at(beforeLast, column - 2) + 1 : Infinity,
        ),
      );
    }
    // A swap goes back two rows.
    if (Math.min(...now, ...last) >= most) return most;
    [beforeLast, last] = [last, now];
  }
  return Math.min(at(last, to.length), most);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
