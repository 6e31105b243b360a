import { toError } from '../base/errors';
import { TransportError } from '../graph/errors';
import { isNotFetched, mayFetchAgain, mayUploadAgain, verdictOn } from '../graph/verdict';
import { retry } from '../graph/retry';
import { PageQueues } from './page-queues';
import type { GraphClient } from '../graph/client';
import type { SavedId } from '../cache/saved-id';
import type { Report, UploadReason } from '../events/events';
import type { Asset, Content } from '../source/asset';

export interface UploadsOptions {
  /** How many bodies go out at a time for a page; as many small ones beside them. */
  readonly concurrency: number;
  /** How often an upload is tried in all. */
  readonly attempts: number;
  readonly report: Report;
}

export interface UploadJob {
  readonly client: GraphClient;
  /** The page's ID. */
  readonly page: string;
  readonly asset: Asset;
  readonly reason: UploadReason;
}

/** What an upload tells those who wait for it, and asks them. */
export interface UploadObserver {
  /** A piece of the body went out. */
  readonly onBytes: () => void;
  /** Does anybody wait for it right now? */
  readonly isAwaited: () => boolean;
}

/** Bytes. What is no larger does not wait behind what is. */
const SMALL_BODY = 1024 * 1024;

/** Milliseconds after which an attempt without an answer has timed out, rather than been cut off. */
const TIMED_OUT = 10_000;

/**
 * The Attachment Upload API. Bandwidth is what is rationed: a place is free again once the last byte is out, whenever the
 * answer comes. How many may wait for their answer is up to the connections of `graph`.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
 */
export class Uploads {
  readonly #attempts: number;
  readonly #report: Report;
  readonly #smallBodies: PageQueues;
  readonly #largeBodies: PageQueues;

  constructor({ concurrency, attempts, report }: UploadsOptions) {
    this.#attempts = attempts;
    this.#report = report;
    this.#smallBodies = new PageQueues(concurrency);
    this.#largeBodies = new PageQueues(concurrency);
  }

  /** @throws {GraphError | TransportError | AttachmentError} The last attempt's error; while the page pauses, the rate limit. */
  async upload(job: UploadJob, observer: UploadObserver): Promise<SavedId> {
    const { asset, page, reason } = job;
    const { type, label, source } = asset;
    const begun = performance.now();
    let { bytes } = asset;
    let uploadedAt = 0;
    let attemptBegun = 0;
    let attempts = 0;
    // One failure to fetch an address says little. What can be got in another way is not tried again in this one.
    let hasFetchFailed = asset.content.url === undefined || asset.content.fetch !== undefined;
    const mayBeFetchedAgain = (error: unknown): boolean => {
      if (hasFetchFailed || !mayFetchAgain(error)) return false;
      hasFetchFailed = true;
      return true;
    };
    const upload = (content: Content): Promise<string> =>
      retry(
        (attempt) => {
          attempts = attempt;
          return this.#inTurn(page, bytes, (onBodySent) => {
            uploadedAt = Date.now();
            attemptBegun = performance.now();
            return uploadOnce(job, content, observer.onBytes, onBodySent);
          });
        },
        {
          attempts: this.#attempts,
          // Whoever waits keeps the process alive. Without anybody, it may end.
          background: true,
          // After a timeout, whoever waits has waited long enough.
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
    const id = await upload(asset.content).catch(async (refusal: unknown) => {
      const file = await this.#fetchInstead(asset.content, refusal);
      bytes = file.size;
      return upload({ file });
    });
    const ms = performance.now() - begun;
    this.#report('upload', { page, type, asset: label, bytes, attachmentId: id, reason, attempts, ms });
    return { id, uploadedAt, page, type, asset: label, source, bytes };
  }

  /** @throws Why the platform refused the address, if it can be got in no other way. */
  async #fetchInstead({ fetch }: Content, refusal: unknown): Promise<File> {
    if (!fetch || !isNotFetched(refusal)) throw refusal;
    try {
      return await fetch();
    } catch (error) {
      this.#report('error', toError(error));
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
  { url, file }: Content,
  onBytes: () => void,
  onBodySent: () => void,
): Promise<string> {
  const call = { action: 'upload', asset: asset.label, lane: 'upload', file, onBytes, onBodySent } as const;
  const message = { attachment: { type: asset.type, payload: { url, is_reusable: true } } };
  const { attachment_id: id } = await client.post('/me/message_attachments', { message }, call);
  if (typeof id === 'string' && id !== '') return id;
  throw new TransportError('ERR_GRAPH_BAD_ANSWER', call, 'the answer holds no attachment_id');
}
