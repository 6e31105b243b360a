/** How many begin in one turn of the event loop. It takes some milliseconds. */
const GROUP = 50;

/**
 * Thousands of messages that come at once begin in groups, so that other work of the process has its turn in between.
 */
export class Pacer {
  #begun = 0;
  readonly #waiting: (() => void)[] = [];

  /** Undefined: one more may begin at once. Otherwise it has to wait for this, in order. */
  wait(): Promise<void> | undefined {
    if (this.#waiting.length === 0 && this.#begun < GROUP) {
      this.#begin();
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #begin(): void {
    if (this.#begun === 0) setImmediate(this.#startNext);
    this.#begun++;
  }

  readonly #startNext = (): void => {
    this.#begun = 0;
    for (const begin of this.#waiting.splice(0, GROUP)) {
      this.#begin();
      begin();
    }
  };
}
