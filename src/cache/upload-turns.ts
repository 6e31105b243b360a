import { setImmediate as nextTurn } from 'node:timers/promises';
import { inTime, NoAnswerError } from '../base/in-time';
import { MINUTE } from '../base/time';
import { PROBE_KEY, type KeyvClient, type Patience } from './keyv-client';
import type { Lease } from './leases';
import { StoreHealth } from './store-health';

export interface UploadTurnsOptions {
  readonly client: KeyvClient;
  /** Whether the store can be read: who takes a turn has to find the IDs of others, too. */
  readonly reads: StoreHealth;
  /** Milliseconds that a message waits for an answer. */
  readonly timeout: number;
  /** How long calls take that nobody waits for. */
  readonly patience: Patience;
  /** Takes care of work that nobody waits for. */
  readonly runInBackground: (work: Promise<void>) => void;
}

/** An upload that another process may have made takes longer than a moment in which the store does not answer. */
const UPLOAD_PATIENCE_FACTOR = 4;

/** Milliseconds after which a lease ends that was only taken to see whether there are any. */
const PROBE_TTL = MINUTE;

/**
 * The leases by which processes with the same store take turns, and how long an upload waits for the store. Leases are
 * judged by themselves, because a store can grant them and not write IDs, or the other way round.
 */
export class UploadTurns {
  readonly #options: UploadTurnsOptions;
  readonly #leases: StoreHealth;

  constructor(options: UploadTurnsOptions) {
    this.#options = options;
    const { client, patience, runInBackground } = options;
    this.#leases = new StoreHealth({
      check: async () => {
        const lease = await client.lease(PROBE_KEY, PROBE_TTL, patience);
        if (lease !== 'held') await lease?.release();
      },
      // Nobody need know: what it means for IDs is told by reading and writing them.
      onDown: ignore,
      onChecked: ignore,
      runInBackground,
    });
  }

  /** Whether processes with this store can take turns. */
  get canLease(): boolean {
    return this.#options.client.canLease && this.#leasePatience !== undefined;
  }

  /**
   * @param isUrgent - Whether it is waited for no longer than for an ID. Asked when that time is over.
   * @returns `held`: another process has it. Undefined: there are no leases now. Never rejects.
   */
  async lease(key: string, ms: number, isUrgent: () => boolean): Promise<Lease | 'held' | undefined> {
    const { client, reads } = this.#options;
    if (reads.isDown || this.#leases.isDown) {
      // Of messages that come together, the first would not know of the others yet.
      await nextTurn();
      if (isUrgent()) return undefined;
    }
    const patience = this.#leasePatience;
    if (!patience) return undefined;
    const asked = client.lease(key, ms, patience);
    try {
      const lease = await this.#waitFor(asked, isUrgent);
      this.#leases.answered();
      return lease === 'held' || !lease ? lease : this.#releasedBeforeClose(lease);
    } catch {
      // It may still come, and nobody would use it.
      asked.then((late) => (late === 'held' ? undefined : late?.release())).catch(ignore);
      return undefined;
    }
  }

  /** What is not there in time is late, for others, too. */
  async #waitFor<T>(asked: Promise<T>, isUrgent: () => boolean): Promise<T> {
    try {
      return await inTime(asked, this.#options.timeout, false);
    } catch (error) {
      this.#leases.suspect(error, this.grace);
      if (error instanceof NoAnswerError && !isUrgent()) return await asked;
      throw error;
    }
  }

  /** How long an upload that is about to begin waits for an ID of another process. Undefined: it does not look. */
  get readPatience(): Patience | undefined {
    // A store that is late with leases has no time for this, either.
    return this.#leases.isLate ? undefined : this.#patienceWith(this.#options.reads);
  }

  /** Milliseconds for which uploads still wait after a call that was not answered within `timeout`. */
  get grace(): number {
    return this.#options.timeout * (UPLOAD_PATIENCE_FACTOR - 1);
  }

  /** Checks them no more by itself. */
  stop(): void {
    this.#leases.stop();
  }

  /** Undoes `stop`. */
  resume(): void {
    this.#leases.resume();
  }

  get #leasePatience(): Patience | undefined {
    return this.#patienceWith(this.#options.reads, this.#leases);
  }

  /**
   * How long an upload waits for an answer: from the first call on that was not answered in time, all uploads together
   * wait no longer. Undefined: the store does not work.
   */
  #patienceWith(...healths: StoreHealth[]): Patience | undefined {
    const limits = healths.map(({ isDown, grace }) =>
      isDown ? grace : this.#options.timeout * UPLOAD_PATIENCE_FACTOR,
    );
    const limit = Math.min(...limits);
    return limit > 0 ? { limit, isAwaited: true } : undefined;
  }

  /** A lease whose release `close` waits for, as for a write. */
  #releasedBeforeClose(lease: Lease): Lease {
    const { patience, runInBackground } = this.#options;
    return {
      renew: (ms) => lease.renew(ms),
      release: () => {
        const releasing = inTime(lease.release(), patience.limit, false);
        runInBackground(releasing.catch(ignore));
        return releasing;
      },
    };
  }
}

function ignore(): void {
  // A lease that is not released ends by itself.
}
