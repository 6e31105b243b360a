import { captureRejectionSymbol, type EventEmitter } from 'node:events';
import Debug from 'debug';
import { directCalls, PageClient, readAccount, type PageAccount } from './adapter/connect';
import {
  askClient,
  hookAdapter,
  isSend,
  type AdapterHooks,
  type CallAPI,
  type HookedClient,
} from './adapter/hook';
import { toParams, type MessageActivity } from './adapter/bot-framework';
import { Pages } from './adapter/pages';
import { keepError } from './adapter/results';
import { StrictMode, type BotLike, type SendMiddleware, type SpawnMiddleware } from './adapter/strict-mode';
import { isFacebookAttachmentsError, toError } from './base/errors';
import { InFlight } from './base/in-flight';
import { isRecord } from './base/records';
import { redact } from './base/redact';
import { SECOND } from './base/time';
import { Deadline } from './delivery/deadline';
import { Engine, type SavedAsset, type SendCall } from './delivery/engine';
import { failedMessage } from './delivery/outgoing-call';
import { AttachmentEmitter } from './events/emitter';
import { sendChannel } from './events/tracing';
import { StatsCounter, type AttachmentStats } from './events/stats';
import { labelOfPart } from './message/label';
import { attachmentsOrigin } from './message/split';
import { readOptions, type AttachmentCacheOptions } from './options';
import type { WarmAsset, WarmOptions, WarmReport } from './delivery/warm';
import type { AttachmentEvents, FailedMessage } from './events/events';
import type { GraphAccount, GraphClient, GraphParams } from './graph/client';

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

/** Selects a page. */
export interface PageOptions {
  /** The page's ID. Default: the only page that the adapters have an `access_token` for. */
  readonly page?: string;
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
export class FacebookAttachmentCache extends AttachmentEmitter {
  /** The plugin's name in Botkit. Each instance has another one, because Botkit ignores a plugin whose name it knows. */
  readonly name: string;

  /**
   * Botkit installs these.
   *
   * @internal
   */
  readonly middlewares: { readonly send: SendMiddleware[]; readonly spawn: SpawnMiddleware[] };

  readonly #stats = new StatsCounter();
  readonly #engine: Engine;
  readonly #sends = new InFlight();
  readonly #pages: Pages;
  readonly #strict: StrictMode | undefined;
  readonly #hooks: AdapterHooks = {
    callAPI: (client, ...call) => this.#callAPI(client, ...call),
    onNoClient: (error, message) => {
      this.#report('error', error, message);
    },
  };

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
    super({ captureRejections: true });
    instances += 1;
    this.name = instances === 1 ? NAME : `${NAME} ${instances}`;
    const settings = readOptions(options);
    this.#pages = new Pages(settings.dispatcher);
    this.#engine = new Engine(settings, this.#report.bind(this));
    this.#strict = settings.strict
      ? new StrictMode(this.#prepare.bind(this), (error, message) => {
          this.#reported(error, message);
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
   * another instance is already attached to the controller's adapter.
   *
   * @example
   * controller.usePlugin(cache);
   */
  init(controller: BotkitLike): void {
    if (this.#hookInto(controller.adapter)) return;
    this.#strict?.guard(controller);
    controller.addPluginExtension('attachments', this);
    controller.on('shutdown', () => this.close());
  }

  /**
   * Attaches this instance to a Facebook adapter: that of a BotBuilder bot without Botkit, or a second adapter of a Botkit
   * bot. A second call has no effect. For any other adapter it only emits a warning (`process.emitWarning`).
   *
   * @returns This instance.
   * @example
   * const cache = new FacebookAttachmentCache({ root: 'assets' }).attach(adapter);
   */
  attach(adapter: unknown): this {
    this.#hookInto(adapter);
    return this;
  }

  /**
   * Returns a client for one page that needs neither Botkit nor its adapter. It sends, warms, lists and forgets for this
   * page, with this instance's options, store and events.
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
    const client: HookedClient = { account: checked, page: undefined, callAPI: directCalls(graph) };
    return new PageClient({
      graph,
      engine: this.#engine,
      callAPI: (signal, ...call) => this.#callAPI(signal ? { ...client, signal } : client, ...call),
    });
  }

  /**
   * Uploads assets that have no ID, or whose ID expires soon, so that the first messages can use the IDs. Call it at a
   * deployment or before a broadcast.
   *
   * @param assets - Attachments as in messages; or paths, folders and globs inside `root`, and web addresses. The types of
   * the latter are derived from their names.
   * @returns The result of each asset. A failure does not stop the others.
   * @throws {TypeError} `ERR_PAGE_UNKNOWN`: there are several pages and `page` is not set, no adapter has a token for the
   * page, or there is no adapter.
   * @throws {GraphError | TransportError} Facebook does not tell which page the access token belongs to.
   * @example
   * const report = await cache.warm(['cats', 'sounds/*.mp3', image('https://example.com/cat.jpg')]);
   * for (const { asset, error } of report.results) if (error) console.error(asset, error);
   */
  async warm(assets: Iterable<WarmAsset>, options: WarmOptions = {}): Promise<WarmReport> {
    const { dryRun = false } = options;
    // That needs the store only.
    if (dryRun && options.page !== undefined) return this.#engine.check(options.page, assets, options);
    const { graph, page } = await this.#pages.find(options.page);
    return dryRun
      ? this.#engine.check(page, assets, options)
      : this.#engine.warm(graph, page, assets, options);
  }

  /**
   * Returns the valid IDs in the store, oldest first, of one page or of all pages.
   *
   * @throws {StoreError} The store fails, or does not support listing.
   * @example
   * for (const { asset, page, expiresAt } of await cache.list()) console.log(asset, page, new Date(expiresAt));
   */
  async list({ page }: PageOptions = {}): Promise<SavedAsset[]> {
    return this.#engine.list(page);
  }

  /**
   * Deletes the ID of an asset, in memory and in the store, so that its next send uploads it again. Other processes that
   * have the ID in memory continue to use it.
   *
   * @param asset - An attachment as in a message; a path, folder or glob inside `root`; a web address; or an entry of
   * `list`, for a file that has changed or was deleted.
   * @throws {AttachmentError} The asset cannot be identified.
   * @throws {StoreError} The store fails.
   * @throws {TypeError} `ERR_PAGE_UNKNOWN`: there are several pages and `page` is not set, or there is no adapter.
   * @throws {GraphError | TransportError} Without `page`: Facebook does not tell which page the access token belongs to.
   * @example
   * await cache.forget(image('https://example.com/cat.jpg'));
   *
   * @example
   * for (const saved of await cache.list()) if (saved.source?.path === 'cats/tom.jpg') await cache.forget(saved);
   */
  async forget(asset: WarmAsset | SavedAsset, { page }: PageOptions = {}): Promise<void> {
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
   * Waits for messages that are being sent and for background work (uploads, refreshes, writes), for 20 s at most. Work that takes
   * longer continues while the process lives. Your own store and dispatcher stay open. Botkit's `controller.shutdown()`
   * calls this method. You can still send messages afterwards.
   *
   * @example
   * await cache.close();
   * await dispatcher.close();
   */
  async close(): Promise<void> {
    const deadline = new Deadline(CLOSE_WAIT);
    // What the last messages have brought has to be written, too.
    const afterSends = this.#sends.none().then(() => this.#engine.close());
    await deadline.within(Promise.all([this.#engine.close(), afterSends]));
    await deadline.within(this.#pages.close());
  }

  /**
   * The same as `close`.
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

  #callAPI(client: HookedClient, ...call: Parameters<CallAPI>): Promise<unknown> {
    const [path, method] = call;
    if (!isSend(path, method)) return client.callAPI(...call);
    return sendChannel.hasSubscribers ? this.#sendTraced(client, call) : this.#send(client, call);
  }

  async #send(client: HookedClient, call: Parameters<CallAPI>): Promise<unknown> {
    this.#sends.begin();
    try {
      return await this.#sendOrLetSend(client, call);
    } finally {
      this.#sends.end();
    }
  }

  /** What has no attachment goes as it would without this plugin. */
  async #sendOrLetSend(client: HookedClient, call: Parameters<CallAPI>): Promise<unknown> {
    const [path, , params] = call;
    const { account, page, signal } = client;
    const send: SendCall = { client: this.#clientOf(account, page, params), page, path, params, signal };
    try {
      const answer = await this.#engine.send(send);
      if (answer) return answer;
    } catch (error) {
      throw this.#notSent(error, params, failedMessage(send));
    }
    try {
      return await client.callAPI(...call);
    } catch (error) {
      this.#notSent(ofAdapter(error, params, account), params, failedMessage(send));
      throw error;
    }
  }

  /** Subscribers get an error without secrets; the caller gets the one that was thrown. */
  async #sendTraced(client: HookedClient, call: Parameters<CallAPI>): Promise<unknown> {
    const [path, , params] = call;
    const { page, recipient } = failedMessage({ client: {}, page: client.page, path, params });
    const trace = { page, recipient, asset: labelOfPart((params ?? {}) as GraphParams) };
    let thrown: unknown;
    const send = async (): Promise<unknown> => {
      try {
        return await this.#send(client, call);
      } catch (error) {
        thrown = error;
        throw ofAdapter(error, params, client.account);
      }
    };
    try {
      return await sendChannel.tracePromise(send, trace);
    } catch {
      throw thrown;
    }
  }

  /** Settings with which no call can be made are reported as the message's failure. */
  #clientOf(account: GraphAccount, page: string | undefined, params: unknown): GraphClient {
    try {
      return this.#pages.clientOf(account);
    } catch (error) {
      const recipient = isRecord(params) ? params.recipient : undefined;
      throw this.#notSent(error, params, { page, recipient });
    }
  }

  #notSent(error: unknown, params: unknown, message: FailedMessage): unknown {
    keepError(params, toError(error));
    return this.#reported(error, message);
  }

  /** Prepares a message in strict mode, before it is sent. */
  async #prepare(bot: BotLike, activity: MessageActivity): Promise<void> {
    const params = toParams(activity);
    const origin = attachmentsOrigin(params);
    if (origin === undefined) return;
    const deadline = this.#engine.deadlines.start([origin]);
    const context = bot.getConfig('context') as { activity: unknown };
    const hooked = await askClient(bot.getConfig('adapter'), context.activity);
    if (!hooked) return;
    const { account, page } = hooked;
    const client = this.#pages.clientOf(account);
    await this.#engine.prepare({ client, page, path: '/me/messages', params }, deadline);
  }

  /** Reports an error and returns it, so that the caller can throw it. */
  #reported(error: unknown, message?: FailedMessage): unknown {
    this.#report('error', toError(error), message);
    return error;
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

/** The adapter's own client throws Facebook's message as a string, or an error that may contain the call's URL. */
function ofAdapter(thrown: unknown, params: unknown, { token, secret }: GraphAccount): Error {
  if (isFacebookAttachmentsError(thrown)) return thrown;
  const sentence = thrown instanceof Error ? thrown.message : String(thrown);
  const secrets = secret === undefined ? [token] : [token, secret];
  return new Error(
    `Could not send ${labelOfPart((params ?? {}) as GraphParams)}: ${redact(sentence, secrets)}`,
  );
}

function warn(message: string): void {
  process.emitWarning(message, 'FacebookAttachmentCacheWarning');
}
