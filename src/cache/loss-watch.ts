import { randomUUID } from 'node:crypto';
import { MINUTE, SECOND } from '../base/time';

export interface LossWatchOptions {
  /** Gives the mark in the store. Rejects if the store cannot be read. */
  readonly readMark: () => Promise<unknown>;
  /** Rejects if the store cannot be written. */
  readonly writeMark: (mark: string) => Promise<void>;
  /** What was in the store may be gone. */
  readonly onLoss: () => void;
  /** Takes care of work that nobody waits for. */
  readonly runInBackground: (work: Promise<void>) => void;
}

/** Milliseconds between two checks, and between two that are made because an ID is not in the store. */
const INTERVAL = MINUTE;
const LEAST_INTERVAL = 5 * SECOND;

/**
 * Notices that a store has lost what was in it, as Redis has after FLUSHALL. The store holds a random mark; if it is
 * missing or different, the IDs may be lost too. It is read once a minute, and when an ID is missing: never while a
 * message waits.
 */
export class LossWatch {
  readonly #options: LossWatchOptions;
  #mark: string | undefined;
  #isWatching = false;
  #isStopped = false;
  #isChecking = false;
  #checkedAt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LossWatchOptions) {
    this.#options = options;
  }

  /** There is something in the store that can be lost. */
  begin(): void {
    if (this.#isWatching || this.#isStopped) return;
    this.#isWatching = true;
    this.check();
  }

  /** An ID is not in the store. */
  missed(): void {
    if (Date.now() - this.#checkedAt >= LEAST_INTERVAL) this.check();
  }

  /** Checks it now, in the background. */
  check(): void {
    if (!this.#isWatching || this.#isStopped || this.#isChecking) return;
    this.#isChecking = true;
    this.#checkedAt = Date.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.check();
    }, INTERVAL).unref();
    this.#options.runInBackground(this.#compare());
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** Undoes `stop`. */
  resume(): void {
    this.#isStopped = false;
    this.check();
  }

  async #compare(): Promise<void> {
    const { readMark, writeMark, onLoss } = this.#options;
    try {
      let found = await readMark();
      if (this.#mark !== undefined && found !== this.#mark) onLoss();
      if (typeof found !== 'string') {
        await writeMark(randomUUID());
        // Another process may have written its own at the same time; and some stores keep nothing.
        found = await readMark();
      }
      this.#mark = typeof found === 'string' ? found : undefined;
    } catch {
      // It is tried again. Only calls for IDs decide whether the store works.
    } finally {
      this.#isChecking = false;
    }
  }
}
