/** Milliseconds that a call waits for its place while no call of its lane makes progress. */
const STALL_TIMEOUT = 30_000;

/** How many waiting calls fail at once before other work of the process has its turn. */
const FAILURES_AT_ONCE = 200;

/** A call that waits for its place. */
interface Waiting {
  readonly since: number;
  readonly enter: () => void;
  readonly fail: () => void;
  next: Waiting | undefined;
}

/**
 * Calls of one kind to one host: so many at a time, the others wait in order. A waiting call costs some hundred bytes,
 * because it makes its body only when it has its place.
 */
export class Lane {
  readonly #limit: number;
  /** Used to see that nothing has come for too long; moved on by answers and by bytes of a body. */
  #lastProgress = 0;
  #inFlight = 0;
  #first: Waiting | undefined;
  #last: Waiting | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** @param limit - How many calls may be in flight. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /**
   * Runs a call as soon as it has its place.
   *
   * @param stalled - Makes the error of a call that waited too long: nothing of it was begun.
   */
  async run<T>(call: () => Promise<T>, stalled: (waited: number) => Error): Promise<T> {
    if (this.#inFlight < this.#limit) this.#inFlight++;
    else await this.#place(stalled);
    try {
      return await call();
    } finally {
      this.#leave();
    }
  }

  /** A call got an answer, or a piece of its body went out: those who wait go on waiting. */
  progress(): void {
    this.#lastProgress = performance.now();
  }

  #place(stalled: (waited: number) => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const since = performance.now();
      const fail = (): void => {
        reject(stalled(performance.now() - since));
      };
      const waiting: Waiting = { since, enter: resolve, fail, next: undefined };
      if (this.#last) this.#last.next = waiting;
      else this.#first = waiting;
      this.#last = waiting;
      this.#timer ??= setTimeout(this.#failStalled, STALL_TIMEOUT);
    });
  }

  /** The place goes to who has waited longest. */
  #leave(): void {
    const next = this.#shift();
    if (next) next.enter();
    else this.#inFlight--;
  }

  #shift(): Waiting | undefined {
    const first = this.#first;
    if (!first) return undefined;
    this.#first = first.next;
    if (!this.#first) {
      this.#last = undefined;
      clearTimeout(this.#timer);
      this.#timer = undefined;
    }
    return first;
  }

  readonly #failStalled = (): void => {
    this.#timer = undefined;
    for (let failures = 0; this.#first; failures++) {
      const left = Math.max(this.#first.since, this.#lastProgress) + STALL_TIMEOUT - performance.now();
      if (left > 0 || failures === FAILURES_AT_ONCE) {
        this.#timer = setTimeout(this.#failStalled, Math.max(left, 1));
        return;
      }
      this.#shift()?.fail();
    }
  };
}
