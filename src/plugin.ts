import { captureRejectionSymbol, type EventEmitter } from 'node:events';
import Debug from 'debug';
import { checkApi, directCalls, PageClient, readAccount, type PageAccount } from './adapter/connect';
import {
  apiOf,
  askClient,
  hookAdapter,
  isFacebookAdapter,
  type AdapterHooks,
  type HookedClient,
} from './adapter/hook';
import { toParams, type MessageActivity } from './adapter/bot-framework';
import { MessageSender } from './adapter/message-sender';
import { Pages } from './adapter/pages';
import { keepDeadline } from './adapter/results';
import { StrictMode, type BotLike, type SendMiddleware, type SpawnMiddleware } from './adapter/strict-mode';
import { checkArgument, group, option } from './base/check-options';
import { toError } from './base/errors';
import { SECOND } from './base/time';
import { warn } from './base/warn';
import { Deadline } from './delivery/deadline';
import { Engine, type SavedAsset } from './delivery/engine';
import { AttachmentEmitter } from './events/emitter';
import { StatsCounter, type AttachmentStats } from './events/stats';
import { hasAttachment } from './message/split';
import { readOptions, type AttachmentCacheOptions } from './options';
import {
  checkAsset,
  checkAssets,
  WARM_OPTIONS,
  type WarmAsset,
  type WarmOptions,
  type WarmReport,
} from './delivery/warm';
import type { AttachmentEvents, FailedMessage } from './events/events';

const debug = Debug('botkit:facebook-attachments');

const NAME = 'Facebook Attachment Cache';

let instances = 0;

/** Milliseconds that `close` waits at most. A process that is told to stop usually has about 30 s. */
const CLOSE_WAIT = 20 * SECOND;

/** The part of a Botkit controller that is used. Every Botkit 4 controller has it. */
export interface BotkitLike {
  readonly adapter?: unknown;
  addPluginExtension(name: string, extension: unknown): void;
  on(event: 'shutdown', handler: () => Promise<void>): unknown;
}

/** Selects a page. Unknown names are refused. */
export interface PageOptions {
  /** The page's ID. Default: the only page that the adapters have an `access_token` for. */
  readonly page?: string;
}

const pageOption = option('the ID of a page as a string', isPageId, undefined);

const readWarmOptions = group('option of `warm`', { page: pageOption, ...WARM_OPTIONS });
const readListOptions = group('option of `list`', { page: pageOption });
const readForgetOptions = group('option of `forget`', { page: pageOption });

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
export class FacebookAttachmentCache extends AttachmentEmitter {
  /**
   * The plugin's name in Botkit. Each instance has a different one, because Botkit ignores a plugin whose name it
   * knows.
   */
  readonly name: string;

  /**
   * Botkit installs these.
   *
   * @internal
   */
  readonly middlewares: { readonly send: SendMiddleware[]; readonly spawn: SpawnMiddleware[] };

  readonly #stats = new StatsCounter();
  readonly #engine: Engine;
  readonly #pages: Pages;
  readonly #sender: MessageSender;
  readonly #strict: StrictMode | undefined;
  readonly #hooks: AdapterHooks;

  /**
   * Opens no connection. It only checks the options; the folder `root` must exist.
   *
   * @throws {TypeError | RangeError} An option is not valid. The message says what was expected and what was received.
   * @example
   * const cache = new FacebookAttachmentCache({
   *   store: new KeyvRedis('redis://localhost:6379'),
   *   root: path.join(__dirname, 'assets'),
   *   uploads: { concurrency: 2 },
   * });
   */
  constructor(options?: AttachmentCacheOptions) {
    super();
    instances += 1;
    this.name = instances === 1 ? NAME : `${NAME} ${instances}`;
    const settings = readOptions(options);
    this.#pages = new Pages(settings.dispatcher);
    this.#engine = new Engine(settings, this.#report.bind(this));
    this.#sender = new MessageSender(this.#engine, this.#pages, this.#reportError.bind(this));
    this.#hooks = {
      inFlight: this.#engine.inFlight,
      callAPI: (client, ...call) => this.#sender.callAPI(client, ...call),
      onNoClient: this.#reportError.bind(this),
    };
    this.#strict = settings.strict
      ? new StrictMode(this.#engine.inFlight, this.#ensureIds.bind(this), (error, message) => {
          this.#reportError(error, message);
          // It may end in a handler that catches nothing, and nobody would know.
          if (this.listenerCount('error') === 0) warn(String(error));
        })
      : undefined;
    this.middlewares = this.#strict
      ? { send: [this.#strict.send], spawn: [this.#strict.spawn] }
      : { send: [], spawn: [] };
  }

  /**
   * Botkit calls this in `controller.usePlugin`. Afterwards `controller.plugins.attachments` is this instance, unless
   * another instance is already attached to the controller's adapter. If that is not a Facebook adapter, it emits a
   * warning (`process.emitWarning`), because a bot can also run on other adapters, for example in its tests.
   *
   * @throws {TypeError} `ERR_OPTION_INVALID`: `api_host` or `api_version` of the controller's adapter is not valid.
   * Botkit prints this error and continues.
   * @example
   * controller.usePlugin(cache);
   */
  init(controller: BotkitLike): void {
    if (this.#hookInto(controller.adapter)) return;
    this.#strict?.guard(controller);
    controller.addPluginExtension('attachments', this);
    controller.on('shutdown', () => this.close());
    // At the end, because Botkit prints the error and goes on.
    checkApi(apiOf(controller.adapter));
  }

  /**
   * Attaches this instance to a Facebook adapter: that of a BotBuilder bot without Botkit, or a second adapter of a
   * Botkit bot. A second call has no effect. If another instance is already attached to the adapter, it only emits a
   * warning (`process.emitWarning`).
   *
   * @returns This instance.
   * @throws {TypeError} `ERR_ARGUMENT_INVALID`: it is not a FacebookAdapter of botbuilder-adapter-facebook.
   * @throws {TypeError} `ERR_OPTION_INVALID`: `api_host` or `api_version` of the adapter is not valid.
   * @example
   * const cache = new FacebookAttachmentCache({ root: 'assets' }).attach(adapter);
   */
  attach(adapter: unknown): this {
    const expected = 'a FacebookAdapter of botbuilder-adapter-facebook';
    checkArgument('adapter', expected, isFacebookAdapter(adapter), adapter);
    this.#hookInto(adapter);
    checkApi(apiOf(adapter));
    if (this.#strict)
      warn('The option `strict` has no effect with attach(): it needs the middleware of a Botkit bot');
    return this;
  }

  /**
   * Returns a client for one page that needs neither Botkit nor its adapter. It sends, warms, lists and forgets for
   * this page, with this instance's options, store and events.
   *
   * @throws {TypeError} A field of `account` is not valid. The message says what was expected and what was received.
   * @example
   * const page = cache.connect({
   *   accessToken: process.env.FACEBOOK_ACCESS_TOKEN,
   *   appSecret: process.env.FACEBOOK_APP_SECRET,
   *   apiHost: process.env.FACEBOOK_API_HOST, // unset: graph.facebook.com
   * });
   * await page.send(person, image('cats/tom.jpg'));
   */
  connect(account: PageAccount): PageClient {
    const checked = readAccount(account);
    const graph = this.#pages.clientOf(checked);
    const callAPI = directCalls(graph);
    return new PageClient({
      graph,
      engine: this.#engine,
      callAPI: (signal, ...call) => {
        const send = directCalls(graph, signal);
        const client: HookedClient = { account: checked, page: undefined, callAPI, send, signal };
        return this.#sender.callAPI(client, ...call);
      },
    });
  }

  /**
   * Uploads assets that have no ID, or whose ID expires soon, so that the first messages can use the IDs. Call it at a
   * deployment or before a broadcast.
   *
   * @param assets - Attachments as in messages; or paths, folders and globs inside `root`, and web addresses. The types
   * of the latter are derived from their names.
   * @returns The result of each asset. A failure does not stop the others.
   * @throws {TypeError | RangeError} `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN` or `ERR_OPTION_INVALID`: the assets
   * or an option are not valid.
   * @throws {TypeError} `ERR_PAGE_UNKNOWN`: there are several pages and `page` is not set, no adapter has a token for
   * the page, or there is no adapter.
   * @throws {GraphError | TransportError} Facebook does not tell which page the access token belongs to.
   * @example
   * const report = await cache.warm(['cats', 'sounds/*.mp3', image('https://example.com/cat.jpg')]);
   * for (const { asset, error } of report.results) if (error) console.error(asset, error);
   */
  async warm(assets: Iterable<WarmAsset>, options: WarmOptions = {}): Promise<WarmReport> {
    checkAssets(assets);
    const { page: wanted, ...checked } = readWarmOptions(options, 'options', {});
    return this.#engine.inFlight.run(async () => {
      const { dryRun } = checked;
      // That needs the store only.
      if (dryRun && wanted !== undefined) return this.#engine.check(wanted, assets, checked);
      const { graph, page } = await this.#pages.find(wanted);
      return dryRun
        ? this.#engine.check(page, assets, checked)
        : this.#engine.warm(graph, page, assets, checked);
    });
  }

  /**
   * Returns the valid IDs in the store, oldest first, of one page or of all pages.
   *
   * @throws {TypeError} `ERR_OPTION_UNKNOWN` or `ERR_OPTION_INVALID`: an option is not valid.
   * @throws {StoreError} The store fails, or does not support listing.
   * @example
   * for (const { asset, page, expiresAt } of await cache.list()) console.log(asset, page, new Date(expiresAt));
   */
  async list(options: PageOptions = {}): Promise<SavedAsset[]> {
    const { page } = readListOptions(options, 'options', {});
    return this.#engine.list(page);
  }

  /**
   * Deletes the ID of an asset, in memory and in the store, so that its next send uploads it again. Other processes
   * that have the ID in memory continue to use it.
   *
   * @param asset - An attachment as in a message; a path, folder or glob inside `root`; a web address; or an entry of
   * `list`, for a file that has changed or was deleted.
   * @throws {AttachmentError} The asset cannot be identified.
   * @throws {StoreError} The store fails.
   * @throws {TypeError} `ERR_ARGUMENT_INVALID`, `ERR_OPTION_UNKNOWN` or `ERR_OPTION_INVALID`: the asset or an option is
   * not valid.
   * @throws {TypeError} `ERR_PAGE_UNKNOWN`: there are several pages and `page` is not set, or there is no adapter.
   * @throws {GraphError | TransportError} Without `page`: Facebook does not tell which page the access token belongs
   * to.
   * @example
   * await cache.forget(image('https://example.com/cat.jpg'));
   *
   * @example
   * for (const saved of await cache.list()) if (saved.source?.path === 'cats/tom.jpg') await cache.forget(saved);
   */
  async forget(asset: WarmAsset | SavedAsset, options: PageOptions = {}): Promise<void> {
    checkAsset(asset);
    const { page } = readForgetOptions(options, 'options', {});
    const { page: listed } = asset as Partial<SavedAsset>;
    await this.#engine.forget(page ?? listed ?? (await this.#pages.find(page)).page, asset);
  }

  /**
   * The counts since the start, as a copy that does not change.
   *
   * @example
   * const { sends, sendsById, bytesSaved } = cache.stats;
   */
  get stats(): AttachmentStats {
    return this.#stats.snapshot;
  }

  /**
   * Waits for messages that are being sent and for background work (uploads, refreshes, writes), for 20 s at most. Work
   * that takes longer continues while the process lives. Your own store and dispatcher stay open. Botkit's
   * `controller.shutdown()` calls this method. You can still send messages afterwards.
   *
   * @example
   * await cache.close();
   * await dispatcher.close();
   */
  async close(): Promise<void> {
    const deadline = new Deadline(CLOSE_WAIT);
    await deadline.within(this.#engine.close());
    await deadline.within(this.#pages.close());
  }

  /**
   * Waits for messages that are being sent and for background work, as `close` does.
   *
   * @example
   * await using cache = new FacebookAttachmentCache({ root });
   */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** @returns Whether another instance is attached already. */
  #hookInto(adapter: unknown): boolean {
    const hooked = hookAdapter(adapter, this.#hooks);
    if (hooked === this.#hooks) this.#pages.add(adapter);
    else if (hooked) {
      warn(
        'Another FacebookAttachmentCache is already attached to this adapter, so this one has no effect on it.',
      );
      return true;
    } else {
      warn(
        'This adapter is not a FacebookAdapter of botbuilder-adapter-facebook, so its attachments are sent unchanged.',
      );
    }
    return false;
  }

  /** Prepares a message in strict mode, before it is sent. */
  async #ensureIds(bot: BotLike, activity: MessageActivity): Promise<void> {
    const params = toParams(activity);
    if (!hasAttachment(params)) return;
    const deadline = this.#engine.startDeadline();
    keepDeadline(activity, deadline);
    const context = bot.getConfig('context') as { activity: unknown };
    const hooked = await askClient(bot.getConfig('adapter'), context.activity);
    if (!hooked) return;
    const { account, page } = hooked;
    const client = this.#pages.clientOf(account);
    await this.#engine.ensureIds({ client, page, path: '/me/messages', params, deadline });
  }

  #reportError(error: unknown, message: FailedMessage): void {
    this.#report('error', toError(error), message);
  }

  /** A failing listener must not stop a message. */
  #report<Name extends keyof AttachmentEvents>(name: Name, ...args: AttachmentEvents[Name]): void {
    this.#stats.count(name, ...args);
    if (debug.enabled) debug('%s %O', name, ...args);
    if (this.listenerCount(name) === 0) return;
    try {
      (this as unknown as EventEmitter).emit(name, ...args);
    } catch (error) {
      warn(`A listener of the event ${name} threw: ${String(error)}`);
    }
  }

  /**
   * Handles a listener that rejects. Otherwise the rejection would end the process.
   *
   * @internal
   */
  override [captureRejectionSymbol](error: Error, ...[name]: unknown[]): void {
    warn(`A listener of the event ${String(name)} rejected: ${String(error)}`);
  }
}

/** Not a number: one of this size is not exact. */
function isPageId(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
