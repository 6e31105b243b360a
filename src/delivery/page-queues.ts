import fastq, { type queueAsPromised } from 'fastq';
import type { GraphClient } from '../graph/client';

/** Gives a place back before the work ends. */
export type Leave = () => void;

type Turn = (leave: Leave) => void;

/** A page's ID; before that is known, the page's client. */
type Page = string | GraphClient;

/** A queue for each page: what one page does never waits for what another page does. */
export class PageQueues {
  readonly #concurrency: number;
  readonly #longestWait: number;
  readonly #queues = new Map<Page, queueAsPromised<Turn, void>>();

  /**
   * @param concurrency - Places of each page.
   * @param longestWait - Milliseconds after which the work begins without a place. Default: never.
   */
  constructor(concurrency: number, longestWait = Infinity) {
    this.#concurrency = concurrency;
    this.#longestWait = longestWait;
  }

  /** Does `work` when the page has a place, which is free again when `work` ends or calls `leave`. */
  run<T>(page: Page, work: (leave: Leave) => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      let hasBegun = false;
      const begin: Turn = (leave) => {
        clearTimeout(timer);
        if (hasBegun) {
          leave();
          return;
        }
        hasBegun = true;
        work(leave).then(resolve, reject).finally(leave);
      };
      const timer =
        this.#longestWait === Infinity ? undefined : setTimeout(begin, this.#longestWait, () => undefined);
      this.#queueOf(page)
        .push(begin)
        .then(() => {
          this.#dropIdle(page);
        }, reject);
    });
  }

  #queueOf(page: Page): queueAsPromised<Turn, void> {
    let queue = this.#queues.get(page);
    if (!queue) {
      queue = fastq.promise((turn: Turn) => new Promise<void>(turn), this.#concurrency);
      this.#queues.set(page, queue);
    }
    return queue;
  }

  #dropIdle(page: Page): void {
    if (this.#queues.get(page)?.idle()) this.#queues.delete(page);
  }
}
