/** Counts work that has begun and is not over, for callers that wait until there is none. */
export class InFlight {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  async run<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await work();
    } finally {
      this.#count -= 1;
      if (this.#count === 0) this.#tellAll();
    }
  }

  /** Resolves when there is no such work, at once or later. */
  async none(): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
  }

  #tellAll(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
