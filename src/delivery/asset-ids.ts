import { LRUCache } from 'lru-cache';
import type { SavedId } from '../cache/saved-id';
import { AttachmentError, toError, withContext } from '../base/errors';
import { isError } from '../base/is-error';
import { refusalScope, verdictOn } from '../graph/verdict';
import { Deadline } from './deadline';
import { deliveryEvent, type PageAsset } from './page-asset';
import { UploadUnderWay, type Attempt } from './upload-under-way';
import type { IdCache } from '../cache/id-cache';
import type { FailedMessage, Report, UploadReason } from '../events/events';
import type { GraphAnswer } from '../graph/answer';
import type { UploadJob, UploadObserver, Uploads } from './uploads';

/** What became of a message that was to save its attachment. */
export interface SavingSend {
  readonly answer: GraphAnswer;
  /** The ID that it was saved under, if the platform gave one. */
  readonly saved: SavedId | undefined;
}

/** An ID, and whether it was made just now. */
export interface WarmedId {
  readonly saved: SavedId;
  readonly isNew: boolean;
}

export interface AssetIdsOptions {
  readonly cache: IdCache;
  readonly uploads: Uploads;
  readonly report: Report;
}

/** Milliseconds for which a refused attempt is not repeated, and a refresh not begun again. */
const REFUSAL_TTL = 30_000;
const REFRESH_PAUSE = 60_000;

/** The size of each LRU cache here; `lru-cache` allocates it at once. */
const MAX_REMEMBERED = 1_000;

/** Milliseconds that the first message which met a dead ID waits to learn whether another process makes the new one. */
const TURN_WAIT = 1_000;

/** Milliseconds that a caller who needs an ID waits for the end of the platform's rate limit. */
const LONGEST_PAUSE_AWAITED = 5 * 60_000;

/** Milliseconds that an upload waits after a rate limit whose pause has ended between the refusal and now. */
const SHORTEST_PAUSE_AWAITED = 100;

/**
 * The IDs of a page's assets: known, uploaded, refreshed before their end, replaced when they are dead.
 *
 * An upload is shared by all who need the same asset on the same page, whatever they call it. Its failure is not: it
 * belongs to the attempt (this address, this file, this token) that met it. Then the attempt of another one who waits
 * is made, once, and its ID is for all of them.
 */
export class AssetIds {
  readonly #cache: IdCache;
  readonly #uploads: Uploads;
  readonly #report: Report;
  readonly #underWay = new Map<string, UploadUnderWay>();
  /** By asset and attempt. */
  readonly #refusals = new LRUCache<string, Error>({ max: MAX_REMEMBERED, ttl: REFUSAL_TTL });
  readonly #refreshed = new LRUCache<string, PageAsset>({ max: MAX_REMEMBERED, ttl: REFRESH_PAUSE });
  readonly #reported = new WeakSet<Error>();

  constructor({ cache, uploads, report }: AssetIdsOptions) {
    this.#cache = cache;
    this.#uploads = uploads;
    this.#report = report;
  }

  /** The ID of an asset, if it is in memory. One that is near its end is refreshed in the background. */
  getKnown(target: PageAsset): SavedId | undefined {
    const known = this.#cache.known(target.key);
    if (known) this.#refreshInTime(target, known);
    return known;
  }

  /**
   * The ID of an asset. One that is near its end is refreshed in the background.
   *
   * @returns Undefined: there was none before the deadline. Its upload goes on.
   * @throws {AttachmentError | GraphError | TransportError} The caller's own attempt to upload it failed.
   */
  async getOrUpload(target: PageAsset, deadline: Deadline): Promise<SavedId | undefined> {
    const saved = await this.#obtain(target, deadline, 'send');
    if (saved) this.#refreshInTime(target, saved);
    return saved;
  }

  /**
   * The ID of an asset that cannot be sent without one: also waits for the end of a rate limit.
   *
   * @returns Undefined: there was none before the deadline. Its upload goes on.
   * @throws {AttachmentError | GraphError | TransportError} The caller's own attempt to upload it failed.
   */
  async getOrUploadThroughPauses(
    target: PageAsset,
    deadline: Deadline,
    reason: UploadReason = 'send',
  ): Promise<SavedId | undefined> {
    const saved = await this.#throughPauses(target, deadline, () => this.#obtain(target, deadline, reason));
    if (saved) this.#refreshInTime(target, saved);
    return saved;
  }

  /** An ID for one message, which nobody else is to use. */
  async uploadForOneMessage(target: PageAsset, deadline: Deadline): Promise<SavedId | undefined> {
    return this.#throughPauses(target, deadline, () => {
      const attempt: Attempt = {
        target,
        make: (observer) => this.#uploads.uploadAlone({ ...target, reason: 'send' }, observer),
      };
      return new UploadUnderWay(attempt).wait(deadline, attempt);
    });
  }

  /**
   * The ID that there is, or that other messages are about to get: by an upload, or by saving what they send.
   *
   * @returns Undefined: nobody gets one before the deadline.
   */
  async getFromOthers({ key }: PageAsset, deadline: Deadline): Promise<SavedId | undefined> {
    return this.#cache.known(key) ?? this.#underWay.get(key)?.wait(deadline).catch(noop);
  }

  /**
   * Lets a message save its attachment, if there is no ID for it yet and nobody else is making one.
   *
   * @returns What became of that message. Undefined: it was not sent; there is an ID by now, or there was to be one.
   * @throws What `send` throws.
   */
  async saveBySending(
    target: PageAsset,
    deadline: Deadline,
    send: (onBytes: () => void) => Promise<SavingSend>,
  ): Promise<SavingSend | undefined> {
    if (await this.#find(target, deadline)) return undefined;
    const other = this.#underWay.get(target.key);
    if (other) {
      // What another's send met says nothing about this one.
      await other.wait(deadline).catch(noop);
      return undefined;
    }
    let observed: UploadObserver | undefined;
    const own = send(() => observed?.onBytes());
    this.#share(target.key, {
      make: async (observer) => {
        observed = observer;
        const { saved } = await own;
        if (saved) void observer.keep(saved);
        return saved;
      },
    });
    return own;
  }

  /**
   * An ID in place of one that the platform refused. The first message that meets a dead ID gets what others have made
   * already, or nothing: that message goes in one step, while a new ID is made in the background. All others wait for
   * that, also those of other processes with the same store.
   *
   * @returns Undefined: send it in one step.
   */
  async replace(target: PageAsset, dead: SavedId, deadline: Deadline): Promise<SavedId | undefined> {
    this.markDead(target, dead);
    const found = await this.#find(target, deadline);
    if (found) return found;
    const attempt = this.#attemptOf({ ...target, reason: 'recover' });
    let underWay = this.#underWay.get(target.key);
    if (!underWay) {
      underWay = this.#share(target.key, attempt);
      const isOurs = await new Deadline(TURN_WAIT).within(underWay.isOurs);
      if (isOurs !== false) return undefined;
    }
    return underWay.wait(deadline, attempt).catch((error: unknown): undefined => {
      if (!isFileChange(error)) this.reportOnce(error, target);
    });
  }

  /** Never gives this ID again. */
  markDead({ key }: PageAsset, { id }: SavedId): void {
    this.#cache.markDead(key, id);
  }

  /** Forgets the ID of an asset, also the one that an upload under way is about to bring. */
  async forget(key: string): Promise<void> {
    const underWay = this.#underWay.get(key);
    if (underWay) underWay.isForgotten = true;
    this.#underWay.delete(key);
    for (const refused of [...this.#refusals.keys()]) {
      if (refused.startsWith(`${key} `)) this.#refusals.delete(refused);
    }
    await this.#cache.forget(key);
  }

  /**
   * Makes sure that an asset has an ID that is not near its end.
   *
   * @param signal - Ends the wait for the end of a rate limit. An upload under way is waited for.
   * @throws {AttachmentError | GraphError | TransportError} It cannot be uploaded.
   */
  async warm(target: PageAsset, signal?: AbortSignal): Promise<WarmedId> {
    const deadline = new Deadline(Infinity);
    let isNew = false;
    const onBegin = (): void => {
      isNew = true;
    };
    const old = await this.#cache.find(target.key);
    if (old && !this.#cache.isNearEnd(old)) return { saved: old, isNew };
    const saved = await this.#throughPauses(
      target,
      deadline,
      () =>
        old
          ? this.#join(target.key, this.#refreshAttempt(target, old, 'warm', onBegin), deadline)
          : this.#obtain(target, deadline, 'warm', onBegin),
      signal,
    );
    // Only a deadline that passes leaves one without an ID.
    return { saved: saved as SavedId, isNew };
  }

  /** The ID of an asset that `warm` would leave as it is. */
  async check(key: string): Promise<SavedId | undefined> {
    const saved = await this.#cache.find(key);
    return saved && !this.#cache.isNearEnd(saved) ? saved : undefined;
  }

  /** Waits until nothing is under way. */
  async idle(): Promise<void> {
    await Promise.allSettled([...this.#underWay.values()].map(({ result }) => result));
  }

  /**
   * Reports a failure behind messages: once, however many they are.
   *
   * @param isSent - Whether the message goes out in another way.
   */
  reportOnce(error: unknown, { page, recipient }: FailedMessage, isSent = true): void {
    const failure = toError(error);
    if (this.#reported.has(failure)) return;
    this.#reported.add(failure);
    const message = { page, recipient };
    this.#report('error', withContext(failure, message), isSent ? { ...message, sentAnyway: true } : message);
  }

  async #obtain(
    target: PageAsset,
    deadline: Deadline,
    reason: UploadReason,
    onBegin: () => void = noop,
  ): Promise<SavedId | undefined> {
    deadline.throwIfAborted();
    const found = await this.#find(target, deadline);
    if (found) return found;
    const refusal = this.#refusalOf(target);
    if (refusal) {
      const saved = await this.getFromOthers(target, deadline);
      if (saved) return saved;
      throw refusal;
    }
    return this.#join(target.key, this.#attemptOf({ ...target, reason, onBegin }), deadline);
  }

  /** The ID that is known. A caller that can wait for an upload under way need not ask the store. */
  async #find({ key }: PageAsset, deadline: Deadline): Promise<SavedId | undefined> {
    const known = this.#cache.known(key);
    return known ?? (this.#underWay.has(key) ? undefined : deadline.within(this.#cache.find(key)));
  }

  /**
   * A new ID for one that is still good, unless another process has made one. Messages sent meanwhile use the old one.
   */
  #refreshAttempt(
    target: PageAsset,
    old: SavedId,
    reason: UploadReason,
    onBegin: () => void = noop,
  ): Attempt {
    const isWanted = (saved: SavedId): boolean => saved.uploadedAt > old.uploadedAt;
    const upload = this.#attemptOf({ ...target, reason, isWanted, onBegin });
    return {
      target,
      make: async (observer) => {
        this.#refreshed.set(target.key, target);
        const stored = await this.#cache.findNewest(target.key);
        return stored && isWanted(stored) ? stored : upload.make(observer);
      },
    };
  }

  #refreshInTime(target: PageAsset, saved: SavedId): void {
    const { key, asset, page, recipient } = target;
    if (!this.#cache.isRefreshDue(saved) || this.#underWay.has(key) || this.#refreshed.has(key)) return;
    this.#share(key, this.#refreshAttempt(target, saved, 'refresh')).result.then((fresh) => {
      this.#report('refresh', { ...deliveryEvent(asset, page, recipient), attachmentId: fresh.id });
    }, noop);
  }

  /** Waits for the ID that is being obtained, by this attempt or by others. */
  #join(key: string, attempt: Attempt, deadline: Deadline): Promise<SavedId | undefined> {
    return (this.#underWay.get(key) ?? this.#share(key, attempt)).wait(deadline, attempt);
  }

  /** Begins to obtain an ID, for all who need the asset from now on. */
  #share(key: string, first: Attempt): UploadUnderWay {
    const underWay = new UploadUnderWay(first, {
      keep: (saved) => this.#cache.put(key, saved),
      onEnd: () => {
        if (this.#underWay.get(key) === underWay) this.#underWay.delete(key);
      },
    });
    this.#underWay.set(key, underWay);
    return underWay;
  }

  #attemptOf(job: UploadJob): Attempt {
    return {
      target: job,
      make: async (observer) => {
        try {
          return await this.#uploads.upload(job, observer);
        } catch (error) {
          this.#noteFailure(job, observer, error);
          throw error;
        }
      },
    };
  }

  #noteFailure(target: PageAsset, observer: UploadObserver, error: unknown): void {
    if (isError(error) && refusalScope(error) === 'attempt') {
      this.#refusals.set(attemptKey(target), error);
    }
    // The waiting message reports it, or goes on without. That a file has changed is no failure: it is read again.
    if (!observer.isAwaited() && !isFileChange(error)) this.reportOnce(error, target, !observer.isGivenUp());
  }

  /** A refusal is remembered for the attempt that met it, and for no other; that of a token, for the token. */
  #refusalOf(target: PageAsset): Error | undefined {
    return target.client.tokenRefusal(target.asset.label) ?? this.#refusals.get(attemptKey(target));
  }

  /** Waits for the end of the platform's rate limit as well, as far as the deadline allows. */
  async #throughPauses<T>(
    { client: { uploadPause } }: PageAsset,
    deadline: Deadline,
    work: () => Promise<T>,
    signal = deadline.signal,
  ): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (verdictOn(error) !== 'rate-limited') throw error;
        const pause = Math.max(uploadPause.remainingMs, SHORTEST_PAUSE_AWAITED);
        if (pause > Math.min(deadline.left, LONGEST_PAUSE_AWAITED)) throw error;
        await new Deadline(pause, { signal }).within(new Promise<never>(noop));
      }
    }
  }
}

function attemptKey({ key, asset }: PageAsset): string {
  return `${key} ${asset.attempt}`;
}

/** Reading the file again is enough. */
export function isFileChange(error: unknown): boolean {
  return error instanceof AttachmentError && error.code === 'ERR_ATTACHMENT_CHANGED';
}

function noop(): undefined {
  // Those whom it concerns have been told.
}
