import type { SavedId } from '../cache/saved-id';
import type { Deadline } from './deadline';
import { STILL } from './fleet';
import type { PageAsset } from './page-asset';
import type { UploadObserver } from './uploads';

export interface UploadUnderWayOptions {
  /** It is a message that saves what it sends. */
  readonly isSend?: boolean;
  readonly keep?: (saved: SavedId) => Promise<void>;
}

/** Somebody's message was to save the attachment, and did not. What it met is its recipient's matter. */
class NotSavedError extends Error {}

/**
 * One way to get an ID that has begun, shared by all who need the same asset on the same page. `work` resolves with
 * undefined if it brought no ID.
 */
export class UploadUnderWay {
  readonly result: Promise<SavedId>;
  /** Whether this process uploads. False as well if another one has, or if it is over. */
  readonly isOurs: Promise<boolean>;
  /** The asset was forgotten meanwhile: the ID is for those who wait, and is not kept. */
  isForgotten = false;
  readonly #target: PageAsset;
  readonly #isSend: boolean;
  #waiting = 0;
  #lastBytesAt = -Infinity;
  #isOverdue = false;

  /** @param keep - Keeps the ID, unless it is `isForgotten`. Resolves when the store has it. Default: it is not kept. */
  constructor(
    target: PageAsset,
    work: (observer: UploadObserver) => Promise<SavedId | undefined>,
    { isSend = false, keep = () => Promise.resolve() }: UploadUnderWayOptions = {},
  ) {
    this.#target = target;
    this.#isSend = isSend;
    let resolveTurn: (isOurs: boolean) => void = ignore;
    this.isOurs = new Promise((resolve) => {
      resolveTurn = resolve;
    });
    this.result = this.#run(work, {
      onBytes: () => {
        this.#lastBytesAt = performance.now();
      },
      isAwaited: () => this.isAwaited(),
      onTurn: resolveTurn,
      keep: async (saved) => {
        if (!this.isForgotten) await keep(saved);
      },
    });
    const end = (): void => {
      resolveTurn(false);
    };
    this.result.then(end, end);
  }

  /** Is its failure also that of whoever needs this? A send's never is: it belongs to its recipient. */
  isSameAttempt({ client, asset }: PageAsset): boolean {
    return !this.#isSend && client === this.#target.client && asset.attempt === this.#target.asset.attempt;
  }

  isAwaited(): boolean {
    return this.#waiting > 0;
  }

  /**
   * @returns Undefined: the deadline has passed, or that of somebody before, and the upload still hangs.
   * @throws Why it failed.
   */
  async wait(deadline: Deadline): Promise<SavedId | undefined> {
    if (this.#isOverdue && !deadline.isPatient && !this.#isMoving()) return undefined;
    this.#waiting += 1;
    try {
      const saved = await deadline.within(this.result, () => this.#isMoving());
      if (!saved) this.#isOverdue = true;
      return saved;
    } finally {
      this.#waiting -= 1;
    }
  }

  async #run(
    work: (observer: UploadObserver) => Promise<SavedId | undefined>,
    observer: UploadObserver,
  ): Promise<SavedId> {
    const saved = await work(observer);
    if (saved) return saved;
    throw new NotSavedError();
  }

  #isMoving(): boolean {
    return performance.now() - this.#lastBytesAt < STILL;
  }
}

function ignore(): void {
  // Nobody asks yet.
}
