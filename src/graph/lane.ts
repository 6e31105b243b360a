import { awakeTimer } from '../base/awake-timer';

/** Milliseconds that a call waits for its place while nothing moves. */
const STALL_TIMEOUT = 30_000;

/** How many waiting calls fail at once before other work of the process has its turn. */
const FAILURES_AT_ONCE = 200;

/**
 * The part of the places that is kept for pages that have none. In the smallest lane, these are enough for ten pages
 * whose calls all hang, and for an eleventh.
 */
const RESERVE = 2 / 5;

/**
 * A page may take a further place of the others while it holds fewer than this many times those that are still free.
 */
const SHARE = 9;

/** Gives a place back before the call ends. */
export type Leave = () => void;

/** A call that waits for its place. */
interface Waiting {
  readonly since: number;
  readonly enter: () => void;
  readonly fail: () => void;
  next: Waiting | undefined;
}

/** What one page does in a lane; forgotten when it does nothing. */
interface PageCalls {
  inFlight: number;
  first: Waiting | undefined;
  last: Waiting | undefined;
  /** When a call of the page last got an answer, or a piece of its body went out. */
  lastProgress: number;
}

/**
 * Calls of one kind to one host: so many at a time, the others wait in order. A waiting call costs some hundred bytes,
 * because it makes its body only when it has its place.
 *
 * Pages share the places: they take turns, one alone gets about nine tenths of those that are not kept back, and two
 * fifths are kept for pages that have none. So one page whose calls hang leaves room for others, and so do ten.
 */
export class Lane {
  readonly #reserve: number;
  #free: number;
  /** Those with waiting calls take turns in this order. */
  readonly #pages = new Map<object, PageCalls>();
  #waiting = 0;
  /** Of whatever page. */
  #lastProgress = 0;
  #cancelTimer: (() => void) | undefined;

  /** @param places - How many calls may be in flight. */
  constructor(places: number) {
    this.#free = places;
    this.#reserve = Math.floor(places * RESERVE);
  }

  /**
   * Runs a call as soon as it has its place, which is free again when the call ends or leaves it.
   *
   * @param page - Whose call it is.
   * @param stalled - Makes the error of a call that waited too long: nothing of it was begun.
   */
  async run<T>(
    page: object,
    call: (leave: Leave) => Promise<T>,
    stalled: (waited: number) => Error,
  ): Promise<T> {
    const calls = this.#callsOf(page);
    if (!calls.first && this.#mayEnter(calls)) this.#enter(calls);
    else await this.#place(calls, stalled);
    let hasLeft = false;
    const leave = (): void => {
      if (hasLeft) return;
      hasLeft = true;
      this.#leave(page, calls);
    };
    try {
      return await call(leave);
    } finally {
      leave();
    }
  }

  /** A call of the page got an answer, or a piece of its body went out: those who wait go on waiting. */
  progress(page: object): void {
    this.#lastProgress = performance.now();
    const calls = this.#pages.get(page);
    if (calls) calls.lastProgress = this.#lastProgress;
  }

  #callsOf(page: object): PageCalls {
    let calls = this.#pages.get(page);
    if (!calls) {
      calls = { inFlight: 0, first: undefined, last: undefined, lastProgress: 0 };
      this.#pages.set(page, calls);
    }
    return calls;
  }

  #mayEnter({ inFlight }: PageCalls): boolean {
    if (inFlight === 0) return this.#free > 0;
    return inFlight < SHARE * (this.#free - this.#reserve);
  }

  #enter(calls: PageCalls): void {
    calls.inFlight++;
    this.#free--;
  }

  #place(calls: PageCalls, stalled: (waited: number) => Error): Promise<void> {
    return new Promise((resolve, reject) => {
      const since = performance.now();
      const fail = (): void => {
        reject(stalled(performance.now() - since));
      };
      const waiting: Waiting = { since, enter: resolve, fail, next: undefined };
      if (calls.last) calls.last.next = waiting;
      else calls.first = waiting;
      calls.last = waiting;
      this.#waiting++;
      this.#cancelTimer ??= awakeTimer(STALL_TIMEOUT, this.#failStalled);
    });
  }

  #leave(page: object, calls: PageCalls): void {
    calls.inFlight--;
    this.#free++;
    if (calls.inFlight === 0 && !calls.first) this.#pages.delete(page);
    this.#letIn();
  }

  /** Who has waited longest of a page goes first, and the page is then the last to have its turn. */
  #letIn(): void {
    if (this.#waiting === 0) return;
    for (const [page, calls] of this.#pages) {
      if (this.#free === 0) return;
      if (!calls.first || !this.#mayEnter(calls)) continue;
      this.#enter(calls);
      this.#shift(calls)?.enter();
      // Behind the others, where this loop comes by once more.
      this.#pages.delete(page);
      this.#pages.set(page, calls);
    }
  }

  #shift(calls: PageCalls): Waiting | undefined {
    const { first } = calls;
    if (!first) return undefined;
    calls.first = first.next;
    if (!calls.first) calls.last = undefined;
    this.#waiting--;
    if (this.#waiting === 0) {
      this.#cancelTimer?.();
      this.#cancelTimer = undefined;
    }
    return first;
  }

  readonly #failStalled = (): void => {
    this.#cancelTimer = undefined;
    let failures = 0;
    let next = Infinity;
    for (const [page, calls] of this.#pages) {
      while (calls.first) {
        const left = this.#timeLeft(calls.first, calls);
        if (left > 0 || failures === FAILURES_AT_ONCE) {
          next = Math.min(next, Math.max(left, 1));
          break;
        }
        failures++;
        this.#shift(calls)?.fail();
      }
      if (calls.inFlight === 0 && !calls.first) this.#pages.delete(page);
    }
    if (this.#waiting > 0) this.#cancelTimer = awakeTimer(next, this.#failStalled);
  };

  /** Who waits behind calls of their own page waits for those; otherwise for a place of another page. */
  #timeLeft({ since }: Waiting, { inFlight, lastProgress }: PageCalls): number {
    const moved = inFlight > 0 ? lastProgress : this.#lastProgress;
    return Math.max(since, moved) + STALL_TIMEOUT - performance.now();
  }
}
