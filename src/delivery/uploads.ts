import { toError, withContext } from '../base/errors';
import { TransportError } from '../graph/errors';
import { isNotFetched, mayFetchAgain, mayUploadAgain, verdictOn } from '../graph/verdict';
import { retry } from '../graph/retry';
import { PageQueues } from './page-queues';
import { uploadChannel } from '../events/tracing';
import type { SavedId } from '../cache/saved-id';
import type { Report, UploadReason } from '../events/events';
import { readyContent, type Content, type ReadyContent } from '../source/asset';
import type { Fleet, Upload } from './fleet';
import type { PageAsset } from './page-asset';

export interface UploadsOptions {
  /** How many bodies go out at a time for a page; as many small ones beside them. */
  readonly concurrency: number;
  /** How many times an upload is tried in all. */
  readonly attempts: number;
  readonly report: Report;
  readonly fleet: Fleet;
}

export interface UploadJob extends PageAsset {
  readonly reason: UploadReason;
  /** Whether an ID that another process has made will do. Default: any that can be used. */
  readonly isWanted?: (saved: SavedId) => boolean;
  /** This process uploads. Called for each attempt. */
  readonly onBegin?: () => void;
}

/** What an upload tells those who wait for it, and asks them. */
export interface UploadObserver {
  /** A piece of the body went out, here or in the process that uploads. */
  readonly onBytes: () => void;
  /** Is it this process that uploads? Told whenever that is known. */
  readonly onTurn: (isOurs: boolean) => void;
  /** Keeps the ID. Resolves when the store has it, or cannot take it now. Never rejects. */
  readonly keep: (saved: SavedId) => Promise<void>;
  /** Does anybody wait for it right now? */
  readonly isAwaited: () => boolean;
  /** Have all that waited given their messages up, instead of sending them in one step? */
  readonly isGivenUp: () => boolean;
}

interface UploadBody {
  readonly content: Content;
  readonly bytes: number | undefined;
  /** When it was asked for, as `performance.now()` tells it. */
  readonly begun: number;
}

/** Uploads when there is a place, or takes what another process has uploaded. */
type Obtain = (bytes: number | undefined, upload: Upload) => Promise<SavedId>;

/** Bytes. What is no larger does not wait behind what is. */
const SMALL_BODY = 1024 * 1024;

/** Milliseconds after which an attempt without an answer has timed out, rather than been cut off. */
const TIMED_OUT = 10_000;

/**
 * The Attachment Upload API. Bandwidth is what is rationed: a place is free again once the last byte is out, whenever
 * the answer comes. How many may wait for their answer is up to the connections of `graph`.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
 */
export class Uploads {
  readonly #attempts: number;
  readonly #report: Report;
  readonly #fleet: Fleet;
  readonly #smallBodies: PageQueues;
  readonly #largeBodies: PageQueues;

  constructor({ concurrency, attempts, report, fleet }: UploadsOptions) {
    this.#attempts = attempts;
    this.#report = report;
    this.#fleet = fleet;
    this.#smallBodies = new PageQueues(concurrency);
    this.#largeBodies = new PageQueues(concurrency);
  }

  /**
   * The ID of what was uploaded, by this process or meanwhile by another one.
   *
   * @throws {GraphError | TransportError | AttachmentError} The last attempt's error; while the page pauses, the rate
   * limit.
   */
  async upload(job: UploadJob, observer: UploadObserver): Promise<SavedId> {
    const { key, page, isWanted = () => true } = job;
    return this.#uploadOrFetch(job, observer, (bytes, upload) =>
      this.#fleet.obtain({ ...observer, key, isWanted }, (work) => this.#inTurn(page, bytes, work), upload),
    );
  }

  /**
   * An ID that nobody else is to use, whatever IDs there are.
   *
   * @throws {GraphError | TransportError | AttachmentError} As `upload` does.
   */
  async uploadAlone(job: UploadJob, observer: UploadObserver): Promise<SavedId> {
    return this.#uploadOrFetch(job, observer, (bytes, upload) =>
      this.#inTurn(job.page, bytes, (onBodySent) => upload(observer.onBytes, onBodySent)),
    );
  }

  /** What the platform could not fetch is fetched here, where the author allows that. */
  async #uploadOrFetch(job: UploadJob, observer: UploadObserver, obtain: Obtain): Promise<SavedId> {
    const { bytes, content } = job.asset;
    const begun = performance.now();
    try {
      return await this.#try(job, { content, bytes, begun }, observer, obtain);
    } catch (refusal) {
      const file = await this.#fetchInstead(job, refusal);
      return this.#try(job, { content: { file }, bytes: file.size, begun }, observer, obtain);
    }
  }

  #try(
    job: UploadJob,
    { content, bytes, begun }: UploadBody,
    observer: UploadObserver,
    obtain: Obtain,
  ): Promise<SavedId> {
    const { page, asset, reason, recipient } = job;
    const { type, label, source } = asset;
    let attemptBegun = begun;
    // One failure to fetch an address says little. What can be got in another way is not tried again in this one.
    let hasFetchFailed = content.url === undefined || content.fetch !== undefined;
    const mayBeFetchedAgain = (error: unknown): boolean => {
      if (hasFetchFailed || !mayFetchAgain(error)) return false;
      hasFetchFailed = true;
      return true;
    };
    return retry(
      (attempt) =>
        obtain(bytes, async (onBytes, onBodySent) => {
          job.onBegin?.();
          const ready = await readyContent({ ...asset, content, bytes }, onBytes);
          attemptBegun = performance.now();
          const uploadedAt = Date.now();
          const upload = (): Promise<string> => uploadOnce(job, ready, onBytes, onBodySent);
          const sent = { page, type, asset: label, bytes: ready.bytes };
          const trace = { ...sent, recipient, reason, attempt };
          const id = await (uploadChannel.hasSubscribers
            ? uploadChannel.tracePromise(upload, trace)
            : upload());
          const ms = performance.now() - begun;
          this.#report('upload', { ...sent, recipient, attachmentId: id, reason, attempts: attempt, ms });
          const saved: SavedId = { ...sent, id, uploadedAt, source };
          return ready.type === type ? saved : { ...saved, sentAs: ready.type };
        }),
      {
        attempts: this.#attempts,
        // A waiting caller keeps the process alive. Without one, the process may end.
        background: true,
        // After a timeout, the callers have waited long enough.
        mayTryAgain: (error) =>
          mayBeFetchedAgain(error) ||
          (mayUploadAgain(error) &&
            !(
              verdictOn(error) === 'unknown' &&
              performance.now() - attemptBegun > TIMED_OUT &&
              observer.isAwaited()
            )),
      },
    );
  }

  /** @throws Why the platform refused the address, if it can be got in no other way. */
  async #fetchInstead(job: UploadJob, refusal: unknown): Promise<File> {
    const { page, recipient, asset } = job;
    const { fetch } = asset.content;
    if (!fetch || !isNotFetched(refusal)) throw refusal;
    try {
      return await fetch();
    } catch (error) {
      const failure = withContext(toError(error), { page, recipient });
      this.#report('error', failure, { page, recipient });
      throw refusal;
    }
  }

  #inTurn<T>(
    page: string,
    bytes: number | undefined,
    call: (onBodySent: () => void) => Promise<T>,
  ): Promise<T> {
    const bodies = (bytes ?? 0) > SMALL_BODY ? this.#largeBodies : this.#smallBodies;
    return bodies.run(page, call);
  }
}

async function uploadOnce(
  { client, asset }: UploadJob,
  { type, content: { url, file } }: Pick<ReadyContent, 'type' | 'content'>,
  onBytes: () => void,
  onBodySent: () => void,
): Promise<string> {
  const call = { action: 'upload', asset: asset.label, lane: 'upload', file, onBytes, onBodySent } as const;
  const message = { attachment: { type, payload: { url, is_reusable: true } } };
  const { attachment_id: id } = await client.post('/me/message_attachments', { message }, call);
  if (typeof id === 'string' && id !== '') return id;
  throw new TransportError('ERR_GRAPH_BAD_ANSWER', call, 'the answer contains no attachment_id');
}
