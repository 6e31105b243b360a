import { onAbort } from '../base/abort';

/** Milliseconds that a message waits beyond its deadline at most, while the bytes of its upload are moving. */
const EXTENSION = 60_000;
const EXTENSION_CHECK = 250;

/** Milliseconds that a media template waits for its IDs: it cannot go in one step. */
export const TEMPLATE_WAIT = 60_000;

/** Node fires a longer timer at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

export interface DeadlineOptions {
  /** Milliseconds. Default: 60 000. */
  readonly extension?: number;
  /** When the message came, as `performance.now()` tells it. Default: now. */
  readonly startedAt?: number;
  /** Ends the waiting: the caller gets its reason as an error. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * How long a message may be held up by look-ups and uploads. There is one deadline per activity: strict mode,
 * several attachments and recoveries share it.
 */
export class Deadline {
  readonly #startedAt: number;
  readonly #end: number;
  readonly #latest: number;
  /** The caller's signal to give up. */
  readonly signal: AbortSignal | undefined;
  /** Waiting is all that can be done: there is no one-step send instead. */
  readonly isPatient: boolean;

  /** @param wait - Milliseconds. `Infinity`: to the end, for work that no message waits for. */
  constructor(
    wait: number,
    { extension = EXTENSION, startedAt = performance.now(), signal }: DeadlineOptions = {},
  ) {
    this.#startedAt = startedAt;
    this.signal = signal;
    this.#end = startedAt + wait;
    this.#latest = this.#end + extension;
    this.isPatient = extension === 0 || wait === Infinity;
  }

  /** The deadline of the same message, if it holds a media template. */
  forTemplate(): Deadline {
    return new Deadline(TEMPLATE_WAIT, { extension: 0, startedAt: this.#startedAt, signal: this.signal });
  }

  /** @throws The reason of the signal, if the caller has given up. */
  throwIfAborted(): void {
    this.signal?.throwIfAborted();
  }

  /** Milliseconds from the message's arrival to the deadline. */
  get length(): number {
    return this.#end - this.#startedAt;
  }

  /** Milliseconds that are left; 0 when it has passed. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /**
   * Waits for `work` as long as the deadline allows. The timer keeps the process alive, because somebody waits.
   *
   * @param isMoving - Asked once the deadline has passed: do the bytes of this upload still move? Then waiting is
   * better than a one-step send, which would start with the same bytes from the beginning.
   * @returns What `work` resolves with; undefined when the time is over. `work` itself goes on.
   * @throws What `work` rejects with, or the reason of the signal.
   */
  async within<T>(work: Promise<T>, isMoving: () => boolean = () => false): Promise<T | undefined> {
    const { signal } = this;
    let timer: NodeJS.Timeout | undefined;
    let stopListening: (() => void) | undefined;
    const end = new Promise<undefined>((resolve, reject) => {
      const check = (): void => {
        const wait = this.left || (performance.now() < this.#latest && isMoving() ? EXTENSION_CHECK : 0);
        // What has come while the process was busy counts, so it gets a turn first.
        if (wait === 0) setImmediate(resolve, undefined);
        else timer = setTimeout(check, Math.min(Math.ceil(wait), LONGEST_TIMER));
      };
      check();
      stopListening =
        signal &&
        onAbort(signal, () => {
          reject(signal.reason as Error);
        });
    });
    try {
      // The signal comes first: what is there already is not used after it.
      return await Promise.race([end, work]);
    } finally {
      clearTimeout(timer);
      stopListening?.();
    }
  }
}
