/**
 * Keeps things in the order in which they came. When there are too many, or all together are too large, the oldest go.
 */
export class Retention<T> {
  readonly #most: { count: number; size: number };
  readonly #drop: (thing: T) => void;
  /**
   * Those before `#first` are gone. Not a Set: the holes that it leaves at its start make each look at its first one
   * slow.
   */
  #kept: ({ thing: T; size: number } | undefined)[] = [];
  #first = 0;
  #size = 0;

  /** `drop` is told of each that goes. */
  constructor(most: { count: number; size: number }, drop: (thing: T) => void) {
    this.#most = most;
    this.#drop = drop;
  }

  add(thing: T, size: number): void {
    this.#kept.push({ thing, size });
    this.#size += size;
    while (this.#size > this.#most.size || this.#kept.length - this.#first > this.#most.count) {
      const oldest = this.#kept[this.#first];
      if (!oldest) return;
      this.#kept[this.#first] = undefined;
      this.#first += 1;
      this.#size -= oldest.size;
      this.#drop(oldest.thing);
    }
    // Cut only now and then: a list is cut by copying it.
    if (this.#first > this.#kept.length / 2) {
      this.#kept = this.#kept.slice(this.#first);
      this.#first = 0;
    }
  }

  clear(): void {
    this.#kept = [];
    this.#first = 0;
    this.#size = 0;
  }
}

/** Of something that is kept as it came, in characters of JSON. */
export function sizeOf(content: unknown): number {
  return content === undefined ? 0 : JSON.stringify(content).length;
}

/**
 * Beyond `most`, the oldest go. Many at a time: each look at the first one passes by the holes of those that went
 * before.
 */
export function dropOldest(kept: Map<string, unknown> | Set<string>, most: number): void {
  if (kept.size < 1.1 * most) return;
  for (const key of kept.keys()) {
    if (kept.size <= most) return;
    kept.delete(key);
  }
}
