import fastq, { type queueAsPromised } from 'fastq';
import { TransportError } from '../graph/errors';
import { mayUploadAgain } from '../graph/verdict';
import { retry } from '../graph/retry';
import type { GraphCall, GraphClient } from '../graph/client';
import type { SavedId } from '../cache/saved-id';
import type { Report, UploadReason } from '../events/events';
import type { Asset } from '../source/asset';

export interface UploaderOptions {
  /** How many uploads go on at a time. */
  readonly concurrency: number;
  /** How often an upload is tried in all. */
  readonly attempts: number;
  readonly report: Report;
}

export interface UploadJob {
  readonly graph: GraphClient;
  /** The page's ID. */
  readonly page: string;
  readonly asset: Asset;
  readonly reason: UploadReason;
}

/**
 * The Attachment Upload API, a few uploads at a time.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
 */
export class Uploader {
  readonly #attempts: number;
  readonly #report: Report;
  readonly #queue: queueAsPromised<UploadJob, string>;

  constructor({ concurrency, attempts, report }: UploaderOptions) {
    this.#attempts = attempts;
    this.#report = report;
    this.#queue = fastq.promise(({ graph, asset }: UploadJob) => uploadOnce(graph, asset), concurrency);
  }

  /** @throws {GraphError | TransportError | AttachmentError} The last try's error. */
  async upload(job: UploadJob): Promise<SavedId> {
    const { asset, page, reason } = job;
    const { type, label, bytes } = asset;
    const begun = performance.now();
    let uploadedAt = 0;
    let attempts = 0;
    // The pause between two tries is outside of the queue: it holds up no other upload.
    const id = await retry(
      (attempt) => {
        attempts = attempt;
        uploadedAt = Date.now();
        return this.#queue.push(job);
      },
      {
        attempts: this.#attempts,
        mayTryAgain: mayUploadAgain,
        background: reason === 'refresh' || reason === 'recover',
      },
    );
    const ms = performance.now() - begun;
    this.#report('upload', { page, type, asset: label, bytes, attachmentId: id, reason, attempts, ms });
    return { id, uploadedAt, page, type, asset: label, bytes };
  }
}

async function uploadOnce(graph: GraphClient, asset: Asset): Promise<string> {
  const { url, file } = asset.content;
  const call: GraphCall = { action: 'upload', asset: asset.label, lane: 'upload', file };
  const message = { attachment: { type: asset.type, payload: { url, is_reusable: true } } };
  const answer = await graph.post('/me/message_attachments', { message }, call);
  const { attachment_id: id } = answer;
  if (typeof id === 'string' && id !== '') return id;
  throw new TransportError('ERR_GRAPH_BAD_ANSWER', call, 'the answer holds no attachment_id');
}
