import { inTime, NoAnswerError } from '../base/in-time';
import { MINUTE } from '../base/time';
import type { KeyvClient, Patience } from './keyv-client';

/** What it asks. */
export type Records = Pick<KeyvClient, 'get' | 'getMany' | 'canReadMany'>;

/** How many milliseconds reads gather at most for each call that is under way: few calls reach a store that is slow. */
const GATHERING = 10;

/** How many records are asked for in one call. */
const BATCH_LIMIT = 500;

/** Milliseconds that records are read one by one after a call for several failed: some servers cannot do that. */
const ONE_BY_ONE = MINUTE;

/** A message that waits for a record. */
interface Reader {
  readonly key: string;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** It has its record, or goes on without. */
  isGone: boolean;
}

/**
 * Reads records that messages wait for. Hundreds of first messages at the same moment would ask for a record each, and
 * keep a database from answering in time; so what is asked for while a call is under way gathers, and goes together.
 */
export class RecordReader {
  readonly #records: Records;
  readonly #timeout: number;
  #underWay = 0;
  #waiting: Reader[] = [];
  #gathering: NodeJS.Timeout | undefined;
  #oneByOneUntil = -Infinity;

  /** @param timeout - Milliseconds that a message waits for a record. */
  constructor(records: Records, timeout: number) {
    this.#records = records;
    this.#timeout = timeout;
  }

  /** @throws What the store throws or tells, or NoAnswerError. */
  async read(key: string): Promise<unknown> {
    if (!this.#records.canReadMany || performance.now() < this.#oneByOneUntil) {
      return this.#records.get(key, { limit: this.#timeout, isAwaited: true });
    }
    let reader: Reader | undefined;
    const answer = new Promise((resolve, reject) => {
      reader = { key, resolve, reject, isGone: false };
      this.#waiting.push(reader);
      if (this.#underWay === 0) this.#readWaiting();
      else this.#gathering ??= setTimeout(this.#readWaiting, GATHERING * this.#underWay);
    });
    try {
      return await inTime(answer, this.#timeout);
    } finally {
      if (reader) reader.isGone = true;
    }
  }

  readonly #readWaiting = (): void => {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    while (this.#waiting.length > 0) void this.#readBatch(this.#waiting.splice(0, BATCH_LIMIT));
  };

  async #readBatch(batch: readonly Reader[]): Promise<void> {
    this.#underWay += 1;
    if (batch.length === 1) await this.#readEach(batch);
    else await this.#readTogether(batch);
    this.#underWay -= 1;
    this.#readWaiting();
  }

  async #readTogether(batch: readonly Reader[]): Promise<void> {
    try {
      const values = await this.#records.getMany(
        batch.map(({ key }) => key),
        this.#patience,
      );
      for (const [at, { resolve }] of batch.entries()) resolve(values[at]);
    } catch (error) {
      if (error instanceof NoAnswerError) {
        for (const { reject } of batch) reject(error);
        return;
      }
      // One record that cannot be read must not take the others with it.
      this.#oneByOneUntil = performance.now() + ONE_BY_ONE;
      await this.#readEach(batch.filter(({ isGone }) => !isGone));
    }
  }

  async #readEach(batch: readonly Reader[]): Promise<void> {
    await Promise.all(
      batch.map(({ key, resolve, reject }) => this.#records.get(key, this.#patience).then(resolve, reject)),
    );
  }

  /** Its readers hold the process. */
  get #patience(): Patience {
    return { limit: this.#timeout, isAwaited: false };
  }
}
