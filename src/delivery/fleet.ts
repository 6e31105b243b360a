import { setTimeout as wait } from 'node:timers/promises';
import type { Lease } from '../cache/leases';
import type { SavedId } from '../cache/saved-id';

/**
 * Milliseconds after which another process may upload what this one has begun, unless it renews its lease: that is how
 * long others are held up when a process is killed.
 */
const LEASE = 3_000;
const RENEWAL = 1_000;

/** Milliseconds without a byte after which an upload is not moving any more; its answer has to come within that time, too. */
export const STILL = 5_000;

/** Milliseconds between two looks at the IDs that other processes are making: growing, and random. */
const FIRST_LOOK = 100;
const LONGEST_LOOK = 1_000;

/** Milliseconds after which whoever waits for another process asks whether it is still at work. */
const WATCH = 1_500;

/** How many IDs are asked for at once. */
const LOOK_LIMIT = 500;

/** Milliseconds after which a first look at the store has become old, where processes cannot take turns. */
const OLD_LOOK = 250;

/** What a fleet shares: the store of IDs, and leases in it. */
export interface FleetStore {
  /** Whether processes can take turns. */
  readonly canLease: boolean;
  /**
   * @returns `held`: another process has it. Undefined: there are no leases, or the store cannot be asked. Never rejects.
   */
  lease(key: string, ms: number): Promise<Lease | 'held' | undefined>;
  /** IDs that can be used, also where memory has one: another process may have made a newer one. Never rejects. */
  findNewestOf(keys: readonly string[]): Promise<(SavedId | undefined)[]>;
}

/** An upload that the processes with this store need do only once. */
export interface FleetJob {
  readonly key: string;
  /** Whether an ID that another process has made will do. */
  readonly isWanted: (saved: SavedId) => boolean;
  /** Resolves when the store has the ID, or cannot take it now. Never rejects. */
  readonly keep: (saved: SavedId) => Promise<void>;
  /** A piece of the body went out, here or in the process that uploads. */
  readonly onBytes: () => void;
  /** Is it this process that uploads? Told whenever it has asked. */
  readonly onTurn: (isOurs: boolean) => void;
}

/** Begins `work` when there is a place for an upload. */
export type Enqueue = (
  work: (leave: () => void) => Promise<SavedId | undefined>,
) => Promise<SavedId | undefined>;

/** Uploads, and tells of each piece of the body and of its end. */
export type Upload = (onBytes: () => void, leave: () => void) => Promise<SavedId>;

/**
 * One upload for all processes that share a store. It fails open: whatever happens to a lease, to its holder or to the
 * store costs seconds or one upload more, and never a message.
 */
export class Fleet {
  readonly #store: FleetStore;
  readonly #watched: Watched;

  constructor(store: FleetStore) {
    this.#store = store;
    this.#watched = new Watched((keys) => store.findNewestOf(keys));
  }

  /**
   * The ID that this process uploads, or that another one has made meanwhile. Whoever waits for another process takes up
   * no place of the queue.
   *
   * @throws What `upload` throws.
   */
  async obtain(job: FleetJob, enqueue: Enqueue, upload: Upload): Promise<SavedId> {
    const begun = performance.now();
    if (!this.#store.canLease) job.onTurn(true);
    for (;;) {
      const saved =
        (await enqueue((leave) => this.#uploadInTurn(job, begun, (onBytes) => upload(onBytes, leave)))) ??
        (await this.#watched.watch(job));
      if (saved) return saved;
    }
  }

  /** @returns Undefined: it is another process's turn. */
  async #uploadInTurn(
    { key, isWanted, keep, onBytes, onTurn }: FleetJob,
    begun: number,
    upload: (onBytes: () => void) => Promise<SavedId>,
  ): Promise<SavedId | undefined> {
    const lease = await this.#store.lease(key, LEASE);
    if (lease === 'held') {
      onTurn(false);
      onBytes();
      return undefined;
    }
    const held = lease && new HeldLease(lease);
    let isKept = Promise.resolve();
    try {
      if (held || performance.now() - begun > OLD_LOOK) {
        const [found] = await this.#store.findNewestOf([key]);
        if (found && isWanted(found)) return found;
      }
      onTurn(true);
      const saved = await upload(() => {
        held?.moved();
        onBytes();
      });
      isKept = keep(saved);
      return saved;
    } finally {
      // Whoever gets the lease next has to find the ID.
      void isKept.then(() => held?.end());
    }
  }
}

/** Renews a lease while the upload moves: nobody waits for one that hangs in another process. */
class HeldLease {
  readonly #lease: Lease;
  readonly #timer: NodeJS.Timeout;
  #movedAt = performance.now();

  constructor(lease: Lease) {
    this.#lease = lease;
    this.#timer = setInterval(() => {
      if (performance.now() - this.#movedAt > STILL) return;
      // If it cannot be renewed, it ends, and another process may upload as well.
      lease.renew(LEASE).catch(ignore);
    }, RENEWAL).unref();
  }

  moved(): void {
    this.#movedAt = performance.now();
  }

  end(): void {
    clearInterval(this.#timer);
    release(this.#lease);
  }
}

interface Watcher {
  readonly key: string;
  readonly isWanted: (saved: SavedId) => boolean;
  readonly until: number;
  readonly end: (saved: SavedId | undefined) => void;
}

/** Looks at all keys that are waited for at the same time, because each look is a call of the store. */
class Watched {
  readonly #find: FleetStore['findNewestOf'];
  readonly #watchers = new Set<Watcher>();
  #isLooking = false;

  constructor(find: FleetStore['findNewestOf']) {
    this.#find = find;
  }

  /** @returns Undefined: there is no ID yet, and it is time to ask whose turn it is. */
  watch({ key, isWanted }: FleetJob): Promise<SavedId | undefined> {
    return new Promise((resolve) => {
      this.#watchers.add({ key, isWanted, until: performance.now() + WATCH, end: resolve });
      if (!this.#isLooking) void this.#lookUntilNobodyWaits();
    });
  }

  async #lookUntilNobodyWaits(): Promise<void> {
    this.#isLooking = true;
    for (let pause = FIRST_LOOK; this.#watchers.size > 0; pause = Math.min(2 * pause, LONGEST_LOOK)) {
      // A message that waits has a timer of its own, which keeps the process alive.
      await wait(pause * (0.5 + Math.random()), undefined, { ref: false });
      const watchers = [...this.#watchers];
      for (let from = 0; from < watchers.length; from += LOOK_LIMIT) {
        await this.#look(watchers.slice(from, from + LOOK_LIMIT));
      }
    }
    this.#isLooking = false;
  }

  async #look(watchers: readonly Watcher[]): Promise<void> {
    const found = await this.#find(watchers.map(({ key }) => key));
    for (const [at, watcher] of watchers.entries()) {
      const saved = found[at];
      const isFound = saved !== undefined && watcher.isWanted(saved);
      if (!isFound && performance.now() < watcher.until) continue;
      this.#watchers.delete(watcher);
      watcher.end(isFound ? saved : undefined);
    }
  }
}

function release(lease: Lease): void {
  lease.release().catch(ignore);
}

function ignore(): void {
  // It ends by itself.
}
