import { toError } from '../base/errors';
import type { SavedId } from '../cache/saved-id';
import type { Deadline } from './deadline';
import { STALLED_AFTER } from './fleet';
import type { PageAsset } from './page-asset';
import type { UploadObserver } from './uploads';

/** One way to get the ID of an asset. */
export interface Attempt {
  /** Callers with an equal target share the failure of this attempt. Undefined: no caller does. */
  readonly target?: PageAsset;
  /** Resolves with undefined if it brought no ID. */
  readonly make: (observer: UploadObserver) => Promise<SavedId | undefined>;
}

export interface UploadUnderWayOptions {
  /** Keeps the ID, unless it is `isForgotten`. Resolves when the store has it. Default: it is not kept. */
  readonly keep?: (saved: SavedId) => Promise<void>;
  /** There is an ID, or no attempt is left: the next caller needs another upload. */
  readonly onEnd?: () => void;
}

/** An attempt of those who wait. */
interface JoinedAttempt extends Attempt {
  waiting: number;
  failure?: Error;
}

/** How many attempts are made one after the other. From then on, two are made for each that fails: time is short. */
const MAX_IN_SEQUENCE = 3;

/** A send that was to save the attachment has brought no ID. Its error concerns only its own recipient. */
class NotSavedError extends Error {}

/**
 * An ID that is being obtained, for all who need the same asset on the same page. If the attempt of one fails, the next
 * one's is made, and the ID that any of them brings is everybody's. Without one, each fails as their own attempt
 * failed.
 */
export class UploadUnderWay {
  readonly result: Promise<SavedId>;
  /** Whether this process uploads. False as well if another one has, or if it is over. */
  readonly isOurs: Promise<boolean>;
  /** The asset was forgotten meanwhile: the ID is for those who wait, and is not kept. */
  isForgotten = false;
  readonly #observer: UploadObserver;
  readonly #attempts: JoinedAttempt[] = [];
  /** Not made yet. */
  readonly #left = new Set<JoinedAttempt>();
  #running = 0;
  #failures = 0;
  #waiting = 0;
  readonly #begunAt = performance.now();
  #lastBytesAt = -Infinity;
  #isOverdue = false;
  /** A caller went on without the ID, in one step. */
  #isPassedBy = false;
  /** A caller gave its message up. */
  #isGivenUp = false;
  #end: (saved: SavedId) => void = ignore;
  #fail: (error: Error) => void = ignore;

  /** @param first - Is made at once, whether or not anybody waits. */
  constructor(
    first: Attempt,
    { keep = () => Promise.resolve(), onEnd = ignore }: UploadUnderWayOptions = {},
  ) {
    let resolveTurn: (isOurs: boolean) => void = ignore;
    this.isOurs = new Promise((resolve) => {
      resolveTurn = resolve;
    });
    this.result = new Promise((resolve, reject) => {
      this.#end = (saved) => {
        onEnd();
        resolve(saved);
      };
      this.#fail = (error) => {
        onEnd();
        reject(error);
      };
    });
    const end = (): void => {
      resolveTurn(false);
    };
    this.result.then(end, end);
    this.#observer = {
      onBytes: () => {
        this.#lastBytesAt = performance.now();
      },
      isAwaited: () => this.#waiting > 0,
      isGivenUp: () => this.#isGivenUp && !this.#isPassedBy,
      onTurn: resolveTurn,
      keep: async (saved) => {
        if (!this.isForgotten) await keep(saved);
      },
    };
    void this.#make(this.#join(first));
  }

  /**
   * @param attempt - Is made if those before it fail. Undefined: the caller has none.
   * @returns Undefined: the deadline has passed; or the upload hangs, as somebody has found who waited all the time
   * that a message may wait.
   * @throws Why the caller's own attempt failed.
   */
  async wait(deadline: Deadline, attempt?: Attempt): Promise<SavedId | undefined> {
    if (this.#isOverdue && !deadline.isPatient && !this.#isMoving()) {
      this.#isPassedBy = true;
      return undefined;
    }
    const own = attempt && this.#join(attempt);
    if (own) own.waiting += 1;
    this.#waiting += 1;
    try {
      const result = this.result.catch((error: unknown) => {
        throw own?.failure ?? toError(error);
      });
      const saved = await deadline.within(result, () => this.#isMoving());
      if (saved) return saved;
      if (deadline.isPatient) this.#isGivenUp = true;
      else this.#isPassedBy = true;
      // A message that had spent its time before says nothing about the upload.
      if (performance.now() - this.#begunAt >= deadline.length) this.#isOverdue = true;
      if (own?.failure) throw own.failure;
      return undefined;
    } catch (error) {
      if (deadline.signal?.aborted) this.#isGivenUp = true;
      throw error;
    } finally {
      this.#waiting -= 1;
      if (own) own.waiting -= 1;
    }
  }

  /** Joins an equal attempt of another caller, if there is one; otherwise adds this one. */
  #join(attempt: Attempt): JoinedAttempt {
    const same = this.#attempts.find(
      ({ target }) => target && attempt.target && isSame(target, attempt.target),
    );
    if (same) return same;
    const joined = { ...attempt, waiting: 0 };
    this.#attempts.push(joined);
    this.#left.add(joined);
    return joined;
  }

  async #make(attempt: JoinedAttempt): Promise<void> {
    this.#left.delete(attempt);
    this.#running += 1;
    try {
      const saved = await attempt.make(this.#observer);
      if (!saved) throw new NotSavedError();
      this.#end(saved);
    } catch (error) {
      attempt.failure = toError(error);
      this.#running -= 1;
      this.#failures += 1;
      const left = [...this.#left].filter(({ waiting }) => waiting > 0);
      const next = left.slice(0, this.#failures < MAX_IN_SEQUENCE ? 1 : 2);
      for (const each of next) void this.#make(each);
      if (this.#running === 0) this.#fail(attempt.failure);
    }
  }

  #isMoving(): boolean {
    return performance.now() - this.#lastBytesAt < STALLED_AFTER;
  }
}

function isSame(one: PageAsset, other: PageAsset): boolean {
  return one.client === other.client && one.asset.attempt === other.asset.attempt;
}

function ignore(): void {
  // A failure is thrown to those who wait, and so far nobody does.
}
