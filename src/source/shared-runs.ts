/**
 * Work whose result is shared by those who ask for the same at the same time. Who asks joins a run that has not begun
 * yet, so nobody gets what was true before he asked.
 */
export class SharedRuns<T> {
  readonly #next = new Map<string, Promise<T>>();
  readonly #running = new Map<string, Promise<T>>();

  /** @throws What `work` throws. */
  run(key: string, work: () => Promise<T>): Promise<T> {
    let next = this.#next.get(key);
    if (!next) {
      next = this.#runNext(key, work);
      this.#next.set(key, next);
    }
    return next;
  }

  async #runNext(key: string, work: () => Promise<T>): Promise<T> {
    // The callers of the run before hear of its failure.
    await this.#running.get(key)?.catch(noop);
    this.#next.delete(key);
    const running = work();
    this.#running.set(key, running);
    try {
      return await running;
    } finally {
      if (this.#running.get(key) === running) this.#running.delete(key);
    }
  }
}

function noop(): void {
  // A failure is thrown to those who wait.
}
