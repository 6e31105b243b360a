import { NoAnswerError } from '../base/in-time';
import { SECOND } from '../base/time';

export interface StoreHealthOptions {
  /** Tries it. Rejects if it does not work. */
  readonly check: () => Promise<void>;
  /** Called once per outage. */
  readonly onDown: (error: unknown) => void;
  /** Called after each check that went well. */
  readonly onChecked: () => void;
  /** Takes care of work that nobody waits for. */
  readonly runInBackground: (work: Promise<void>) => void;
}

/** Milliseconds between two checks of a store that is down. */
const FIRST_RETRY = SECOND;
const LONGEST_RETRY = 30 * SECOND;

/**
 * Whether a store can be read, written, or asked for leases: one for each, because a store can do one of them alone.
 *
 * A call that is not answered in time marks it as down at once, so that no other call waits for it; it is up again when
 * it answers, at the latest a check, which is made at once, too. After a call that fails in another way it is checked first: the store
 * may have refused what was asked, and work well for everything else.
 */
export class StoreHealth {
  readonly #options: StoreHealthOptions;
  #isDown = false;
  #isLate = false;
  /** Until when it may still answer, as `performance.now()` tells it. */
  #graceEnd = -Infinity;
  #isStopped = false;
  #checking: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;
  #retryDelay = FIRST_RETRY;

  constructor(options: StoreHealthOptions) {
    this.#options = options;
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** Whether it is down because it did not answer in time. */
  get isLate(): boolean {
    return this.#isDown && this.#isLate;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** A check that is being made. Never rejects. */
  get checking(): Promise<void> | undefined {
    return this.#checking;
  }

  /** Milliseconds for which it may be worth while to wait for an answer although it is down. */
  get grace(): number {
    return Math.max(0, this.#graceEnd - performance.now());
  }

  /**
   * Takes note of a call that failed.
   *
   * @param grace - Milliseconds for which it may still answer, if that call was not answered in time.
   */
  suspect(error: unknown, grace = 0): void {
    if (this.#isDown) return;
    if (error instanceof NoAnswerError) {
      this.#markDown(error);
      this.#graceEnd = performance.now() + grace;
      if (this.#isStopped) return;
    }
    void this.check(error);
  }

  /** Takes note of an answer, also one that came late. */
  answered(): void {
    this.#isDown = false;
  }

  /** Checks it now, and again from time to time while it is down. Never rejects. */
  async check(cause?: unknown): Promise<void> {
    if (this.#checking) return this.#checking;
    clearTimeout(this.#retry);
    this.#checking = this.#check(cause);
    this.#options.runInBackground(this.#checking);
    return this.#checking;
  }

  /** Checks it no more by itself. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#retry);
  }

  /** Undoes `stop`. */
  resume(): void {
    this.#isStopped = false;
    if (this.#isDown) void this.check();
  }

  async #check(cause: unknown): Promise<void> {
    try {
      await this.#options.check();
      this.#checking = undefined;
      this.#isDown = false;
      this.#options.onChecked();
    } catch (error) {
      this.#checking = undefined;
      this.#graceEnd = -Infinity;
      this.#markDown(cause ?? error);
      this.#tryLater();
    }
  }

  #markDown(error: unknown): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#isLate = error instanceof NoAnswerError;
    this.#retryDelay = FIRST_RETRY;
    this.#options.onDown(error);
  }

  #tryLater(): void {
    if (this.#isStopped) return;
    this.#retry = setTimeout(() => void this.check(), this.#retryDelay).unref();
    this.#retryDelay = Math.min(this.#retryDelay * 2, LONGEST_RETRY);
  }
}
