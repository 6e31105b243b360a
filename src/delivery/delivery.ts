import { about, pageAsset, type AssetIds, type PageAsset, type Sent } from './asset-ids';
import { AttachmentError } from '../base/errors';
import { verdictOn } from '../graph/verdict';
import { withIds, type Slot } from '../message/attachment-slots';
import { pageOf, post, postContent, type Outgoing } from './outgoing';
import type { SavedId } from '../cache/saved-id';
import type { Report, SendEvent } from '../events/events';
import type { GraphAnswer } from '../graph/client';
import type { Asset } from '../source/asset';
import type { Sources } from '../source/sources';

export interface DeliveryOptions {
  readonly sources: Sources;
  readonly ids: AssetIds;
  /** How an asset comes by its ID: uploaded before the first send, or saved by it. */
  readonly save: 'upload' | 'send';
  readonly report: Report;
}

/** A slot, and what stands in it. */
interface Part {
  readonly slot: Slot;
  readonly asset: Asset;
}

/** An asset, and the ID to send it by. */
interface Placed {
  readonly target: PageAsset;
  readonly saved: SavedId;
}

/** How often a message asks for another ID: once for what others made, and once more for what is new. */
const RENEWALS = 2;

/** How often a file may change under our hands before that is an error. */
const CHANGES = 2;

/** The way of one message: what is each attachment, which ID does it have, send by that, recover if it is dead. */
export class Delivery {
  readonly #sources: Sources;
  readonly #ids: AssetIds;
  readonly #save: 'upload' | 'send';
  readonly #report: Report;

  constructor({ sources, ids, save, report }: DeliveryOptions) {
    this.#sources = sources;
    this.#ids = ids;
    this.#save = save;
    this.#report = report;
  }

  /**
   * Sends it, once.
   *
   * @returns The platform's answer.
   * @throws {AttachmentError | GraphError | TransportError} Why it did not go out, or may not have.
   */
  send(out: Outgoing): Promise<GraphAnswer> {
    const [slot] = out.slots;
    return untilFilesStand(() =>
      isInTemplate(slot) ? this.#sendTemplate(out) : this.#sendAttachment(out, slot),
    );
  }

  /**
   * Does beforehand what can be: afterwards the attachments have IDs, or sending in one step is worth a try.
   *
   * @throws {AttachmentError | GraphError | TransportError} The message cannot be sent.
   */
  async prepare(out: Outgoing): Promise<void> {
    await untilFilesStand(async () => {
      const parts = await this.#identify(out);
      const [slot] = out.slots;
      if (!isInTemplate(slot) && (this.#save === 'send' || !slot.reusable)) return;
      try {
        const page = await pageOf(out);
        const kept = parts.filter(({ slot }) => slot.reusable);
        await Promise.all(kept.map(async ({ asset }) => this.#ids.get(pageAsset(out.graph, page, asset))));
      } catch (error) {
        if (isInTemplate(slot) || !isWorthOneStep(error)) throw error;
      }
    });
  }

  #identify({ slots }: Outgoing): Promise<Part[]> {
    return Promise.all(
      slots.map(async (slot) => ({
        slot,
        asset: await this.#sources.identify(slot.type, slot.payload),
      })),
    );
  }

  /** One attachment: if there is no ID for it, its content can go with the message. */
  async #sendAttachment(out: Outgoing, slot: Slot): Promise<GraphAnswer> {
    const asset = await this.#sources.identify(slot.type, slot.payload);
    if (!slot.reusable) return this.#sendContent(out, asset, out.page);
    let target: PageAsset;
    try {
      const page = pageOf(out);
      target = pageAsset(out.graph, typeof page === 'string' ? page : await page, asset);
    } catch (error) {
      return this.#sendContentAfter(error, out, asset, out.page);
    }
    if (this.#save === 'send') {
      const sent = await this.#ids.saveBySending(target, () => this.#sendAndSave(out, target));
      if (sent) return sent.answer;
    }
    let saved: SavedId;
    try {
      const got = this.#ids.get(target);
      saved = 'then' in got ? await got : got;
    } catch (error) {
      return this.#sendContentAfter(error, out, asset, target.page);
    }
    try {
      return await this.#sendPlaced(out, [{ target, saved }]);
    } catch (error) {
      if (verdictOn(error) !== 'dead-id') throw error;
      return this.#recover(out, target, saved);
    }
  }

  /** The platform refused the ID, so the message was not sent. What others have made since can be dead as well. */
  async #recover(out: Outgoing, target: PageAsset, dead: SavedId): Promise<GraphAnswer> {
    let refused = dead;
    for (let renewals = 0; renewals < RENEWALS; renewals++) {
      const saved = await this.#renewed(target, refused);
      if (!saved) break;
      try {
        const answer = await this.#sendPlaced(out, [{ target, saved }]);
        this.#reportRecovery(target, dead, 'id');
        return answer;
      } catch (error) {
        if (verdictOn(error) !== 'dead-id') throw error;
      }
      refused = saved;
    }
    const answer = await this.#sendContent(out, target.asset, target.page);
    this.#reportRecovery(target, dead, 'one-step');
    return answer;
  }

  /**
   * Another ID than the dead one. Whoever meets a dead ID first gets what others have made already, or nothing: it
   * sends the content in one step, while a new ID is made in the background. All others wait for that.
   */
  async #renewed(target: PageAsset, dead: SavedId): Promise<SavedId | undefined> {
    const { isFirst, found, made } = this.#ids.renew(target, dead);
    const renewed = made.catch((error: unknown): undefined => {
      // Looking at a file again is no failure, and its message does so too.
      if (!isChange(error)) this.#ids.reportBehind(error);
    });
    return isFirst ? found : renewed;
  }

  /** Attachments in a media template: they go by ID or not at all. */
  async #sendTemplate(out: Outgoing): Promise<GraphAnswer> {
    const parts = await this.#identify(out);
    const page = await pageOf(out);
    const placed = await Promise.all(
      parts.map(async ({ slot, asset }): Promise<Placed> => {
        const target = pageAsset(out.graph, page, asset);
        return {
          target,
          saved: await (slot.reusable ? this.#ids.get(target) : this.#ids.getUnshared(target)),
        };
      }),
    );
    return this.#sendRenewed(out, placed);
  }

  /** Which of the IDs is dead the platform does not say, so all are renewed. */
  async #sendRenewed(out: Outgoing, first: readonly Placed[]): Promise<GraphAnswer> {
    let placed = first;
    for (let renewals = 0; ; renewals++) {
      try {
        const answer = await this.#sendPlaced(out, placed);
        if (renewals > 0)
          for (const { target, saved: dead } of first) this.#reportRecovery(target, dead, 'id');
        return answer;
      } catch (error) {
        if (verdictOn(error) !== 'dead-id' || renewals === RENEWALS) throw error;
        placed = await Promise.all(
          placed.map(async ({ target, saved: dead }): Promise<Placed> => {
            const saved = await this.#ids.renew(target, dead).made;
            if (!saved) throw error;
            return { target, saved };
          }),
        );
      }
    }
  }

  async #sendPlaced(out: Outgoing, placed: readonly Placed[]): Promise<GraphAnswer> {
    const begun = performance.now();
    const ids = placed.map(({ saved }) => saved.id);
    const label = placed.map(({ target }) => target.asset.label).join(' and ');
    const call = { action: 'send', asset: label, lane: 'send' } as const;
    const answer = await post(out, withIds(out.params, out.slots, ids), call);
    const ms = performance.now() - begun;
    for (const { target, saved } of placed) this.#reportSend(target.asset, target.page, 'id', saved.id, ms);
    return answer;
  }

  /** For want of an ID: one step, unless that would fail the same way. */
  async #sendContentAfter(
    error: unknown,
    out: Outgoing,
    asset: Asset,
    page: string | undefined,
  ): Promise<GraphAnswer> {
    if (!isWorthOneStep(error)) throw error;
    this.#ids.reportBehind(error);
    return this.#sendContent(out, asset, page);
  }

  /** Upload and send in one step. */
  async #sendContent(out: Outgoing, asset: Asset, page: string | undefined): Promise<GraphAnswer> {
    const begun = performance.now();
    const answer = await postContent(out, asset, { save: false });
    this.#reportSend(asset, page, 'one-step', undefined, performance.now() - begun);
    return answer;
  }

  /** The same, and the platform is asked for an ID. That it gives none does not make the message another one. */
  async #sendAndSave(out: Outgoing, { asset, page }: PageAsset): Promise<Sent> {
    const uploadedAt = Date.now();
    const begun = performance.now();
    const answer = await postContent(out, asset, { save: true });
    const ms = performance.now() - begun;
    const id = typeof answer.attachment_id === 'string' ? answer.attachment_id : undefined;
    this.#reportSend(asset, page, id ? 'save' : 'one-step', id, ms);
    const { type, label, bytes } = asset;
    return { answer, saved: id ? { id, uploadedAt, page, type, asset: label, bytes } : undefined };
  }

  /** Written out, because a send by ID takes little more time than its event. */
  #reportSend(
    { type, label, bytes }: Asset,
    page: string | undefined,
    how: SendEvent['how'],
    attachmentId: string | undefined,
    ms: number,
  ): void {
    this.#report('send', { page, type, asset: label, bytes, how, attachmentId, ms });
  }

  #reportRecovery({ asset, page }: PageAsset, dead: SavedId, how: 'id' | 'one-step'): void {
    this.#report('recover', { ...about(asset, page), attachmentId: dead.id, how });
  }
}

/** Anew with what the files hold now. A call whose file changed was broken off before its end, so nothing was sent. */
async function untilFilesStand<T>(work: () => Promise<T>): Promise<T> {
  for (let changes = 0; ; changes++) {
    try {
      return await work();
    } catch (error) {
      if (!isChange(error) || changes === CHANGES) throw error;
    }
  }
}

function isInTemplate({ element }: Slot): boolean {
  return element !== undefined;
}

/** Not if the content itself is at fault, or the token. */
function isWorthOneStep(error: unknown): boolean {
  return !(error instanceof AttachmentError) && verdictOn(error) !== 'hopeless';
}

function isChange(error: unknown): boolean {
  return error instanceof AttachmentError && error.code === 'ERR_ATTACHMENT_CHANGED';
}
