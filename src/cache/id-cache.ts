import { LRUCache } from 'lru-cache';
import type { IdStore } from './id-store';
import type { Lease } from './leases';
import type { SavedId } from './saved-id';

export interface IdCacheOptions {
  /** Undefined: memory is all there is. */
  readonly store: IdStore | undefined;
  /** Milliseconds that an ID is trusted after its upload began. */
  readonly ttl: number;
  /** Milliseconds before the end of `ttl` from which on an ID is near its end. 0: it never is. */
  readonly refreshAhead: number;
  /** How many IDs are kept in memory. */
  readonly memory: number;
}

/**
 * Which ID an asset of a page has: in memory, else in the store. It keeps IDs and makes none.
 *
 * Without a store, memory is the store: of more than `memory` IDs, those that were used least recently are dropped.
 */
export class IdCache {
  readonly #store: IdStore | undefined;
  readonly #ttl: number;
  readonly #refreshAhead: number;
  /** The part of `refreshAhead` in which this process refreshes. */
  readonly #share: number;
  readonly #memory: LRUCache<string, SavedId>;
  /** IDs that the platform has refused: the store may go on offering them. */
  readonly #dead: LRUCache<string, string>;
  /** Look-ups of one key that are under way in the store, shared by all who look for the same key. */
  readonly #shared = new Map<string, Promise<SavedId | undefined>>();
  /** For each look-up under way, the keys whose answers count: `forget` takes out what it forgets. */
  readonly #lookUps = new Set<Set<string>>();
  /** Keys that the store is deleting, and how many calls of `forget` wait for that. */
  readonly #forgetting = new Map<string, number>();

  constructor({ store, ttl, refreshAhead, memory }: IdCacheOptions) {
    this.#store = store;
    this.#ttl = ttl;
    this.#refreshAhead = refreshAhead;
    this.#share = store ? 1 - Math.random() / 2 : 1;
    this.#memory = new LRUCache({ max: memory });
    this.#dead = new LRUCache({ max: memory });
    store?.onLoss(() => this.#putBack(store));
  }

  /** The ID of `key`, if it is in memory: nobody need wait for it. */
  known(key: string): SavedId | undefined {
    const known = this.#memory.get(key);
    return known && this.#isFresh(known) ? known : undefined;
  }

  /**
   * The ID of `key`: from memory, else from the store, which is asked once for all who look for the same key at the
   * same time. Undefined: there is none, or the store cannot be read. Never rejects.
   */
  async find(key: string): Promise<SavedId | undefined> {
    const known = this.known(key);
    if (known) return known;
    const underWay = this.#shared.get(key);
    if (underWay) return underWay;
    const lookUp = this.#lookUp([key], async (store) => [await store.get(key)]).then(([newest]) => {
      // After `forget`, another look-up may have begun.
      if (this.#shared.get(key) === lookUp) this.#shared.delete(key);
      return newest;
    });
    this.#shared.set(key, lookUp);
    return lookUp;
  }

  /**
   * The ID of `key` before an upload, although memory has one already: the store may have a newer one of another
   * process, which memory then takes over. Never rejects.
   */
  async findNewest(key: string): Promise<SavedId | undefined> {
    const [newest] = await this.#lookUp([key], async (store) => [await store.getBeforeUpload(key)]);
    return newest;
  }

  /** The newest ID of each key, also where memory has one, in one call of the store. Never rejects. */
  async findNewestOf(keys: readonly string[]): Promise<(SavedId | undefined)[]> {
    return this.#lookUp(keys, (store) => store.getMany(keys));
  }

  /** Whether processes with the same store can take turns. */
  get canLease(): boolean {
    return this.#store?.canLease ?? false;
  }

  /**
   * The right to make the ID of `key`, which one process has at a time.
   *
   * @param ms - Milliseconds after which it ends by itself.
   * @param isUrgent - Whether it is waited for no longer than for an ID. Asked when that time is over.
   * @returns `held`: another process has it. Undefined: the store cannot do that, or not now. Never rejects.
   */
  async lease(key: string, ms: number, isUrgent: () => boolean): Promise<Lease | 'held' | undefined> {
    return this.#store?.lease(key, ms, isUrgent);
  }

  /**
   * Keeps a new ID, in memory at once and in the store in the background.
   *
   * @returns Resolves when the store has it, or cannot take it now. Never rejects.
   */
  put(key: string, saved: SavedId): Promise<void> {
    this.#memory.set(key, saved);
    return this.#store?.put(key, saved) ?? Promise.resolve();
  }

  /** Never gives this ID again. A newer one of the same asset stays. */
  markDead(key: string, id: string): void {
    this.#dead.set(id, key);
    if (this.#memory.get(key)?.id === id) this.#memory.delete(key);
  }

  /** Is it in the time before its end in which it is refreshed? */
  isNearEnd(saved: SavedId): boolean {
    return this.#hasLess(saved, this.#refreshAhead);
  }

  /** Is it time for this process to refresh the ID? Others with the same store do so at another time. */
  isRefreshDue(saved: SavedId): boolean {
    return this.#hasLess(saved, this.#refreshAhead * this.#share);
  }

  /**
   * Forgets the ID of `key`, in memory at once and then in the store. A look-up that is under way does not bring it
   * back, and neither does one that begins before the store has deleted it. An ID that is put meanwhile stays.
   *
   * @throws {StoreError} The store did not delete it.
   */
  async forget(key: string): Promise<void> {
    this.#memory.delete(key);
    this.#shared.delete(key);
    for (const counting of this.#lookUps) counting.delete(key);
    if (!this.#store) return;
    this.#forgetting.set(key, (this.#forgetting.get(key) ?? 0) + 1);
    try {
      await this.#store.delete(key);
    } finally {
      const others = (this.#forgetting.get(key) ?? 0) - 1;
      if (others > 0) this.#forgetting.set(key, others);
      else this.#forgetting.delete(key);
    }
  }

  /**
   * All IDs that are still trusted, with their keys.
   *
   * @throws {StoreError} The store cannot be asked, or cannot list.
   */
  async *list(): AsyncGenerator<readonly [key: string, saved: SavedId], void> {
    for await (const [key, saved] of this.#store?.list() ?? this.#memory.entries()) {
      if (this.#isUsable(saved)) yield [key, saved];
    }
  }

  /** Waits until the store has written what it can. The cache can be used afterwards. */
  async close(): Promise<void> {
    await this.#store?.close();
  }

  /** Puts all that memory knows and the store has lost; those used last at the end, as they are in memory. */
  async #putBack(store: IdStore): Promise<void> {
    for (const key of [...this.#memory.rkeys()]) {
      const stored = await store.get(key);
      const known = this.known(key);
      // Forgotten, dead or ended meanwhile.
      if (!known) continue;
      if (this.#takeOver(key, stored) === known && stored?.id !== known.id) void store.put(key, known);
    }
  }

  /**
   * Asks the store, and takes over what it answers: not for a key that is being forgotten, which the store still has,
   * and not for one that is forgotten before the answer is here.
   */
  async #lookUp(
    keys: readonly string[],
    ask: (store: IdStore) => Promise<(SavedId | undefined)[]>,
  ): Promise<(SavedId | undefined)[]> {
    const counting = new Set(keys.filter((key) => !this.#forgetting.has(key)));
    if (!this.#store || counting.size === 0) return keys.map((key) => this.known(key));
    this.#lookUps.add(counting);
    const stored = await ask(this.#store);
    this.#lookUps.delete(counting);
    return keys.map((key, at) => (counting.has(key) ? this.#takeOver(key, stored[at]) : this.known(key)));
  }

  /** The ID of the store, unless memory has one that is as new, or it is not to be used. */
  #takeOver(key: string, stored: SavedId | undefined): SavedId | undefined {
    const known = this.known(key);
    if (!stored || !this.#isUsable(stored)) return known;
    if (known && known.uploadedAt >= stored.uploadedAt) return known;
    this.#memory.set(key, stored);
    return stored;
  }

  /** Whether the ID expires within `left` milliseconds. */
  #hasLess({ uploadedAt }: SavedId, left: number): boolean {
    return left > 0 && Date.now() - uploadedAt >= this.#ttl - left;
  }

  #isUsable(saved: SavedId): boolean {
    return this.#isFresh(saved) && !this.#dead.has(saved.id);
  }

  #isFresh({ uploadedAt }: SavedId): boolean {
    return Date.now() - uploadedAt < this.#ttl;
  }
}
