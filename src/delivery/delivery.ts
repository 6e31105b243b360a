import { AttachmentError } from '../base/errors';
import { retry } from '../graph/retry';
import { checkSent } from '../graph/sent-message';
import { isIdRefused, isNotFetched, maySendAgain, verdictOn } from '../graph/verdict';
import {
  findAttachmentSlots,
  withContent,
  withIds,
  type AttachmentSlot,
  type AttachmentSlots,
} from '../message/attachment-slots';
import { labelOfPart } from '../message/label';
import { isFileChange, type AssetIds, type SavingSend } from './asset-ids';
import { deliveryEvent, pageAsset, type PageAsset } from './page-asset';
import { PageQueues } from './page-queues';
import type { SavedId } from '../cache/saved-id';
import type { FailedMessage, RecoverEvent, Report, SendEvent, UploadReason } from '../events/events';
import type { GraphAnswer, GraphCall, GraphClient, GraphParams } from '../graph/client';
import { readyContent, type Asset, type AttachmentType, type ReadyContent } from '../source/asset';
import type { Sources } from '../source/sources';
import { recoveryChannel } from '../events/tracing';
import { TEMPLATE_WAIT, type Deadline } from './deadline';
import { Typing } from './typing';

/** A call of the Send API. */
export interface OutgoingCall {
  readonly client: GraphClient;
  /** The page's ID, as far as the activity tells it. */
  readonly page: string | undefined;
  /** `/me/messages`, or with a page's ID. */
  readonly path: string;
  readonly params: GraphParams;
  readonly deadline: Deadline;
}

/** A call of the Send API with attachments that need an ID. */
export interface OutgoingMessage extends OutgoingCall {
  readonly slots: AttachmentSlots;
}

/**
 * Sends a message whose attachments have IDs, as far as they got any in time.
 *
 * @param params - The call's own, or the same with other fields around the attachments.
 */
export type ReadySend = (params: GraphParams) => Promise<GraphAnswer>;

export interface DeliveryOptions {
  readonly sources: Sources;
  readonly ids: AssetIds;
  /** How an asset gets its ID: uploaded before the first send, or saved by it. */
  readonly save: 'upload' | 'send';
  /** Whether the person sees that the bot is typing, while a message waits for its uploads. */
  readonly typing: boolean;
  /** How many one-step sends with a file go out at a time for a page. */
  readonly concurrency: number;
  readonly report: Report;
}

/** An attachment of a message, and the ID to send it by. */
interface ResolvedAttachment {
  readonly slot: AttachmentSlot;
  readonly target: PageAsset;
  readonly saved: SavedId;
}

const PAGE_ID = /^\d+$/;
const PAGE_IN_PATH = /^\/(\d+)\//;

const SEND_ATTEMPTS = 3;

/** How often a message gets another ID: once for what others made, and once more for what is new. */
const MAX_REPLACEMENTS = 2;

/** How often a file may change while its message is sent, before that is an error. */
const MAX_FILE_CHANGES = 2;

/** Milliseconds that a one-step send with a file waits for others of its page. */
const CONTENT_WAIT = 30_000;

/** The way of one message: what is each attachment, which ID does it have, send by that, recover if it is dead. */
export class Delivery {
  readonly #sources: Sources;
  readonly #ids: AssetIds;
  readonly #save: 'upload' | 'send';
  readonly #typing: Typing | undefined;
  readonly #report: Report;
  readonly #bodies: PageQueues;

  constructor({ sources, ids, save, typing, concurrency, report }: DeliveryOptions) {
    this.#sources = sources;
    this.#ids = ids;
    this.#save = save;
    this.#typing = typing ? new Typing() : undefined;
    this.#report = report;
    this.#bodies = new PageQueues(concurrency, CONTENT_WAIT);
  }

  /**
   * Sends it, once.
   *
   * @returns The platform's answer.
   * @throws {AttachmentError | GraphError | TransportError} Why it did not go out, or may not have.
   */
  send(message: OutgoingMessage): Promise<GraphAnswer> {
    return retryWhileFilesChange(async () => (await this.#getReady(message))(message.params));
  }

  /**
   * Does all that may take its time, before another message goes that is to stand directly before this one.
   *
   * @throws {AttachmentError | GraphError | TransportError} The message cannot be sent.
   */
  async getReady(call: OutgoingCall): Promise<ReadySend> {
    const slots = findAttachmentSlots(call.params);
    if (!slots) {
      const purpose: GraphCall = { action: 'send', asset: labelOfPart(call.params), lane: 'send' };
      return (params) => post(call, params, purpose);
    }
    const message = { ...call, slots };
    let ready: ReadySend | undefined = await retryWhileFilesChange(() => this.#getReady(message));
    return (params) =>
      retryWhileFilesChange(async () => {
        const send = ready ?? (await this.#getReady(message));
        ready = undefined;
        return send(params);
      });
  }

  /**
   * Does beforehand what can be done: afterwards the attachments have IDs, or a one-step send is worth a try.
   *
   * @throws {AttachmentError | GraphError | TransportError} The message cannot be sent.
   */
  async prepare(message: OutgoingMessage): Promise<void> {
    const { slots, client, deadline } = message;
    const [slot] = slots;
    await retryWhileFilesChange(async () => {
      if (isInTemplate(slot)) {
        await Promise.all(slots.map((each) => this.#identify(message, each, deadline.forTemplate())));
        await this.#resolveAll(
          message,
          slots.filter(({ reusable }) => reusable),
        );
        return;
      }
      const asset = await this.#identify(message, slot);
      if (this.#save === 'send' || !slot.reusable || asset.isUnidentified) return;
      await this.#orOneStep(message, async () => {
        const page = await pageOf(message);
        return page && this.#ids.getOrUpload(pageAsset(client, page, asset, recipientOf(message)), deadline);
      });
    });
  }

  #getReady(message: OutgoingMessage): Promise<ReadySend> {
    if (this.#typing) return this.#typing.during(message, () => this.#resolve(message));
    return this.#resolve(message);
  }

  #resolve(message: OutgoingMessage): Promise<ReadySend> {
    const [slot] = message.slots;
    return isInTemplate(slot) ? this.#getTemplateReady(message) : this.#getAttachmentReady(message, slot);
  }

  /** One attachment: if it gets no ID in time, its content can go with the message. */
  async #getAttachmentReady(message: OutgoingMessage, slot: AttachmentSlot): Promise<ReadySend> {
    const { client, deadline } = message;
    const asset = await this.#identify(message, slot);
    if (!slot.reusable || asset.isUnidentified) {
      return (params) => this.#sendContent({ ...message, params }, asset, message.page);
    }
    const page = await this.#orOneStep(message, () => pageOf(message));
    if (page === undefined) return (params) => this.#sendContent({ ...message, params }, asset, page);
    const target = pageAsset(client, page, asset, recipientOf(message));
    if (this.#save === 'upload') return this.#getIdReady(message, slot, target);
    await this.#ids.waitForOther(target, deadline);
    return async (params) => {
      const sent = await this.#ids.saveBySending(target, deadline, (onBytes) =>
        this.#sendAndSave({ ...message, params }, target, onBytes),
      );
      return sent ? sent.answer : (await this.#getIdReady(message, slot, target))(params);
    };
  }

  async #getIdReady(message: OutgoingMessage, slot: AttachmentSlot, target: PageAsset): Promise<ReadySend> {
    const saved = await this.#orOneStep(message, () => this.#ids.getOrUpload(target, message.deadline));
    if (!saved) return (params) => this.#sendContent({ ...message, params }, target.asset, target.page);
    return (params) => this.#sendOrRecover({ ...message, params }, { slot, target, saved });
  }

  async #sendOrRecover(message: OutgoingMessage, resolved: ResolvedAttachment): Promise<GraphAnswer> {
    try {
      return await this.#sendByIds(message, [resolved]);
    } catch (error) {
      if (!isIdRefused(error)) throw error;
      return traceRecovery(resolved, () => this.#recover(message, resolved));
    }
  }

  #identify(
    message: OutgoingMessage,
    { type, payload }: AttachmentSlot,
    deadline: Deadline = message.deadline,
  ): Promise<Asset> {
    return this.#sources.identify(type, payload, {
      within: (work) => deadline.within(work),
      onFailure: (error) => {
        this.#ids.reportOnce(error, failedMessage(message));
      },
    });
  }

  /** The platform refused the ID, so the message was not sent. What others have made since can be dead as well. */
  async #recover(message: OutgoingMessage, dead: ResolvedAttachment): Promise<GraphAnswer> {
    const { slot, target } = dead;
    let refused = dead.saved;
    for (let replacements = 0; replacements < MAX_REPLACEMENTS; replacements++) {
      const saved = await this.#ids.replace(target, refused, message.deadline);
      if (!saved) break;
      try {
        const answer = await this.#sendByIds(message, [{ slot, target, saved }]);
        this.#reportRecovery(dead, 'id');
        return answer;
      } catch (error) {
        if (!isIdRefused(error)) throw error;
      }
      refused = saved;
    }
    const answer = await this.#sendContent(message, target.asset, target.page);
    this.#reportRecovery(dead, 'one-step');
    return answer;
  }

  /** Attachments in a media template: they go by ID or not at all. Which ID is dead the platform does not say. */
  async #getTemplateReady(message: OutgoingMessage): Promise<ReadySend> {
    const first = await this.#resolveAll(message, message.slots);
    return (params) => this.#sendTemplate({ ...message, params }, first);
  }

  async #sendTemplate(message: OutgoingMessage, first: readonly ResolvedAttachment[]): Promise<GraphAnswer> {
    try {
      return await this.#sendByIds(message, first);
    } catch (error) {
      const [dead] = first;
      if (!dead || !isIdRefused(error)) throw error;
      return traceRecovery(dead, () => this.#recoverTemplate(message, first));
    }
  }

  async #recoverTemplate(
    message: OutgoingMessage,
    first: readonly ResolvedAttachment[],
  ): Promise<GraphAnswer> {
    let refused = first;
    for (let replacements = 1; ; replacements++) {
      for (const { slot, target, saved } of refused) {
        if (slot.reusable) this.#ids.markDead(target, saved);
      }
      const resolved = await this.#resolveAll(message, message.slots, 'recover');
      try {
        const answer = await this.#sendByIds(message, resolved);
        for (const dead of first) this.#reportRecovery(dead, 'id');
        return answer;
      } catch (error) {
        if (!isIdRefused(error) || replacements === MAX_REPLACEMENTS) throw error;
      }
      refused = resolved;
    }
  }

  /** @throws {AttachmentError | GraphError | TransportError} One of them has no ID. */
  async #resolveAll(
    message: OutgoingMessage,
    slots: readonly AttachmentSlot[],
    reason: UploadReason = 'send',
  ): Promise<ResolvedAttachment[]> {
    const { client } = message;
    const deadline = message.deadline.forTemplate();
    const assets = await Promise.all(slots.map((slot) => this.#identify(message, slot, deadline)));
    const page = pageIn(message) ?? (await deadline.within(client.pageId()));
    return Promise.all(
      slots.map(async (slot, index): Promise<ResolvedAttachment> => {
        const asset = assets[index] as Asset;
        const target = page === undefined ? undefined : pageAsset(client, page, asset, recipientOf(message));
        const saved =
          target &&
          (await (slot.reusable && !asset.isUnidentified
            ? this.#ids.getOrUploadThroughPauses(target, deadline, reason)
            : this.#ids.uploadForOneMessage(target, deadline)));
        if (saved?.sentAs === 'audio' || saved?.sentAs === 'file')
          throw notInTemplate(asset.label, saved.sentAs);
        if (target && saved) return { slot, target, saved };
        throw new AttachmentError(
          'ERR_ATTACHMENT_UPLOAD_TIMEOUT',
          asset.label,
          `its upload took longer than ${TEMPLATE_WAIT / 1000} s, and a media template cannot be sent without its attachment ID; send it again later, or call warm() beforehand`,
        );
      }),
    );
  }

  async #sendByIds(message: OutgoingMessage, resolved: readonly ResolvedAttachment[]): Promise<GraphAnswer> {
    const begun = performance.now();
    const slots = resolved.map(({ slot }) => slot);
    const saved = resolved.map(({ saved: { id, type, sentAs = type } }) => ({ id, type: sentAs }));
    const label = resolved.map(({ target }) => target.asset.label).join(' and ');
    const answer = await post(message, withIds(message.params, slots, saved), {
      action: 'send',
      asset: label,
      lane: 'send',
    });
    const ms = performance.now() - begun;
    for (const { target, saved } of resolved)
      this.#reportSend(message, target.asset, target.page, 'id', saved.id, ms);
    return answer;
  }

  /** Undefined: there is no ID in time, or none at all, but a one-step send is worth a try. */
  async #orOneStep<T>(message: OutgoingMessage, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      message.deadline.throwIfAborted();
      // What is wrong with the content or the token is wrong in one step, too.
      if (error instanceof AttachmentError || verdictOn(error) === 'hopeless') throw error;
      this.#ids.reportOnce(error, failedMessage(message));
      return undefined;
    }
  }

  /** Upload and send in one step. */
  async #sendContent(message: OutgoingMessage, asset: Asset, page: string | undefined): Promise<GraphAnswer> {
    const begun = performance.now();
    const answer = await this.#postContent(message, asset, await readyContent(asset), { save: false });
    this.#reportSend(message, asset, page, 'one-step', undefined, performance.now() - begun);
    return answer;
  }

  /** The same, and the platform is asked for an ID. That it gives none does not make the message another one. */
  async #sendAndSave(
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
    this.#reportSend(message, asset, page, id ? 'save' : 'one-step', id, ms);
    const { type, label, source, bytes } = asset;
    if (id === undefined) return { answer, saved: undefined };
    const sentAs = ready.type === type ? {} : { sentAs: ready.type };
    return { answer, saved: { id, uploadedAt, page, type, ...sentAs, asset: label, source, bytes } };
  }

  /** If the platform cannot fetch an address, it has sent nothing. Then the content goes, if there is a way to get it. */
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

  #reportSend(
    message: OutgoingMessage,
    asset: Asset,
    page: string | undefined,
    how: SendEvent['how'],
    attachmentId: string | undefined,
    ms: number,
  ): void {
    this.#report('send', { ...deliveryEvent(asset, page, recipientOf(message)), how, attachmentId, ms });
  }

  #reportRecovery({ target, saved }: ResolvedAttachment, how: RecoverEvent['how']): void {
    const { asset, page, recipient } = target;
    this.#report('recover', { ...deliveryEvent(asset, page, recipient), attachmentId: saved.id, how });
  }
}

/** A send repeats itself only if no connection came up: then the platform has certainly not seen it. */
async function post(
  { client, path, deadline }: OutgoingCall,
  params: GraphParams,
  call: GraphCall,
): Promise<GraphAnswer> {
  deadline.throwIfAborted();
  const answer = await retry(() => client.post(path, params, call), {
    attempts: SEND_ATTEMPTS,
    mayTryAgain: maySendAgain,
  });
  return checkSent(answer, call);
}

function traceRecovery(
  { target: { asset, page, recipient }, saved }: ResolvedAttachment,
  recover: () => Promise<GraphAnswer>,
): Promise<GraphAnswer> {
  if (!recoveryChannel.hasSubscribers) return recover();
  const trace = { ...deliveryEvent(asset, page, recipient), attachmentId: saved.id };
  return recoveryChannel.tracePromise(recover, trace);
}

/** What is told of a message that failed. */
export function failedMessage(
  call: Pick<OutgoingCall, 'path' | 'page'> & {
    readonly client: Partial<Pick<GraphClient, 'knownPageId'>>;
    readonly params: unknown;
  },
): FailedMessage {
  return { page: pageIn(call) ?? call.client.knownPageId, recipient: recipientOf(call) };
}

function recipientOf({ params }: { readonly params: unknown }): unknown {
  return (params as { recipient?: unknown } | undefined)?.recipient;
}

/** IDs belong to one page. The path or the activity names it; otherwise it is the page of the token. */
async function pageOf(message: OutgoingMessage): Promise<string | undefined> {
  const known = pageIn(message) ?? message.client.knownPageId;
  return known ?? message.deadline.within(message.client.pageId());
}

function pageIn({ path, page }: Pick<OutgoingCall, 'path' | 'page'>): string | undefined {
  const inPath = PAGE_IN_PATH.exec(path)?.[1];
  return inPath ?? (page !== undefined && PAGE_ID.test(page) ? page : undefined);
}

/** Again with what the files hold now. A call whose file changed was broken off before its end, so nothing was sent. */
async function retryWhileFilesChange<T>(work: () => Promise<T>): Promise<T> {
  for (let changes = 0; ; changes++) {
    try {
      return await work();
    } catch (error) {
      if (!isFileChange(error) || changes === MAX_FILE_CHANGES) throw error;
    }
  }
}

function notInTemplate(label: string, type: AttachmentType): AttachmentError {
  return new AttachmentError(
    'ERR_ATTACHMENT_TYPE_MISMATCH',
    label,
    `the option \`prepare\` converts it to type ${type}, but a media template accepts only images and videos`,
  );
}

function isInTemplate({ element }: AttachmentSlot): boolean {
  return element !== undefined;
}
