import { setTimeout as wait } from 'node:timers/promises';
import Keyv from 'keyv';
import { LRUCache } from 'lru-cache';
import { StoreError } from '../base/errors';
import { fromRecord, KEY_PREFIX, toRecord, type SavedId } from './saved-id';

/**
 * The part of Keyv, versions 4 to 6, that is used.
 *
 * @example
 * const store = new Keyv({ store: new KeyvRedis('redis://localhost:6379'), namespace: 'my-bot' });
 */
export interface KeyvLike {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown, ttl?: number): Promise<unknown>;
  delete(key: string): Promise<unknown>;
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

export interface IdStoreOptions {
  readonly store: KeyvLike | KeyvStorageLike | undefined;
  /** Milliseconds that an ID is trusted after its upload began. */
  readonly ttl: number;
  /** Milliseconds that a message waits for an answer. */
  readonly timeout: number;
  /** How many IDs may wait to be written while the store is down. */
  readonly maxUnsaved: number;
  readonly onError: (error: StoreError) => void;
}

/** Nobody waits for a write, so a slow store gets more time for it. */
const WRITE_PATIENCE = 10;

/** Milliseconds between two looks at a store that is down. */
const FIRST_RETRY = 1_000;
const LONGEST_RETRY = 30_000;

const PROBE_KEY = 'fb-attachment:probe';

const NAMESPACE = 'facebook-attachments';

/**
 * The store of IDs, as a helper that nothing depends on. While it is down (it threw, or did not answer in time), no
 * message waits for it again; what should be written is kept, and written when a look in the background finds it up.
 */
export class IdStore {
  readonly #keyv: KeyvLike;
  readonly #options: IdStoreOptions;
  readonly #unsaved: LRUCache<string, SavedId>;
  readonly #writes = new Set<Promise<void>>();
  #retry: NodeJS.Timeout | undefined;
  #retryDelay = FIRST_RETRY;
  #isDown = false;
  #isClosed = false;
  /** How often the store has told of an error by its event. */
  #failures = 0;

  constructor(options: IdStoreOptions) {
    this.#options = options;
    this.#keyv = asKeyv(options.store);
    this.#unsaved = new LRUCache({ max: options.maxUnsaved });
    // Without a listener, a Keyv whose connection breaks can end the process.
    this.#keyv.on?.('error', (error) => {
      this.#failures += 1;
      this.#wentDown(this.#writes.size > 0 ? 'write' : 'read', error);
    });
  }

  /** What the store knows; nothing if it is down, is late, or holds something else. */
  async get(key: string): Promise<SavedId | undefined> {
    const unsaved = this.#unsaved.get(key);
    if (unsaved) return unsaved;
    if (this.#isDown) return undefined;
    try {
      return fromRecord(key, await inTime(this.#keyv.get(key), this.#options.timeout, { ref: true }));
    } catch (error) {
      // A value that is not JSON is another's, or damaged; the store itself is well.
      if (!(error instanceof SyntaxError)) this.#wentDown('read', error);
      return undefined;
    }
  }

  /** Writes in the background, at once or when the store is back. */
  put(key: string, saved: SavedId): void {
    this.#unsaved.set(key, saved);
    if (this.#isDown) return;
    this.#inBackground(
      this.#write(key, saved).catch((error: unknown) => {
        this.#wentDown('write', error);
      }),
    );
  }

  /** @throws {StoreError} The store cannot be asked. */
  async delete(key: string): Promise<void> {
    this.#unsaved.delete(key);
    const limit = this.#options.timeout * WRITE_PATIENCE;
    try {
      // A write under way would bring it back.
      await inTime(Promise.all(this.#writes), limit, { ref: true });
      await inTime(this.#keyv.delete(key), limit, { ref: true });
    } catch (error) {
      throw new StoreError('delete', error);
    }
  }

  /**
   * All that stands in the store, or waits to be written.
   *
   * @throws {StoreError} The store cannot be asked, or cannot list.
   */
  async *list(): AsyncGenerator<SavedId, void> {
    const { iterator } = this.#keyv;
    if (typeof iterator !== 'function') throw new StoreError('list', 'it cannot list its keys');
    const listed = new Set<string>();
    try {
      for await (const [key, value] of iterator.call(this.#keyv) as AsyncIterable<[string, unknown]>) {
        const saved = fromRecord(withoutNamespace(key), value);
        if (!saved) continue;
        listed.add(saved.id);
        yield saved;
      }
    } catch (error) {
      throw new StoreError('list', error);
    }
    for (const saved of this.#unsaved.values()) if (!listed.has(saved.id)) yield saved;
  }

  /** Waits for writes under way, and looks no more after a store that is down. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    await Promise.all(this.#writes);
  }

  /** @throws What the store throws. */
  async #write(key: string, saved: SavedId): Promise<void> {
    const left = saved.uploadedAt + this.#options.ttl - Date.now();
    const failures = this.#failures;
    const written = left <= 0 || (await this.#patiently(this.#keyv.set(key, toRecord(saved), left)));
    // Some adapters answer as if nothing were wrong, and tell of the failure by an event alone.
    if (written === false || failures !== this.#failures) throw new Error('it refused to write');
    if (this.#unsaved.peek(key) === saved) this.#unsaved.delete(key);
  }

  #wentDown(operation: 'read' | 'write', error: unknown): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#options.onError(new StoreError(operation, error));
    this.#retryDelay = FIRST_RETRY;
    this.#lookAgainLater();
  }

  #lookAgainLater(): void {
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => {
      this.#inBackground(this.#lookAgain());
    }, this.#retryDelay).unref();
    this.#retryDelay = Math.min(this.#retryDelay * 2, LONGEST_RETRY);
  }

  /** The store is up when it can be read, and has taken what was kept for it. */
  async #lookAgain(): Promise<void> {
    try {
      await this.#patiently(this.#keyv.get(PROBE_KEY));
      for (let [oldest] = this.#unsaved.rentries(); oldest; [oldest] = this.#unsaved.rentries()) {
        await this.#write(...(oldest as [string, SavedId]));
      }
      this.#isDown = false;
    } catch {
      this.#lookAgainLater();
    }
  }

  /** For what no message waits for; nor does the end of the process. */
  #patiently<T>(answer: Promise<T>): Promise<T> {
    return inTime(answer, this.#options.timeout * WRITE_PATIENCE, { ref: false });
  }

  #inBackground(work: Promise<void>): void {
    this.#writes.add(work);
    void work.finally(() => this.#writes.delete(work));
  }
}

async function inTime<T>(answer: Promise<T>, limit: number, { ref }: { ref: boolean }): Promise<T> {
  const timer = new AbortController();
  const late = wait(limit, undefined, { signal: timer.signal, ref }).then(() => {
    throw new Error(`no answer within ${limit} ms`);
  });
  // The loser of the race ends later, and nobody listens.
  late.catch(ignore);
  try {
    return await Promise.race([answer, late]);
  } finally {
    timer.abort();
  }
}

/** A Keyv, of whatever copy of the library, has a store inside; a storage adapter is one. */
function asKeyv(store: IdStoreOptions['store']): KeyvLike {
  if (store && isKeyv(store)) return store;
  // A failing read must not look like a miss.
  return new Keyv({ namespace: NAMESPACE, throwOnErrors: true, ...(store && { store }) });
}

function isKeyv(store: object): store is KeyvLike {
  const { opts, store: inner } = store as { opts?: { store?: unknown }; store?: unknown };
  return typeof inner === 'object' || typeof opts?.store === 'object';
}

/** Some versions of Keyv list keys with their namespace in front. */
function withoutNamespace(key: string): string {
  return key.slice(Math.max(0, key.indexOf(KEY_PREFIX)));
}

function ignore(): void {
  // Somebody else has seen to it.
}
