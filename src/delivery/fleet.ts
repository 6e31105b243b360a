import { setTimeout as wait } from 'node:timers/promises';
import { inTime } from '../base/in-time';
import type { Lease } from '../cache/leases';
import type { SavedId } from '../cache/saved-id';

/**
 * Milliseconds after which another process may upload what this one has begun, unless it renews its lease: that is how
 * long others are held up when a process is killed.
 */
const LEASE = 3_000;
const RENEWAL = 1_000;

/**
 * Milliseconds without a byte after which an upload is not moving any more; its answer has to come within that time,
 * too.
 */
export const STALLED_AFTER = 5_000;

/** Milliseconds between two looks at the IDs that other processes are making: random, and growing while none comes. */
const FIRST_LOOK = 100;
const LONGEST_LOOK = 1_000;

/**
 * Milliseconds after which a process that waits for another one asks whether it is still at work, also if a look hangs.
 */
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
   * @param isUrgent - Whether it is waited for no longer than for an ID. Asked when that time is over.
   * @returns `held`: another process has it. Undefined: there are no leases, or the store cannot be asked. Never
   * rejects.
   */
  lease(key: string, ms: number, isUrgent: () => boolean): Promise<Lease | 'held' | undefined>;
  /** An ID that can be used, also where memory has one: another process may have made a newer one. Never rejects. */
  findNewest(key: string): Promise<SavedId | undefined>;
  /** The IDs of several keys that can be used, the newest of each. No message waits for it. Never rejects. */
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
  /** Is it this process that uploads? Called after each attempt to take the lease. */
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
   * The ID that this process uploads, or that another one has made meanwhile, also while this one waits in its queue.
   * An upload that waits for another process takes up no place of the queue.
   *
   * @throws What `upload` throws.
   */
  async obtain(job: FleetJob, enqueue: Enqueue, upload: Upload): Promise<SavedId> {
    const begun = performance.now();
    const watch = new Watch(job);
    // Where uploads wait for each other, one that is made twice costs more than a moment without the store.
    let isFirstTry = true;
    if (this.#store.canLease) this.#watched.add(watch);
    else job.onTurn(true);
    try {
      for (;;) {
        const inTurn = enqueue((leave) => {
          const hasFoundPlace = isFirstTry;
          const isUrgent = (): boolean => hasFoundPlace && this.#watched.isEmpty;
          return this.#uploadInTurn(watch, begun, isUrgent, (onBytes) => upload(onBytes, leave));
        });
        isFirstTry = false;
        const saved = await Promise.race([inTurn, watch.found]);
        if (saved) return saved;
        this.#watched.add(watch);
        const found = await inTime(watch.found, WATCH, false).catch(ignore);
        if (found) return found;
      }
    } finally {
      this.#watched.delete(watch);
    }
  }

  /** @returns Undefined: it is another process's turn. */
  async #uploadInTurn(
    watch: Watch,
    begun: number,
    isUrgent: () => boolean,
    upload: (onBytes: () => void) => Promise<SavedId>,
  ): Promise<SavedId | undefined> {
    this.#watched.delete(watch);
    if (watch.saved) return watch.saved;
    const { key, isWanted, keep, onBytes, onTurn } = watch.job;
    const lease = await this.#store.lease(key, LEASE, isUrgent);
    if (lease === 'held') {
      onTurn(false);
      onBytes();
      return undefined;
    }
    const held = lease && new HeldLease(lease);
    let isKept = Promise.resolve();
    try {
      if (held || performance.now() - begun > OLD_LOOK) {
        const found = await this.#store.findNewest(key);
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
      // The process that gets the lease next has to find the ID.
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
      if (performance.now() - this.#movedAt > STALLED_AFTER) return;
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

/** Somebody who needs an ID that another process may make. */
class Watch {
  readonly job: FleetJob;
  readonly found: Promise<SavedId>;
  saved: SavedId | undefined;
  #resolve: (saved: SavedId) => void = ignore;

  constructor(job: FleetJob) {
    this.job = job;
    this.found = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  end(saved: SavedId): void {
    this.saved = saved;
    this.#resolve(saved);
  }
}

/** Looks for all IDs that are waited for at the same time, because each look is a call of the store. */
class Watched {
  readonly #find: FleetStore['findNewestOf'];
  readonly #watches = new Set<Watch>();
  #isLooking = false;

  constructor(find: FleetStore['findNewestOf']) {
    this.#find = find;
  }

  get isEmpty(): boolean {
    return this.#watches.size === 0;
  }

  add(watch: Watch): void {
    this.#watches.add(watch);
    if (!this.#isLooking) void this.#lookUntilNobodyWaits();
  }

  delete(watch: Watch): void {
    this.#watches.delete(watch);
  }

  async #lookUntilNobodyWaits(): Promise<void> {
    this.#isLooking = true;
    let pause = FIRST_LOOK;
    while (this.#watches.size > 0) {
      // A message that waits has a timer of its own, which keeps the process alive.
      await wait(pause * (0.5 + Math.random()), undefined, { ref: false });
      // Where one has come, more are coming.
      pause = (await this.#lookForAll()) ? FIRST_LOOK : Math.min(2 * pause, LONGEST_LOOK);
    }
    this.#isLooking = false;
  }

  /** @returns Whether any had come. */
  async #lookForAll(): Promise<boolean> {
    const watches = [...this.#watches];
    let hasFound = false;
    for (let from = 0; from < watches.length; from += LOOK_LIMIT) {
      const some = watches.slice(from, from + LOOK_LIMIT);
      const found = await this.#find(some.map(({ job }) => job.key));
      for (const [at, watch] of some.entries()) {
        const saved = found[at];
        if (!saved || !watch.job.isWanted(saved) || !this.#watches.delete(watch)) continue;
        watch.end(saved);
        hasFound = true;
      }
    }
    return hasFound;
  }
}

function release(lease: Lease): void {
  lease.release().catch(ignore);
}

function ignore(): undefined {
  // A lease that is not released ends by itself.
}
