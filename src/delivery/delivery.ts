import { AttachmentError } from '../base/errors';
import { recoveryChannel } from '../events/tracing';
import { isIdRefused, verdictOn } from '../graph/verdict';
import { findAttachmentSlots, withIds, type AttachmentSlot } from '../message/attachment-slots';
import { labelOfPart } from '../message/label';
import { isFileChange, type AssetIds } from './asset-ids';
import { TEMPLATE_WAIT, type Deadline } from './deadline';
import { OneStep } from './one-step';
import {
  failedMessage,
  knownPageOf,
  pageIn,
  pageOf,
  post,
  recipientOf,
  type OutgoingCall,
  type OutgoingMessage,
} from './outgoing-call';
import { deliveryEvent, pageAsset, type PageAsset } from './page-asset';
import { Typing } from './typing';
import type { SavedId } from '../cache/saved-id';
import type { RecoverEvent, Report, UploadReason } from '../events/events';
import type { GraphCall } from '../graph/client';
import type { GraphAnswer } from '../graph/answer';
import type { GraphParams } from '../graph/request';
import type { Asset, AttachmentType } from '../source/asset';
import type { Sources } from '../source/sources';

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

/** How many times a message gets another ID: once for what others made, and once more for what is new. */
const MAX_REPLACEMENTS = 2;

/** How many times a file may change while its message is sent, before that is an error. */
const MAX_FILE_CHANGES = 2;

/** Delivers one message: identifies its attachments, gets their IDs, sends by them, and recovers from a dead ID. */
export class Delivery {
  readonly #sources: Sources;
  readonly #ids: AssetIds;
  readonly #save: 'upload' | 'send';
  readonly #typing: Typing | undefined;
  readonly #report: Report;
  readonly #oneStep: OneStep;

  constructor({ sources, ids, save, typing, concurrency, report }: DeliveryOptions) {
    this.#sources = sources;
    this.#ids = ids;
    this.#save = save;
    this.#typing = typing ? new Typing() : undefined;
    this.#report = report;
    this.#oneStep = new OneStep({ ids, concurrency, report });
  }

  /**
   * Sends it, at most once.
   *
   * @returns The platform's answer.
   * @throws {AttachmentError | GraphError | TransportError} Why it did not go out, or may not have.
   */
  send(message: OutgoingMessage): Promise<GraphAnswer> {
    return retryWhileFilesChange(async () => (await this.#getReady(message))(message.params));
  }

  /**
   * Does what may take time beforehand, so that this message can directly follow the one before it.
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
  async ensureIds(message: OutgoingMessage): Promise<void> {
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
      return (params) => this.#oneStep.send({ ...message, params }, asset, message.page);
    }
    const page = knownPageOf(message) ?? (await this.#orOneStep(message, () => pageOf(message)));
    if (page === undefined) return (params) => this.#oneStep.send({ ...message, params }, asset, page);
    const target = pageAsset(client, page, asset, recipientOf(message));
    if (this.#save === 'upload') return this.#getIdReady(message, slot, target);
    await this.#ids.getFromOthers(target, deadline);
    return async (params) => {
      const sent = await this.#ids.saveBySending(target, deadline, (onBytes) =>
        this.#oneStep.sendAndSave({ ...message, params }, target, onBytes),
      );
      return sent ? sent.answer : (await this.#getIdReady(message, slot, target))(params);
    };
  }

  async #getIdReady(message: OutgoingMessage, slot: AttachmentSlot, target: PageAsset): Promise<ReadySend> {
    const saved =
      this.#ids.getKnown(target) ??
      (await this.#orOneStep(message, () => this.#ids.getOrUpload(target, message.deadline)));
    if (!saved) return (params) => this.#oneStep.send({ ...message, params }, target.asset, target.page);
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
    const answer = await this.#oneStep.send(message, target.asset, target.page);
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
        const late = target ? 'its upload took' : 'the look-up of the page of the access token took';
        throw new AttachmentError(
          'ERR_ATTACHMENT_UPLOAD_TIMEOUT',
          asset.label,
          `${late} longer than ${TEMPLATE_WAIT / 1000} s, and a media template cannot be sent without its attachment ID; send it again later, or call warm() beforehand`,
        );
      }),
    );
  }

  async #sendByIds(message: OutgoingMessage, resolved: readonly ResolvedAttachment[]): Promise<GraphAnswer> {
    const begun = performance.now();
    const answer = await post(message, withIds(message.params, resolved), {
      action: 'send',
      asset: resolved.map(({ target }) => target.asset.label).join(' and '),
      lane: 'send',
    });
    const ms = performance.now() - begun;
    for (const { target, saved } of resolved) {
      const { asset, page, recipient } = target;
      this.#report('send', {
        how: 'id',
        attachmentId: saved.id,
        ms,
        ...deliveryEvent(asset, page, recipient),
      });
    }
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

  #reportRecovery({ target, saved }: ResolvedAttachment, how: RecoverEvent['how']): void {
    const { asset, page, recipient } = target;
    this.#report('recover', { ...deliveryEvent(asset, page, recipient), attachmentId: saved.id, how });
  }
}

function traceRecovery(
  { target: { asset, page, recipient }, saved }: ResolvedAttachment,
  recover: () => Promise<GraphAnswer>,
): Promise<GraphAnswer> {
  if (!recoveryChannel.hasSubscribers) return recover();
  const trace = { ...deliveryEvent(asset, page, recipient), attachmentId: saved.id };
  return recoveryChannel.tracePromise(recover, trace);
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
