import { invalidParameter } from './errors';

/** The simulator keeps no more of anything that a call can add. */
const MAX = 1000;

export function addBounded<T extends { id: string }>(map: Map<string, T>, added: T, what: string): void {
  if (map.size >= MAX) throw invalidParameter(`The simulator keeps no more than ${MAX} ${what} of a page`);
  map.set(added.id, added);
}
