import { LRUCache } from 'lru-cache';
import { verdictOn } from '../graph/verdict';
import type { IdStore } from './id-store';
import type { SavedId } from './saved-id';

/** Gets a new ID from the platform. Undefined: there is none, but another may try. */
export type MakeId = () => Promise<SavedId | undefined>;

/** The replacement of a dead ID, shared by all who met it. */
export interface Renewal {
  /** This caller is the first of them: it need not wait for `made`, because nobody else sends the content now. */
  readonly isFirst: boolean;
  /** An ID that others have made already, in this process or another. */
  readonly found: Promise<SavedId | undefined>;
  /** `found`, or else an ID newly made. Rejects if that failed; nobody need listen. */
  readonly made: Promise<SavedId | undefined>;
}

export interface IdCacheOptions {
  readonly store: IdStore;
  /** Milliseconds that an ID is trusted after its upload began. */
  readonly ttl: number;
  /** Milliseconds before the end of `ttl` from which a use asks for a renewal. */
  readonly refreshAhead: number;
  /** How many IDs are kept in memory. */
  readonly memory: number;
}

/** Milliseconds for which an asset that Facebook refuses is not tried again, and a failed refresh not repeated. */
const REFUSAL_STANDS = 30_000;
const REFRESH_PAUSE = 60_000;

/** How many of these are remembered. A cache makes room for all of them when it is made. */
const BRIEF_ENTRIES = 1_000;

const NOTHING = Promise.resolve(undefined);

/**
 * Which ID an asset of a page has: in memory, else in the store, else a new one, which is made once for all who wait.
 */
export class IdCache {
  readonly #store: IdStore;
  readonly #ttl: number;
  readonly #refreshAhead: number;
  readonly #memory: LRUCache<string, SavedId>;
  /** IDs that the platform has refused: the store may go on offering them. */
  readonly #dead: LRUCache<string, true>;
  readonly #refusals: LRUCache<string, Error>;
  readonly #pauses: LRUCache<string, true>;
  readonly #making = new Map<string, Promise<SavedId | undefined>>();

  constructor({ store, ttl, refreshAhead, memory }: IdCacheOptions) {
    this.#store = store;
    this.#ttl = ttl;
    this.#refreshAhead = refreshAhead;
    this.#memory = new LRUCache({ max: memory });
    this.#dead = new LRUCache({ max: memory });
    this.#refusals = new LRUCache({ max: BRIEF_ENTRIES, ttl: REFUSAL_STANDS });
    this.#pauses = new LRUCache({ max: BRIEF_ENTRIES, ttl: REFRESH_PAUSE });
  }

  /** The ID of `key`, if it stands in memory: nobody need wait for it. */
  known(key: string): SavedId | undefined {
    const known = this.#memory.get(key);
    return known && this.#isFresh(known) ? known : undefined;
  }

  /**
   * The ID of `key`, made if there is none.
   *
   * @throws What `make` throws, to all who wait for it; and for a short while again, if it would fail the same way.
   */
  async get(key: string, make: MakeId): Promise<SavedId | undefined> {
    const known = this.known(key);
    if (known) return known;
    const refusal = this.#refusals.get(key);
    if (refusal) throw refusal;
    return this.#make(key, async () => (await this.#lookUp(key)) ?? (await make()));
  }

  /** Remembers a new ID, here and in the store. */
  put(key: string, saved: SavedId): void {
    this.#memory.set(key, saved);
    this.#refusals.delete(key);
    this.#store.put(key, saved);
  }

  /** Never gives this ID again. A newer one stays. */
  condemn(key: string, dead: string): void {
    this.#dead.set(dead, true);
    if (this.#memory.get(key)?.id === dead) this.#memory.delete(key);
  }

  /** Replaces an ID that the platform has refused, or joins those who do. */
  renew(key: string, dead: string, make: MakeId): Renewal {
    this.condemn(key, dead);
    const current = this.#memory.get(key);
    if (current) return { isFirst: false, found: Promise.resolve(current), made: Promise.resolve(current) };
    const underway = this.#making.get(key);
    if (underway) return { isFirst: false, found: NOTHING, made: underway };
    const found = this.#lookUp(key);
    const made = this.#make(key, async () => (await found) ?? (await make()));
    made.catch(ignore);
    return { isFirst: true, found, made };
  }

  /** The ID of `key`, if there is one. Makes none. */
  async peek(key: string): Promise<SavedId | undefined> {
    return this.known(key) ?? this.#lookUp(key);
  }

  /** Is it time to renew this ID? */
  isNearEnd({ uploadedAt }: SavedId): boolean {
    return this.#refreshAhead > 0 && Date.now() - uploadedAt >= this.#ttl - this.#refreshAhead;
  }

  /** Is it time to renew this ID, and nobody at it, or just failed with it? */
  isDue(key: string, saved: SavedId): boolean {
    return this.isNearEnd(saved) && !this.#making.has(key) && !this.#pauses.has(key);
  }

  /** Makes a new ID for one that is still good; whoever sends meanwhile uses the old one. */
  async refresh(key: string, old: SavedId, make: MakeId): Promise<SavedId | undefined> {
    this.#pauses.set(key, true);
    return this.#make(key, async () => {
      const stored = await this.#store.get(key);
      if (!stored || stored.uploadedAt <= old.uploadedAt || !this.#isUsable(stored)) return make();
      this.#memory.set(key, stored);
      return stored;
    });
  }

  /** All IDs that are still trusted. */
  async *list(): AsyncGenerator<SavedId, void> {
    for await (const saved of this.#store.list()) if (this.#isUsable(saved)) yield saved;
  }

  /** Forgets an ID, here and in the store. */
  async forget(key: string): Promise<void> {
    this.#memory.delete(key);
    this.#refusals.delete(key);
    await this.#store.delete(key);
  }

  /** Waits until no ID is being made. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#making.values());
  }

  async #lookUp(key: string): Promise<SavedId | undefined> {
    const stored = await this.#store.get(key);
    if (!stored || !this.#isUsable(stored)) return undefined;
    this.#memory.set(key, stored);
    return stored;
  }

  #make(key: string, work: MakeId): Promise<SavedId | undefined> {
    const underway = this.#making.get(key);
    if (underway) return underway;
    const making = this.#attempt(key, work);
    this.#making.set(key, making);
    return making;
  }

  async #attempt(key: string, work: MakeId): Promise<SavedId | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Error && verdictOn(error) === 'hopeless') this.#refusals.set(key, error);
      throw error;
    } finally {
      this.#making.delete(key);
    }
  }

  #isUsable(saved: SavedId): boolean {
    return this.#isFresh(saved) && !this.#dead.has(saved.id);
  }

  #isFresh({ uploadedAt }: SavedId): boolean {
    return Date.now() - uploadedAt < this.#ttl;
  }
}

function ignore(): void {
  // Whoever waits for it sees it.
}
