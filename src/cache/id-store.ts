import fastq from 'fastq';
import { LRUCache } from 'lru-cache';
import { StoreError } from '../base/errors';
import { inTime, NoAnswerError } from '../base/in-time';
import { MINUTE } from '../base/time';
import { KeyvClient, PROBE_KEY, type KeyvLike, type KeyvStorageLike, type Patience } from './keyv-client';
import { LossWatch } from './loss-watch';
import type { Lease } from './leases';
import { RecordReader } from './record-reader';
import { fromRecord, KEY_PREFIX, toRecord, type SavedId } from './saved-id';
import { StoreHealth } from './store-health';
import { UploadTurns } from './upload-turns';

export interface IdStoreOptions {
  readonly store: KeyvLike | KeyvStorageLike;
  /** Milliseconds that an ID is trusted after its upload began. */
  readonly ttl: number;
  /** Milliseconds that a message waits for an answer. */
  readonly timeout: number;
  /** How many IDs may wait to be written while the store cannot be written. */
  readonly maxUnsaved: number;
  readonly onError: (error: StoreError) => void;
}

/** No message waits for a write, a deletion or a list, so a slow store gets so much more time for it. */
const PATIENCE_FACTOR = 10;

/** How many IDs are written at once: what a database with a slow disk still writes must not keep it from being read. */
const WRITES_AT_ONCE = 4;

/** Tells that the store still has what was put into it. */
const MARK_KEY = 'fb-attachment:mark';

/** Milliseconds after which a store takes away what was written to try it. */
const PROBE_TTL = MINUTE;

/**
 * The store of IDs, as a helper that nothing depends on. While it cannot be read, no message waits for it; while it
 * cannot be written, what should be written is kept, and written when it can be again. Each is judged by itself, so a
 * store that is read-only or full still gives its IDs. A record that it refuses, or that cannot be read, concerns that
 * record alone.
 */
export class IdStore {
  readonly #options: IdStoreOptions;
  readonly #client: KeyvClient;
  readonly #reader: RecordReader;
  readonly #reads: StoreHealth;
  readonly #writes: StoreHealth;
  readonly #uploadTurns: UploadTurns;
  readonly #lossWatch: LossWatch;
  readonly #unsaved: LRUCache<string, SavedId>;
  readonly #writeQueue = fastq.promise((key: string) => this.#writeIfWritable(key), WRITES_AT_ONCE);
  /** What is being written or deleted, by key: each waits for the one before. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #background = new Set<Promise<void>>();
  readonly #patience: Patience;
  /** How many calls of `close` have not ended. */
  #closing = 0;
  #putBack: () => Promise<void> = () => Promise.resolve();

  constructor(options: IdStoreOptions) {
    const { store, timeout, maxUnsaved, ttl } = options;
    this.#options = options;
    this.#patience = { limit: timeout * PATIENCE_FACTOR, isAwaited: false };
    this.#unsaved = new LRUCache({ max: maxUnsaved });
    const runInBackground = this.#inBackground.bind(this);
    this.#client = new KeyvClient(store, (error) => {
      if (!this.#isClosed) this.#reads.suspect(error);
    });
    this.#reader = new RecordReader(this.#client, timeout);
    this.#reads = new StoreHealth({
      check: async () => {
        await this.#client.get(PROBE_KEY, this.#patience);
      },
      onDown: (error) => {
        options.onError(new StoreError('read', error));
      },
      onChecked: () => {
        this.#lossWatch.check();
      },
      runInBackground,
    });
    this.#writes = new StoreHealth({
      check: () => this.#tryToWrite(),
      onDown: (error) => {
        options.onError(new StoreError('write', error));
      },
      onChecked: () => {
        // What was queued since the check last looked.
        for (const key of this.#unsaved.keys()) void this.#writeInBackground(key);
      },
      runInBackground,
    });
    this.#uploadTurns = new UploadTurns({
      client: this.#client,
      reads: this.#reads,
      timeout,
      patience: this.#patience,
      runInBackground,
    });
    this.#lossWatch = new LossWatch({
      readMark: () => this.#client.get(MARK_KEY, this.#patience),
      writeMark: (mark) => this.#client.set(MARK_KEY, mark, ttl, this.#patience),
      onLoss: () => {
        this.#inBackground(this.#putBack());
      },
      runInBackground,
    });
  }

  /** @param putBack - Puts all that is known and not in the store. Never rejects. Called when the store has lost it. */
  onLoss(putBack: () => Promise<void>): void {
    this.#putBack = putBack;
  }

  /** What the store knows; nothing if it cannot be read, is late, or holds something else. */
  async get(key: string): Promise<SavedId | undefined> {
    const unsaved = this.#unsaved.peek(key);
    if (unsaved) return unsaved;
    this.#reopen();
    if (this.#reads.isDown) return undefined;
    try {
      const saved = fromRecord(key, await this.#reader.read(key));
      if (saved) this.#lossWatch.begin();
      else this.#lossWatch.missed();
      return saved;
    } catch (error) {
      this.#reads.suspect(error, this.#uploadTurns.grace);
      return undefined;
    }
  }

  /** What the store knows when an upload is about to begin, which can wait a little longer than a message. */
  async getBeforeUpload(key: string): Promise<SavedId | undefined> {
    const unsaved = this.#unsaved.peek(key);
    const patience = this.#uploadTurns.readPatience;
    if (unsaved || !patience) return unsaved;
    try {
      return fromRecord(key, await this.#client.get(key, patience));
    } catch (error) {
      this.#reads.suspect(error);
      return undefined;
    }
  }

  /**
   * Reads several records in one call of the store. No message waits for it.
   *
   * @returns In the order of the keys.
   */
  async getMany(keys: readonly string[]): Promise<(SavedId | undefined)[]> {
    if (this.#reads.isDown) return keys.map((key) => this.#unsaved.peek(key));
    try {
      const found = await this.#client.getMany(keys, this.#patience);
      return keys.map((key, at) => this.#unsaved.peek(key) ?? fromRecord(key, found[at]));
    } catch (error) {
      this.#reads.suspect(error);
      return keys.map((key) => this.#unsaved.peek(key));
    }
  }

  /** Whether processes with this store can take turns: they have to find each other's IDs, too. */
  get canLease(): boolean {
    return !this.#writes.isDown && this.#uploadTurns.canLease;
  }

  /**
   * @param isUrgent - Whether it is waited for no longer than for an ID. Asked when that time is over.
   * @returns `held`: another process has it. Undefined: there are no leases now. Never rejects.
   */
  async lease(key: string, ms: number, isUrgent: () => boolean): Promise<Lease | 'held' | undefined> {
    return this.#writes.isDown ? undefined : this.#uploadTurns.lease(key, ms, isUrgent);
  }

  /**
   * Writes in the background, at once or when the store can be written again.
   *
   * @returns Resolves when it was tried. Never rejects.
   */
  put(key: string, saved: SavedId): Promise<void> {
    this.#unsaved.set(key, saved);
    if (this.#isWritable) return this.#writeInBackground(key);
    // A check ends with writing all that waits.
    return this.#writes.checking ?? Promise.resolve();
  }

  get #isWritable(): boolean {
    return !this.#writes.isDown && !this.#writes.checking;
  }

  /** @throws {StoreError} The store cannot be asked. */
  async delete(key: string): Promise<void> {
    this.#unsaved.delete(key);
    try {
      // A write under way would bring it back.
      const deleting = this.#inTurn(key, () => this.#client.delete(key, this.#patience));
      await inTime(deleting, this.#patience.limit);
    } catch (error) {
      throw new StoreError('delete', error);
    }
  }

  /**
   * All that stands in the store, or waits to be written, with its key.
   *
   * @throws {StoreError} The store cannot be asked, or cannot list.
   */
  async *list(): AsyncGenerator<readonly [key: string, saved: SavedId], void> {
    const listed = new Set<string>();
    try {
      for await (const [name, value] of this.#client.entries({ ...this.#patience, isAwaited: true })) {
        const key = withoutNamespace(name);
        const saved = fromRecord(key, value);
        if (!saved) continue;
        listed.add(saved.id);
        yield [key, saved];
      }
    } catch (error) {
      throw new StoreError('list', error);
    }
    for (const [key, saved] of this.#unsaved.entries()) if (!listed.has(saved.id)) yield [key, saved];
  }

  /**
   * Waits for writes under way, and tries once more to write what is left, also if the store was down. Then it is not
   * looked after any more. Takes no longer than one write may.
   */
  async close(): Promise<void> {
    this.#reads.stop();
    this.#writes.stop();
    this.#uploadTurns.stop();
    this.#lossWatch.stop();
    this.#closing++;
    await inTime(this.#finish(), this.#patience.limit).catch(ignore);
    this.#closing--;
  }

  /**
   * From now on, only a message asks the store: the bot may have closed it, and an adapter that is asked afterwards
   * connects again and keeps the process alive.
   */
  get #isClosed(): boolean {
    return this.#reads.isStopped && this.#closing === 0;
  }

  /** A message that comes after `close` finds everything as before. */
  #reopen(): void {
    if (!this.#isClosed) return;
    this.#reads.resume();
    this.#writes.resume();
    this.#uploadTurns.resume();
    this.#lossWatch.resume();
  }

  async #finish(): Promise<void> {
    while (this.#background.size > 0) await Promise.all(this.#background);
    if (this.#unsaved.size > 0 && !this.#isClosed) await this.#writes.check();
  }

  /**
   * Writes everything that is queued. A record that fails while a probe succeeds is dropped and reported.
   *
   * @throws The store cannot be written.
   */
  async #tryToWrite(): Promise<void> {
    await this.#writeProbe();
    for (;;) {
      const oldest = this.#unsaved.rkeys().next();
      if (oldest.done) return;
      const key = oldest.value;
      const saved = this.#unsaved.peek(key);
      try {
        await this.#write(key);
      } catch (error) {
        if (error instanceof NoAnswerError || this.#isClosed) throw error;
        await this.#writeProbe();
        if (!saved || this.#unsaved.peek(key) !== saved) continue;
        this.#unsaved.delete(key);
        this.#options.onError(new StoreError('write', error, saved));
      }
    }
  }

  async #writeProbe(): Promise<void> {
    await this.#client.set(PROBE_KEY, true, PROBE_TTL, this.#patience);
  }

  #writeInBackground(key: string): Promise<void> {
    const writing = this.#writeQueue.push(key);
    this.#inBackground(writing);
    return writing;
  }

  async #writeIfWritable(key: string): Promise<void> {
    if (!this.#isWritable) return;
    try {
      await this.#write(key);
    } catch (error) {
      this.#writes.suspect(error);
    }
  }

  /**
   * Writes the ID that waits under a key.
   *
   * @throws What the store throws.
   */
  async #write(key: string): Promise<void> {
    await this.#inTurn(key, async () => {
      const saved = this.#unsaved.peek(key);
      if (!saved) return;
      const left = saved.uploadedAt + this.#options.ttl - Date.now();
      if (left > 0) {
        // Together, because a store that is one file may miss what comes while it is written.
        this.#lossWatch.begin();
        await this.#client.set(key, toRecord(key, saved), left, this.#patience);
      }
      if (this.#unsaved.peek(key) === saved) this.#unsaved.delete(key);
    });
  }

  /** One after the other, because a store with several connections may overtake itself. */
  async #inTurn<T>(key: string, work: () => Promise<T>): Promise<T> {
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work);
    const end = turn.then(ignore, ignore);
    this.#turns.set(key, end);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(key) === end) this.#turns.delete(key);
    }
  }

  #inBackground(work: Promise<void>): void {
    this.#background.add(work);
    void work.finally(() => this.#background.delete(work));
  }
}

/** Some versions of Keyv list keys with their namespace in front. */
function withoutNamespace(key: string): string {
  return key.slice(Math.max(0, key.indexOf(KEY_PREFIX)));
}

function ignore(): void {
  // The failure has been reported elsewhere.
}
