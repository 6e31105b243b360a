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
  /** Ends the waiting: whoever waits gets its reason as an error. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * How long a message may be held up by look-ups and uploads. There is one deadline per activity: strict preparation,
 * several attachments and recoveries share it.
 */
export class Deadline {
  readonly #startedAt: number;
  readonly #end: number;
  readonly #latest: number;
  /** With which whoever waits may be told to give up. */
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

  /** Milliseconds that are left; 0 when it has passed. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /**
   * Waits for `work` as long as the deadline allows. The timer keeps the process alive, because somebody waits.
   *
   * @param isMoving - Asked once the deadline has passed: do the bytes of this upload still move? Then waiting is better
   * than a one-step send, which would start with the same bytes from the beginning.
   * @returns What `work` resolves with; undefined when the time is over. `work` itself goes on.
   * @throws What `work` rejects with, or the reason of the signal.
   */
  async within<T>(work: Promise<T>, isMoving: () => boolean = () => false): Promise<T | undefined> {
    if (this.signal) return abortable(this.#withinTime(work, isMoving), this.signal);
    return this.#withinTime(work, isMoving);
  }

  async #withinTime<T>(work: Promise<T>, isMoving: () => boolean): Promise<T | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      const check = (): void => {
        const wait = this.left || (performance.now() < this.#latest && isMoving() ? EXTENSION_CHECK : 0);
        // What has come while the process was busy counts, so it gets a turn first.
        if (wait === 0) setImmediate(resolve, undefined);
        else timer = setTimeout(check, Math.min(Math.ceil(wait), LONGEST_TIMER));
      };
      check();
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => {
      reject(signal.reason as Error);
    };
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
}

/** Milliseconds after which a deadline that nobody has taken is not that of the next message any more. */
const UNTAKEN = 60_000;

/**
 * Hands a deadline from the place where an activity is first seen (strict preparation, or the split of Bot Framework
 * attachments) to the calls that send it. Nothing else of an activity survives that way but the objects in it.
 */
export class ActivityDeadlines {
  readonly #uploadWait: number;
  readonly #started = new WeakMap<object, { deadline: Deadline; at: number }>();

  /** @param uploadWait - Milliseconds. */
  constructor(uploadWait: number) {
    this.#uploadWait = uploadWait;
  }

  /** The deadline that `start` gave to one of these objects; else a new one, which is given to all of them. */
  start(objects: readonly unknown[]): Deadline {
    const found = objects.map((object) => this.#find(object)).find((deadline) => deadline !== undefined);
    const deadline = found ?? new Deadline(this.#uploadWait);
    for (const object of objects) {
      if (isObject(object)) this.#started.set(object, { deadline, at: performance.now() });
    }
    return deadline;
  }

  /** The deadline that `start` gave to this object, once; else a new one. */
  take(object: unknown, signal?: AbortSignal): Deadline {
    const deadline = this.#find(object) ?? new Deadline(this.#uploadWait, { signal });
    if (isObject(object)) this.#started.delete(object);
    return deadline;
  }

  #find(object: unknown): Deadline | undefined {
    const found = isObject(object) ? this.#started.get(object) : undefined;
    return found && performance.now() - found.at < UNTAKEN ? found.deadline : undefined;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
