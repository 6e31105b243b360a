import { inTime, NoAnswerError } from '../base/in-time';
import type { KeyvClient, Patience } from './keyv-client';

/** What it asks. */
export type Records = Pick<KeyvClient, 'get' | 'getMany' | 'canLease'>;

/** How many calls of the store are under way at a time, and how many records are asked for in one call. */
const CALLS_AT_ONCE = 4;
const BATCH_LIMIT = 500;

/** A read that waits for its call. */
interface Waiting {
  readonly key: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reads records that messages wait for. A few calls are under way at a time; what is asked for meanwhile goes together
 * in the next one. Otherwise hundreds of first messages at the same moment would ask for a record each, and keep a
 * database from answering in time.
 */
export class RecordReader {
  readonly #records: Records;
  readonly #patience: Patience;
  #underWay = 0;
  readonly #waiting = new Set<Waiting>();

  /** @param timeout - Milliseconds that a message waits for a record, for its call, and for those before it. */
  constructor(records: Records, timeout: number) {
    this.#records = records;
    this.#patience = { limit: timeout, isAwaited: true };
  }

  /** @throws What the store throws or tells, or NoAnswerError. */
  async read(key: string): Promise<unknown> {
    // Of other stores it is not known whether several values come in the order of their keys.
    if (!this.#records.canLease) return this.#records.get(key, this.#patience);
    let waiting: Waiting | undefined;
    const answer = new Promise((resolve, reject) => {
      waiting = { key, resolve, reject };
      this.#waiting.add(waiting);
    });
    if (this.#underWay < CALLS_AT_ONCE) void this.#readWaiting();
    try {
      return await inTime(answer, this.#patience.limit);
    } finally {
      // Its message goes on without it.
      if (waiting) this.#waiting.delete(waiting);
    }
  }

  async #readWaiting(): Promise<void> {
    this.#underWay++;
    while (this.#waiting.size > 0) {
      const batch = [...this.#waiting].slice(0, BATCH_LIMIT);
      for (const one of batch) this.#waiting.delete(one);
      await this.#readBatch(batch);
    }
    this.#underWay--;
  }

  /** Never rejects. */
  async #readBatch(batch: readonly Waiting[]): Promise<void> {
    if (batch.length === 1) return this.#readEach(batch);
    try {
      const keys = batch.map(({ key }) => key);
      const values = await this.#records.getMany(keys, this.#patience);
      for (const [at, { resolve }] of batch.entries()) resolve(values[at]);
    } catch (error) {
      // One record that cannot be read must not take the others with it.
      if (!(error instanceof NoAnswerError)) return this.#readEach(batch);
      for (const { reject } of batch) reject(error);
    }
  }

  async #readEach(batch: readonly Waiting[]): Promise<void> {
    const reads = batch.map(({ key, resolve, reject }) =>
      this.#records.get(key, this.#patience).then(resolve, reject),
    );
    await Promise.all(reads);
  }
}
