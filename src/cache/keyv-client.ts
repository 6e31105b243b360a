import { AsyncLocalStorage } from 'node:async_hooks';
import Keyv from 'keyv';
import { inTime, NoAnswerError } from '../base/in-time';
import { MINUTE } from '../base/time';
import { leasesOf, type Lease, type Leases } from './leases';

/**
 * A Keyv of version 4 to 6: the part of it that is used, and `clear`.
 *
 * @example
 * const store = new Keyv({ store: new KeyvRedis('redis://localhost:6379'), namespace: 'my-bot' });
 */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
  /** Not called. Keyv refuses a storage adapter without it, so it is what every store has. */
  clear(): unknown;
  getMany?: unknown;
  iterator?: unknown;
  on?(event: 'error', listener: (error: unknown) => void): unknown;
}

/** A Keyv storage adapter: KeyvRedis, KeyvPostgres, KeyvFile, a Map … */
export interface KeyvStorageLike {
  get(key: string): unknown;
  set(key: string, value: never, ttl?: number): unknown;
  delete(key: string): unknown;
  clear(): unknown;
}

/** How long a call may take. */
export interface Patience {
  /** Milliseconds. */
  readonly limit: number;
  /** Whether somebody waits for it, so that the process must not end before it does. */
  readonly isAwaited: boolean;
}

/** What a bare storage adapter gets. */
export const NAMESPACE = 'facebook-attachments';

/** Whether a store works is tried with this key. */
export const PROBE_KEY = 'fb-attachment:probe';

/** Milliseconds for which a call that was not answered in time still counts as running. */
const LATE_LIMIT = MINUTE;

/** A call of the store that has not ended. */
interface Call {
  /** What the store has told by its event meanwhile. */
  failure: { readonly error: unknown } | undefined;
}

/**
 * A Keyv whose calls end in time, and reject when they fail. Some adapters, Redis' among them, answer as if nothing
 * were wrong, and tell of a failure by the event `error` alone.
 */
export class KeyvClient {
  readonly #keyv: KeyvLike;
  readonly #leases: Leases | undefined;
  readonly #calls = new Set<Call>();
  /** How many calls were not answered in time, and have not ended yet. */
  #late = 0;
  /** Tells which call an event belongs to: reads and writes fail each on their own, and are under way together. */
  readonly #current = new AsyncLocalStorage<Call>();

  /** @param onError - Told of an error that came while nothing was asked. */
  constructor(store: KeyvLike | KeyvStorageLike, onError: (error: unknown) => void) {
    this.#keyv = asKeyv(store);
    this.#leases = leasesOf(this.#keyv);
    // Without a listener, a Keyv whose connection breaks can end the process. So it is never removed: the Keyv outlives
    // `close`, and a message that is sent after `close` asks it again.
    this.#keyv.on?.('error', (error) => {
      const call = this.#current.getStore();
      if (call && this.#calls.has(call)) {
        call.failure ??= { error };
      } else if (this.#late === 0) {
        for (const one of this.#calls) one.failure ??= { error };
        if (this.#calls.size === 0) onError(error);
      }
      // Else it may be the error of a late call, which nobody waits for, and which says nothing about the others.
    });
  }

  /** @throws What the store throws or tells, or NoAnswerError. */
  async get(key: string, patience: Patience): Promise<unknown> {
    const { answer, failure } = await this.#ask(() => this.#keyv.get(key), patience);
    // A failing read must not look like a miss.
    if (failure && (answer === undefined || answer === null)) throw failure.error;
    return answer;
  }

  /**
   * The values of several keys, in one call of the store where it can do that.
   *
   * @throws What the store throws or tells, or NoAnswerError.
   */
  async getMany(keys: readonly string[], patience: Patience): Promise<unknown[]> {
    const { getMany } = this.#keyv;
    const ask = (): Promise<unknown> =>
      typeof getMany === 'function'
        ? (getMany.call(this.#keyv, keys) as Promise<unknown>)
        : Promise.all(keys.map((key) => this.#keyv.get(key)));
    const { answer, failure } = await this.#ask(ask, patience);
    if (failure) throw failure.error;
    // Without a value for each key it is not known which is whose.
    if (!Array.isArray(answer) || answer.length !== keys.length)
      throw new Error('the store did not return one value per key');
    return answer as unknown[];
  }

  /** Whether one call of the store gives several values, and those in the order of their keys, as far as is known. */
  get canReadMany(): boolean {
    return this.canLease && typeof this.#keyv.getMany === 'function';
  }

  /** Whether processes with this store can take turns. */
  get canLease(): boolean {
    return this.#leases !== undefined;
  }

  /**
   * @returns `held`: another process has it. Undefined: the store has no leases.
   * @throws What the store throws or tells, or NoAnswerError.
   */
  async lease(key: string, ms: number, patience: Patience): Promise<Lease | 'held' | undefined> {
    const leases = this.#leases;
    if (!leases) return undefined;
    const taking = leases.take(key, ms);
    try {
      const { answer, failure } = await this.#ask(() => taking, patience);
      if (failure) throw failure.error;
      return answer ?? 'held';
    } catch (error) {
      // The store may still grant it later, and nobody would use it.
      taking.then((late) => late?.release()).catch(ignore);
      throw error;
    }
  }

  /** @throws What the store throws or tells, or NoAnswerError. */
  async set(key: string, value: unknown, ttl: number, patience: Patience): Promise<void> {
    const { answer, failure } = await this.#ask(() => this.#keyv.set(key, value, ttl), patience);
    if (failure) throw failure.error;
    if (answer === false) throw new Error('the store refused the write');
  }

  /** @throws What the store throws or tells, or NoAnswerError. */
  async delete(key: string, patience: Patience): Promise<void> {
    const { failure } = await this.#ask(() => this.#keyv.delete(key), patience);
    if (failure) throw failure.error;
  }

  /** @throws What the store throws, or NoAnswerError for any of its steps. */
  async *entries({ limit, isAwaited }: Patience): AsyncGenerator<[key: string, value: unknown], void> {
    const { iterator } = this.#keyv;
    if (typeof iterator !== 'function') throw new Error('the store cannot list its keys');
    const entries = (iterator.call(this.#keyv) as AsyncIterable<[string, unknown]>)[Symbol.asyncIterator]();
    for (;;) {
      const step = await inTime(entries.next(), limit, isAwaited);
      if (step.done) return;
      yield step.value;
    }
  }

  async #ask<T>(
    ask: () => Promise<T>,
    { limit, isAwaited }: Patience,
  ): Promise<{ answer: T; failure: Call['failure'] }> {
    const call: Call = { failure: undefined };
    this.#calls.add(call);
    const work = this.#current.run(call, async () => ask());
    try {
      const answer = await inTime(work, limit, isAwaited);
      return { answer, failure: call.failure };
    } catch (error) {
      if (error instanceof NoAnswerError) {
        void this.#expectEnd(work);
        throw error;
      }
      // What the event says is nearer to the cause than what is thrown after it.
      throw call.failure ? call.failure.error : error;
    } finally {
      this.#calls.delete(call);
      // An active AsyncLocalStorage slows every promise of the process.
      if (this.#calls.size === 0) this.#current.disable();
    }
  }

  /** Counts a call as late until it ends. */
  async #expectEnd(work: Promise<unknown>): Promise<void> {
    this.#late++;
    await inTime(work, LATE_LIMIT, false).catch(ignore);
    this.#late--;
  }
}

/** A Keyv, of whatever copy of the library, has a store inside; a storage adapter is one. */
function asKeyv(store: KeyvLike | KeyvStorageLike): KeyvLike {
  if (isKeyv(store)) return store;
  const keyv = new Keyv({ namespace: NAMESPACE, throwOnErrors: true, store });
  const { deserialize } = keyv;
  // What it cannot read is somebody else's, or damaged, and must not end a list.
  keyv.deserialize = async (text) => {
    try {
      return (await deserialize?.(text)) ?? NOTHING;
    } catch {
      return NOTHING;
    }
  };
  return keyv;
}

const NOTHING = {};

function isKeyv(store: object): store is KeyvLike {
  const { opts, store: inner } = store as { opts?: { store?: unknown }; store?: unknown };
  return typeof inner === 'object' || typeof opts?.store === 'object';
}

function ignore(): void {
  // Nobody waits for a call that is late, and a lease that is not released expires.
}
