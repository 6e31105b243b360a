import { toError, withAction, withContext } from '../base/errors';
import { InFlight } from '../base/in-flight';
import { IdCache, type IdCacheOptions } from '../cache/id-cache';
import { IdStore, type IdStoreOptions } from '../cache/id-store';
import { keyOf, type SavedId } from '../cache/saved-id';
import { findAttachmentSlots } from '../message/attachment-slots';
import { splitMessage } from '../message/split';
import { Sources, type SourcesOptions } from '../source/sources';
import { AssetIds } from './asset-ids';
import { Deadline } from './deadline';
import { Delivery, type DeliveryOptions } from './delivery';
import { Fleet } from './fleet';
import { Pacer } from './pacer';
import { pageAsset } from './page-asset';
import { SplitDelivery } from './split-delivery';
import { Uploads, type UploadsOptions } from './uploads';
import {
  slotOf,
  toAttachments,
  toWarmResult,
  warmAll,
  type CheckedWarmOptions,
  type WarmAsset,
  type WarmReport,
  type WarmResult,
} from './warm';
import type { AssetEvent, Report } from '../events/events';
import type { GraphClient } from '../graph/client';
import type { GraphAnswer } from '../graph/answer';
import type { GraphParams } from '../graph/request';
import type { Asset } from '../source/asset';

/** The options of its parts, with their defaults. `AttachmentCacheOptions` says what each is for. */
export interface EngineOptions
  extends
    SourcesOptions,
    Pick<IdCacheOptions, 'ttl' | 'refreshAhead' | 'memory'>,
    Pick<DeliveryOptions, 'save' | 'typing'> {
  readonly store: IdStoreOptions['store'] | undefined;
  readonly storeTimeout: number;
  readonly uploadWait: number;
  readonly uploads: Pick<UploadsOptions, 'concurrency' | 'attempts'>;
}

/** An asset with its ID. */
export interface SavedAsset extends AssetEvent {
  /** The page's ID. The attachment ID is valid only for this page. */
  readonly page: string;
  /** Facebook's ID for the asset. */
  readonly attachmentId: string;
  /** When its upload began, in milliseconds since 1970. */
  readonly uploadedAt: number;
  /** When the ID expires, in milliseconds since 1970. */
  readonly expiresAt: number;
  /**
   * A path inside `root`, or an address. Undefined: bytes, or an address with a query string, because it is never
   * stored.
   */
  readonly source: SavedId['source'];
  /** Its key in the store, without the namespace. It identifies the asset: type and content, or type and address. */
  readonly key: string;
}

/** A call of the Send API as it came in. */
export interface SendCall {
  readonly client: GraphClient;
  /** The page's ID, as far as the activity tells it. */
  readonly page: string | undefined;
  readonly path: string;
  readonly params: unknown;
  /** Gives the message up, as long as its call has not begun. */
  readonly signal?: AbortSignal | undefined;
  /** That of a message which `ensureIds` has prepared. Default: a new one. */
  readonly deadline?: Deadline | undefined;
}

/** Sends, warms, lists and forgets: everything that the plugin does, for a page's client and without Botkit. */
export class Engine {
  /** Messages that are being sent, and assets that are warmed. */
  readonly inFlight = new InFlight();
  readonly #options: EngineOptions;
  readonly #cache: IdCache;
  readonly #sources: Sources;
  readonly #ids: AssetIds;
  readonly #delivery: Delivery;
  readonly #splitDelivery: SplitDelivery;
  readonly #pacer = new Pacer();

  constructor(options: EngineOptions, report: Report) {
    const { store, ttl, refreshAhead, storeTimeout, memory, save, typing, uploads } = options;
    this.#options = options;
    const idStore =
      store &&
      new IdStore({
        store,
        ttl,
        timeout: storeTimeout,
        maxUnsaved: memory,
        onError: (error) => {
          report('error', error);
        },
      });
    this.#cache = new IdCache({ store: idStore, ttl, refreshAhead, memory });
    this.#sources = new Sources(options);
    this.#ids = new AssetIds({
      cache: this.#cache,
      uploads: new Uploads({ ...uploads, report, fleet: new Fleet(this.#cache) }),
      report,
    });
    const { concurrency } = uploads;
    this.#delivery = new Delivery({
      sources: this.#sources,
      ids: this.#ids,
      save,
      typing,
      concurrency,
      report,
    });
    this.#splitDelivery = new SplitDelivery(this.#delivery, report);
  }

  /**
   * Sends a message whose attachments need an ID, or that the platform takes as several messages only.
   *
   * @returns The answer, of several messages the last one's. Undefined: it is neither, and was not sent.
   * @throws {AttachmentError | GraphError | TransportError | PartlySentError} Why it did not go out, or may not have.
   */
  async send({
    client,
    page,
    path,
    params,
    signal,
    deadline: given,
  }: SendCall): Promise<GraphAnswer | undefined> {
    const split = splitMessage(params);
    const slots = split ? undefined : findAttachmentSlots(params);
    if (!split && !slots) return undefined;
    const deadline = given ?? this.startDeadline(signal);
    await this.#pacer.wait();
    const call = { client, page, path, params: params as GraphParams, deadline };
    if (split) return this.#splitDelivery.send(call, split);
    return slots && this.#delivery.send({ slots, ...call });
  }

  /** How long a message that comes now may wait. */
  startDeadline(signal?: AbortSignal): Deadline {
    return new Deadline(this.#options.uploadWait, { signal });
  }

  /**
   * Does what can be done before the message is sent.
   *
   * @throws {AttachmentError | GraphError | TransportError} It cannot be sent.
   */
  async ensureIds({ params, deadline, ...call }: SendCall & { readonly deadline: Deadline }): Promise<void> {
    const parts = splitMessage(params)?.parts ?? [params as GraphParams];
    await this.#pacer.wait();
    for (const part of parts) {
      const slots = findAttachmentSlots(part);
      if (slots) await this.#delivery.ensureIds({ ...call, params: part, slots, deadline });
    }
  }

  /** What `FacebookAttachmentCache.warm` does, for one page. */
  async warm(
    client: GraphClient,
    page: string,
    assets: Iterable<WarmAsset>,
    options: CheckedWarmOptions,
  ): Promise<WarmReport> {
    return this.#warmAll(page, assets, options, async (asset) => {
      const { saved, isNew } = await this.#ids.warm(pageAsset(client, page, asset), options.signal);
      return toWarmResult(asset, isNew ? 'uploaded' : 'known', saved);
    });
  }

  /** What `warm` would do. Nothing is uploaded, so only the page's ID is needed. */
  async check(page: string, assets: Iterable<WarmAsset>, options: CheckedWarmOptions): Promise<WarmReport> {
    return this.#warmAll(page, assets, options, async (asset) => {
      const saved = await this.#ids.check(keyOf(page, asset.key));
      return toWarmResult(asset, saved ? 'known' : 'missing', saved);
    });
  }

  /** The IDs that are still trusted, oldest first: of one page, or of all. */
  async list(page: string | undefined): Promise<SavedAsset[]> {
    const listed: SavedAsset[] = [];
    for await (const [key, { id: attachmentId, ...saved }] of this.#cache.list()) {
      if (page !== undefined && saved.page !== page) continue;
      const { source } = saved;
      const expiresAt = saved.uploadedAt + this.#options.ttl;
      listed.push({ ...saved, source, attachmentId, expiresAt, key });
    }
    return listed.sort((a, b) => a.uploadedAt - b.uploadedAt);
  }

  /** Forgets the ID of an asset of a page, or of all that a string names; or one that `list` gave. */
  async forget(page: string, asset: WarmAsset | SavedAsset): Promise<void> {
    if (isSaved(asset)) return this.#ids.forget(asset.key);
    try {
      for (const attachment of await toAttachments(asset, this.#options.root)) {
        const { type, payload } = slotOf(attachment);
        const { key } = await this.#sources.identify(type, payload);
        await this.#ids.forget(keyOf(page, key));
      }
    } catch (error) {
      throw withContext(withAction(toError(error), 'forget'), { page, recipient: undefined });
    }
  }

  /**
   * Waits for all that is in flight, and for uploads and writes in the background; then drops what is kept of fetched
   * content. Everything works afterwards, too.
   */
  async close(): Promise<void> {
    // The IDs that there are by now need not wait for the last messages.
    await Promise.all([this.#flush(), this.inFlight.none().then(() => this.#flush())]);
    await this.#sources.close();
  }

  async #flush(): Promise<void> {
    await this.#ids.idle();
    await this.#cache.close();
  }

  #warmAll(
    page: string,
    assets: Iterable<WarmAsset>,
    { concurrency, onProgress, signal }: CheckedWarmOptions,
    warmOne: (asset: Asset) => Promise<WarmResult>,
  ): Promise<WarmReport> {
    const { root, uploads } = this.#options;
    return warmAll(
      assets,
      async ({ type, payload }) => warmOne(await this.#sources.identify(type, payload)),
      { page, root, concurrency: concurrency ?? uploads.concurrency, onProgress, signal },
    );
  }
}

function isSaved(asset: WarmAsset | SavedAsset): asset is SavedAsset {
  return typeof asset === 'object' && 'attachmentId' in asset;
}
