import { isNotFetched } from '../graph/verdict';
import { withContent } from '../message/attachment-slots';
import { failedMessage, pageIn, post, recipientOf, type OutgoingMessage } from './outgoing-call';
import { deliveryEvent, type PageAsset } from './page-asset';
import { PageQueues } from './page-queues';
import type { AssetIds, SavingSend } from './asset-ids';
import type { Report } from '../events/events';
import type { GraphCall } from '../graph/client';
import type { GraphAnswer } from '../graph/answer';
import { readyContent, type Asset, type ReadyContent } from '../source/asset';

export interface OneStepOptions {
  readonly ids: AssetIds;
  /** How many sends with a file go out at a time for a page. */
  readonly concurrency: number;
  readonly report: Report;
}

/** Milliseconds that a one-step send with a file waits for others of its page. */
const CONTENT_WAIT = 30_000;

/**
 * Upload and send in one step: the content goes with the message.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages#sending_attachments
 */
export class OneStep {
  readonly #ids: AssetIds;
  readonly #report: Report;
  readonly #bodies: PageQueues;

  constructor({ ids, concurrency, report }: OneStepOptions) {
    this.#ids = ids;
    this.#report = report;
    this.#bodies = new PageQueues(concurrency, CONTENT_WAIT);
  }

  /** The content goes with the message, and nothing is saved. */
  async send(message: OutgoingMessage, asset: Asset, page: string | undefined): Promise<GraphAnswer> {
    const begun = performance.now();
    const answer = await this.#postContent(message, asset, await readyContent(asset), { save: false });
    const ms = performance.now() - begun;
    this.#report('send', {
      ...deliveryEvent(asset, page, recipientOf(message)),
      how: 'one-step',
      attachmentId: undefined,
      ms,
    });
    return answer;
  }

  /**
   * Sends the content with the message, and asks the platform for an ID of it. The message counts as sent without one,
   * too.
   */
  async sendAndSave(
    message: OutgoingMessage,
    { asset, page }: PageAsset,
    onBytes: () => void,
  ): Promise<SavingSend> {
    const uploadedAt = Date.now();
    const begun = performance.now();
    const ready = await readyContent(asset, onBytes);
    const answer = await this.#postContent(message, asset, ready, { save: true, onBytes });
    const ms = performance.now() - begun;
    const id = typeof answer.attachment_id === 'string' ? answer.attachment_id : undefined;
    this.#report('send', {
      ...deliveryEvent(asset, page, recipientOf(message)),
      how: id ? 'save' : 'one-step',
      attachmentId: id,
      ms,
    });
    const { type, label, source, bytes } = asset;
    if (id === undefined) return { answer, saved: undefined };
    const sentAs = ready.type === type ? {} : { sentAs: ready.type };
    return { answer, saved: { id, uploadedAt, page, type, ...sentAs, asset: label, source, bytes } };
  }

  /**
   * If the platform cannot fetch an address, it has sent nothing. Then the content goes, if there is a way to get it.
   */
  async #postContent(
    message: OutgoingMessage,
    { label }: Asset,
    ready: ReadyContent,
    options: { save: boolean; onBytes?: () => void },
  ): Promise<GraphAnswer> {
    const { content } = ready;
    try {
      return await this.#postOnce(message, label, ready, options);
    } catch (error) {
      if (!content.fetch || !isNotFetched(error)) throw error;
      const file = await content.fetch().catch((failure: unknown) => {
        this.#ids.reportOnce(failure, failedMessage(message));
        throw error;
      });
      return this.#postOnce(message, label, { ...ready, content: { file } }, options);
    }
  }

  /** A file waits until others of its page are out; what the platform fetches itself does not. */
  #postOnce(
    message: OutgoingMessage,
    label: string,
    ready: ReadyContent,
    { save, onBytes }: { save: boolean; onBytes?: () => void },
  ): Promise<GraphAnswer> {
    const { file } = ready.content;
    const params = withContent(message.params, message.slots[0], ready, save);
    const call: GraphCall = {
      action: 'send',
      asset: label,
      lane: 'content',
      file,
      ...(onBytes && { onBytes }),
    };
    if (!file) return post(message, params, call);
    return this.#bodies.run(pageIn(message) ?? message.client, (onBodySent) =>
      post(message, params, { ...call, onBodySent }),
    );
  }
}
