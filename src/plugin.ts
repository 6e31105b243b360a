import { EventEmitter } from 'node:events';
import Debug from 'debug';
import { AssetIds, pageAsset } from './delivery/asset-ids';
import { toMessengerActivities, type MessageActivity } from './adapter/bot-framework';
import { IdCache } from './cache/id-cache';
import { IdStore } from './cache/id-store';
import { keyOf } from './cache/saved-id';
import { Delivery } from './delivery/delivery';
import { toError } from './base/errors';
import { askClient, hookAdapter, type CallAPI, type HookedClient } from './adapter/hook';
import { findSlots, type Slots } from './message/attachment-slots';
import { readOptions, type AttachmentCacheOptions, type CheckedOptions } from './options';
import { Pages } from './adapter/pages';
import { Sources } from './source/sources';
import { StatsCounter, type AttachmentStats } from './events/stats';
import { Uploader } from './delivery/uploader';
import {
  slotOf,
  warmAll,
  type WarmAsset,
  type WarmOne,
  type WarmOptions,
  type WarmReport,
} from './delivery/warm';
import type { Attachment, AttachmentMessage } from './message/builders';
import type { AssetEvent, AttachmentEvents } from './events/events';
import type { GraphParams } from './graph/client';
import type { Outgoing } from './delivery/outgoing';

const debug = Debug('botkit:facebook-attachments');

const SEND = /^\/(me|\d+)\/messages\/?$/;

/** The part of a Botkit controller that is used: any Botkit 4 controller will do. */
export interface BotkitLike {
  readonly adapter?: unknown;
  addPluginExtension(name: string, extension: unknown): void;
  on(event: 'shutdown', handler: () => Promise<void>): unknown;
}

/** The part of a BotWorker that is used. */
interface BotLike {
  getConfig(key: string): unknown;
}

type SendMiddleware = (
  bot: BotLike,
  activity: { channelData?: unknown },
  next: (error?: unknown) => void,
) => void;

/** Which page's, where it matters. */
export interface PageOptions {
  /** The page's ID. Default: the page of the adapter's `access_token`. */
  readonly page?: string;
}

/** An asset that has an ID. */
export interface SavedAsset extends AssetEvent {
  /** The page's ID: its attachment ID is good for no other page. */
  readonly page: string;
  /** What Facebook knows the asset by. */
  readonly attachmentId: string;
  /** When its upload began, in milliseconds since 1970. */
  readonly uploadedAt: number;
  /** Until when the ID is trusted, in milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * Sends the attachments of a Messenger bot by cached, reusable attachment IDs.
 *
 * @example
 * controller.usePlugin(new FacebookAttachmentCache({ root: path.join(__dirname, 'assets') }));
 * await bot.reply(message, image('cats/tom.png'));
 *
 * @example
 * const cache = new FacebookAttachmentCache({ root: 'assets' });
 * cache.on('error', (error) => console.error(error.message));
 * cache.on('upload', ({ asset, bytes, ms }) => console.log(asset, bytes, ms));
 *
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/saving-assets
 */
export class FacebookAttachmentCache extends EventEmitter<AttachmentEvents> {
  /** The name that Botkit lists it under; a second plugin of that name is ignored. */
  readonly name = 'Facebook Attachment Cache';

  /**
   * Botkit binds these.
   *
   * @internal
   */
  readonly middlewares: { readonly send: SendMiddleware[] };

  readonly #settings: CheckedOptions;
  readonly #stats = new StatsCounter();
  readonly #store: IdStore;
  readonly #cache: IdCache;
  readonly #sources: Sources;
  readonly #ids: AssetIds;
  readonly #delivery: Delivery;
  readonly #pages: Pages;

  /**
   * Nothing is opened or asked yet, besides `root`, which must be there.
   *
   * @throws {TypeError | RangeError} An option is not what it should be: what was expected, and what was received.
   * @example
   * const cache = new FacebookAttachmentCache({
   *   store: new KeyvRedis('redis://localhost:6379'),
   *   root: path.join(__dirname, 'assets'),
   *   uploads: { concurrency: 2 },
   * });
   */
  constructor(options?: AttachmentCacheOptions) {
    super();
    this.#settings = readOptions(options);
    const { store, ttl, refreshAhead, storeTimeout, memory, save, strict, uploads } = this.#settings;
    const report = this.#report.bind(this);
    this.#store = new IdStore({
      store,
      ttl,
      timeout: storeTimeout,
      maxUnsaved: memory,
      onError: (error) => {
        report('error', error);
      },
    });
    this.#cache = new IdCache({ store: this.#store, ttl, refreshAhead, memory });
    this.#sources = new Sources(this.#settings);
    this.#pages = new Pages(this.#settings.dispatcher);
    this.#ids = new AssetIds({ ids: this.#cache, uploader: new Uploader({ ...uploads, report }), report });
    this.#delivery = new Delivery({ sources: this.#sources, ids: this.#ids, save, report });
    this.middlewares = { send: strict ? [this.#prepareOrReject] : [] };
  }

  /**
   * Botkit calls this in `controller.usePlugin`. Afterwards `controller.plugins.attachments` is this instance.
   *
   * @example
   * controller.usePlugin(cache);
   */
  init(controller: BotkitLike): void {
    this.attach(controller.adapter);
    controller.addPluginExtension('attachments', this);
    controller.on('shutdown', () => this.close());
  }

  /**
   * Hooks into a Facebook adapter: the one of a plain BotBuilder bot, or a second one of a Botkit bot. Doing so twice
   * changes nothing. On an adapter that is not Facebook's it warns (`process.emitWarning`) and does nothing.
   *
   * @returns This instance.
   * @example
   * const cache = new FacebookAttachmentCache({ root: 'assets' }).attach(adapter);
   */
  attach(adapter: unknown): this {
    const isHooked = hookAdapter(adapter, (client, ...call) => this.#callAPI(client, ...call));
    if (isHooked) this.#pages.add(adapter);
    else {
      process.emitWarning(
        'This adapter is not a FacebookAdapter of botbuilder-adapter-facebook; attachments are sent as they are.',
        'FacebookAttachmentCacheWarning',
      );
    }
    return this;
  }

  /**
   * Uploads what has no ID yet, or one near its end, so that the first messages find it: at a deployment, before a
   * broadcast.
   *
   * @param assets - As they stand in messages, or as paths, folders, globs inside `root` and web addresses, whose types
   * follow from their names.
   * @returns What became of each. One that fails does not stop the others.
   * @throws {TypeError} The adapter serves several pages, and `page` does not say which; or there is no adapter.
   * @example
   * const report = await cache.warm(['cats', 'sounds/*.mp3', image('https://example.com/cat.jpg')]);
   * for (const { asset, error } of report.results) if (error) console.error(asset, error);
   */
  async warm(assets: Iterable<WarmAsset>, options: WarmOptions = {}): Promise<WarmReport> {
    const { concurrency = this.#settings.uploads.concurrency, dryRun = false } = options;
    const { graph, page } = await this.#pages.find(options.page);
    const warmOne: WarmOne = async ({ type, payload }) => {
      const target = pageAsset(graph, page, await this.#sources.identify(type, payload));
      return dryRun ? this.#ids.look(target) : this.#ids.warm(target);
    };
    return warmAll(assets, warmOne, { ...options, root: this.#settings.root, concurrency });
  }

  /**
   * The IDs in the store that are still trusted, oldest first: of one page, or of all.
   *
   * @throws {StoreError} The store cannot be asked, or cannot list.
   * @example
   * for (const { asset, page, expiresAt } of await cache.list()) console.log(asset, page, new Date(expiresAt));
   */
  async list({ page }: PageOptions = {}): Promise<SavedAsset[]> {
    const listed: SavedAsset[] = [];
    for await (const saved of this.#cache.list()) {
      if (page !== undefined && saved.page !== page) continue;
      const { id: attachmentId, uploadedAt, ...asset } = saved;
      listed.push({ ...asset, attachmentId, uploadedAt, expiresAt: uploadedAt + this.#settings.ttl });
    }
    return listed.sort((a, b) => a.uploadedAt - b.uploadedAt);
  }

  /**
   * Forgets the ID of an asset, in memory and in the store; its next send uploads it again. Other processes that know
   * the ID go on using it.
   *
   * @param asset - As it stands in a message.
   * @throws {AttachmentError} It cannot be told what the asset is.
   * @throws {StoreError} The store cannot be asked.
   * @throws {TypeError} The adapter serves several pages, and `page` does not say which; or there is no adapter.
   * @example
   * await cache.forget(image('https://example.com/cat.jpg'));
   */
  async forget(asset: Attachment | AttachmentMessage, { page }: PageOptions = {}): Promise<void> {
    const { type, payload } = slotOf('attachment' in asset ? asset.attachment : asset);
    const { key } = await this.#sources.identify(type, payload);
    await this.#cache.forget(keyOf(page ?? (await this.#pages.find(page)).page, key));
  }

  /**
   * Counts since the start: a copy, which stays as it is.
   *
   * @example
   * const { sends, sendsById, bytesSaved } = cache.stats;
   */
  get stats(): AttachmentStats {
    return this.#stats.snapshot;
  }

  /**
   * Lets renewals and writes in the background end. What is yours stays open: the store and the dispatcher. Botkit's
   * `controller.shutdown()` calls it. Messages still go out afterwards.
   *
   * @example
   * await cache.close();
   * await dispatcher.close();
   */
  async close(): Promise<void> {
    await this.#cache.idle();
    await this.#store.close();
    await this.#pages.close();
  }

  async #callAPI(client: HookedClient, ...call: Parameters<CallAPI>): Promise<unknown> {
    const [path, method = 'POST', payload] = call;
    if (!SEND.test(path) || method.toUpperCase() !== 'POST') return client.callAPI(...call);
    try {
      const slots = findSlots(payload);
      if (slots)
        return await this.#delivery.send(this.#outgoing(client, path, payload as GraphParams, slots));
    } catch (error) {
      throw this.#reported(error);
    }
    return client.callAPI(...call);
  }

  /** Strict mode: the only place from which an error reaches the caller of `bot.say` is the send middleware. */
  readonly #prepareOrReject: SendMiddleware = (bot, activity, next) => {
    this.#prepare(bot, activity).then(
      () => {
        next();
      },
      (error: unknown) => {
        next(this.#reported(error));
      },
    );
  };

  async #prepare(bot: BotLike, activity: MessageActivity): Promise<void> {
    const attachments = toMessengerActivities(activity).map(attachmentOf).filter(isPresent);
    if (attachments.length === 0) return;
    const context = bot.getConfig('context') as { activity: unknown };
    const client = await askClient(bot.getConfig('adapter'), context.activity);
    if (!client) return;
    for (const attachment of attachments) {
      const params = { message: { attachment } };
      const slots = findSlots(params);
      if (slots) await this.#delivery.prepare(this.#outgoing(client, '/me/messages', params, slots));
    }
  }

  #outgoing({ account, page }: HookedClient, path: string, params: GraphParams, slots: Slots): Outgoing {
    return { graph: this.#pages.clientOf(account), page, path, params, slots };
  }

  /** For whoever throws it on. */
  #reported(error: unknown): unknown {
    this.#report('error', toError(error));
    return error;
  }

  /** Whoever listens cannot stop a message by failing. */
  #report<Name extends keyof AttachmentEvents>(name: Name, ...args: AttachmentEvents[Name]): void {
    this.#stats.count(name, ...args);
    if (debug.enabled) debug('%s %O', name, ...args);
    if (this.listenerCount(name) === 0) return;
    try {
      (this as EventEmitter).emit(name, ...args);
    } catch (error) {
      process.emitWarning(
        `A listener of the event ${name} threw: ${String(error)}`,
        'FacebookAttachmentCacheWarning',
      );
    }
  }
}

function attachmentOf({ channelData }: MessageActivity): unknown {
  return (channelData as { attachment?: unknown } | undefined)?.attachment;
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}
