import type { SavedId } from '../cache/saved-id';
import type { Deadline } from './deadline';
import type { PageAsset } from './page-asset';
import type { UploadObserver } from './uploads';

/** Milliseconds without a byte after which an upload is not moving any more; its answer has to come within that time, too. */
const STILL = 5_000;

/** Somebody's message was to save the attachment, and did not. What it met is its recipient's matter. */
class NotSavedError extends Error {}

/**
 * One way to get an ID that has begun, shared by all who need the same asset on the same page. `work` resolves with
 * undefined if it brought no ID.
 */
export class UploadUnderWay {
  readonly result: Promise<SavedId>;
  /** The asset was forgotten meanwhile: the ID is for those who wait, and is not kept. */
  isForgotten = false;
  readonly #target: PageAsset;
  readonly #isSend: boolean;
  #waiting = 0;
  #lastBytesAt = -Infinity;
  #isOverdue = false;

  constructor(
    target: PageAsset,
    work: (observer: UploadObserver) => Promise<SavedId | undefined>,
    { isSend = false }: { isSend?: boolean } = {},
  ) {
    this.#target = target;
    this.#isSend = isSend;
    this.result = this.#run(work);
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

  async #run(work: (observer: UploadObserver) => Promise<SavedId | undefined>): Promise<SavedId> {
    const saved = await work({
      onBytes: () => {
        this.#lastBytesAt = performance.now();
      },
      isAwaited: () => this.isAwaited(),
    });
    if (saved) return saved;
    throw new NotSavedError();
  }

  #isMoving(): boolean {
    return performance.now() - this.#lastBytesAt < STILL;
  }
}
