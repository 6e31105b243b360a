import { keyOf, type SavedId } from '../cache/saved-id';
import { toError } from '../base/errors';
import type { IdCache, Renewal } from '../cache/id-cache';
import type { AssetEvent, Report, UploadReason } from '../events/events';
import type { GraphAnswer, GraphClient } from '../graph/client';
import type { Asset } from '../source/asset';
import type { Uploader } from './uploader';
import { outcomeOf, type WarmResult } from './warm';

/** An asset that a page sends, or is to send. */
export interface PageAsset {
  readonly graph: GraphClient;
  /** The page's ID. */
  readonly page: string;
  readonly asset: Asset;
  /** Under which its ID is kept. */
  readonly key: string;
}

/** What became of a message that was to save its attachment. */
export interface Sent {
  readonly answer: GraphAnswer;
  /** The ID that it was saved under, if one was given. */
  readonly saved: SavedId | undefined;
}

export interface AssetIdsOptions {
  readonly ids: IdCache;
  readonly uploader: Uploader;
  readonly report: Report;
}

export function pageAsset(graph: GraphClient, page: string, asset: Asset): PageAsset {
  return { graph, page, asset, key: keyOf(page, asset.key) };
}

/** The IDs of a page's assets: known, uploaded, renewed in time or after their end. */
export class AssetIds {
  readonly #ids: IdCache;
  readonly #uploader: Uploader;
  readonly #report: Report;
  readonly #reported = new WeakSet<Error>();

  constructor({ ids, uploader, report }: AssetIdsOptions) {
    this.#ids = ids;
    this.#uploader = uploader;
    this.#report = report;
  }

  /**
   * The ID of an asset, at once if it is known; near its end, a new one is made in the background.
   *
   * @throws {AttachmentError | GraphError | TransportError} It cannot be uploaded.
   */
  get(target: PageAsset): SavedId | Promise<SavedId> {
    const known = this.#ids.known(target.key);
    return known ? this.#refreshedInTime(target, known) : this.#getOrMake(target);
  }

  /** An ID for this once, that nobody else is to use. */
  async getUnshared(target: PageAsset): Promise<SavedId> {
    return this.#upload(target, 'send');
  }

  /**
   * Lets a message save its attachment, if there is no ID for it yet and nobody else is making one.
   *
   * @returns What became of that message. Undefined: it was not sent; by now there is an ID, or was to be one.
   * @throws What `send` throws.
   */
  async saveBySending(target: PageAsset, send: () => Promise<Sent>): Promise<Sent | undefined> {
    let own: Promise<Sent> | undefined;
    const saving = this.#ids.get(target.key, async () => {
      own = send();
      const { saved } = await own;
      if (saved) this.#ids.put(target.key, saved);
      return saved;
    });
    // What another's send met says nothing about this one; what this one met is thrown below.
    await saving.catch(nothing);
    return own;
  }

  /** Replaces an ID that the platform has refused, or joins those who do. */
  renew(target: PageAsset, dead: SavedId): Renewal {
    return this.#ids.renew(target.key, dead.id, () => this.#make(target, 'recover'));
  }

  /**
   * Sees to it that an asset has an ID that is not near its end.
   *
   * @throws {AttachmentError | GraphError | TransportError} It cannot be uploaded.
   */
  async warm(target: PageAsset): Promise<WarmResult> {
    let made: SavedId | undefined;
    const make = async (): Promise<SavedId> => (made = await this.#make(target, 'warm'));
    for (;;) {
      const known = await this.#ids.get(target.key, make);
      if (!known) continue;
      const saved = this.#ids.isNearEnd(known) ? await this.#ids.refresh(target.key, known, make) : known;
      if (saved) return outcomeOf(target.asset, saved === made ? 'uploaded' : 'known', saved);
    }
  }

  /** What `warm` would see to. */
  async look(target: PageAsset): Promise<WarmResult> {
    const saved = await this.#ids.find(target.key);
    return saved && !this.#ids.isNearEnd(saved)
      ? outcomeOf(target.asset, 'known', saved)
      : outcomeOf(target.asset, 'missing');
  }

  /** A failure behind messages that still go out: told once, however many they are. */
  reportBehind(error: unknown): void {
    const failure = toError(error);
    if (this.#reported.has(failure)) return;
    this.#reported.add(failure);
    this.#report('error', failure);
  }

  async #getOrMake(target: PageAsset): Promise<SavedId> {
    for (;;) {
      const saved = await this.#ids.get(target.key, () => this.#make(target, 'send'));
      // If there is none, somebody's send was to save it, and did not: it is the next one's turn to make an ID.
      if (saved) return this.#refreshedInTime(target, saved);
    }
  }

  #refreshedInTime(target: PageAsset, saved: SavedId): SavedId {
    if (this.#ids.isDue(target.key, saved)) void this.#refresh(target, saved);
    return saved;
  }

  async #refresh(target: PageAsset, old: SavedId): Promise<void> {
    try {
      const fresh = await this.#ids.refresh(target.key, old, () => this.#make(target, 'refresh'));
      if (fresh) this.#report('refresh', { ...about(target.asset, target.page), attachmentId: fresh.id });
    } catch (error) {
      this.reportBehind(error);
    }
  }

  async #make(target: PageAsset, reason: UploadReason): Promise<SavedId> {
    const saved = await this.#upload(target, reason);
    this.#ids.put(target.key, saved);
    return saved;
  }

  #upload({ graph, page, asset }: PageAsset, reason: UploadReason): Promise<SavedId> {
    return this.#uploader.upload({ graph, page, asset, reason });
  }
}

/** What every event about an asset tells. */
export function about({ type, label, bytes }: Asset, page: string | undefined): AssetEvent {
  return { page, type, asset: label, bytes };
}

function nothing(): undefined {
  return undefined;
}
