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
import { isRecord } from './base/records';
import { redact } from './base/redact';
import { SECOND } from './base/time';
import { Deadline } from './delivery/deadline';
import { failedMessage } from './delivery/delivery';
import { Engine, type SavedAsset, type SendCall } from './delivery/engine';
import { AttachmentEmitter } from './events/emitter';
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

/** Milliseconds that `close` waits at most. Whoever stops a process gives it some 30 s, as a rule. */
const CLOSE_WAIT = 20 * SECOND;

/** The part of a Botkit controller that is used: any Botkit 4 controller will do. */
export interface BotkitLike {
  readonly adapter?: unknown;
  addPluginExtension(name: string, extension: unknown): void;
  on(event: 'shutdown', handler: () => Promise<void>): unknown;
}

/** Which page's, where it matters. */
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
  /** The name that Botkit lists it under: another one for each instance, because Botkit ignores a name that it knows. */
  readonly name: string;

  /**
   * Botkit binds these.
   *
   * @internal
   */
  readonly middlewares: { readonly send: SendMiddleware[]; readonly spawn: SpawnMiddleware[] };

  readonly #stats = new StatsCounter();
  readonly #engine: Engine;
  readonly #pages: Pages;
  readonly #strict: StrictMode | undefined;
  readonly #hooks: AdapterHooks = {
    callAPI: (client, ...call) => this.#callAPI(client, ...call),
    onNoClient: (error, message) => {
      this.#report('error', error, message);
    },
  };

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
    super({ captureRejections: true });
    instances += 1;
    this.name = instances === 1 ? NAME : `${NAME} ${instances}`;
    const settings = readOptions(options);
    this.#pages = new Pages(settings.dispatcher);
    this.#engine = new Engine(settings, this.#report.bind(this));
    this.#strict = settings.strict
      ? new StrictMode(this.#prepare.bind(this), (error, message) => this.#reported(error, message))
      : undefined;
    this.middlewares = this.#strict
      ? { send: [this.#strict.send], spawn: [this.#strict.spawn] }
      : { send: [], spawn: [] };
  }

  /**
   * Botkit calls this in `controller.usePlugin`. Afterwards `controller.plugins.attachments` is this instance, unless
   * another one does the work on the controller's adapter.
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
   * Hooks into a Facebook adapter: the one of a plain BotBuilder bot, or a second one of a Botkit bot. Doing so twice
   * changes nothing. On an adapter that is not Facebook's it warns (`process.emitWarning`) and does nothing.
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
   * A page's client that needs neither Botkit nor its adapter: it sends, warms, lists and forgets for that page, with
   * this instance's options, store and events.
   *
   * @throws {TypeError} Something in the account is not what it should be: what was expected, and what was received.
   * @example
   * const page = cache.connect({
   *   accessToken: process.env.FACEBOOK_ACCESS_TOKEN,
   *   appSecret: process.env.FACEBOOK_APP_SECRET,
   *   apiHost: process.env.FACEBOOK_API_HOST, // unset: Facebook's
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
      callAPI: (...call) => this.#callAPI(client, ...call),
    });
  }

  /**
   * Uploads what has no ID yet, or one near its end, so that the first messages find it: at a deployment, before a
   * broadcast.
   *
   * @param assets - As they stand in messages, or as paths, folders, globs inside `root` and web addresses, whose types
   * follow from their names.
   * @returns What became of each. One that fails does not stop the others.
   * @throws {TypeError} `ERR_PAGE_UNKNOWN`: there are several pages, and `page` does not say which; no adapter has a token
   * for it; or there is no adapter.
   * @throws {GraphError | TransportError} Facebook does not tell whose the access token is.
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
   * The IDs in the store that are still trusted, oldest first: of one page, or of all.
   *
   * @throws {StoreError} The store cannot be asked, or cannot list.
   * @example
   * for (const { asset, page, expiresAt } of await cache.list()) console.log(asset, page, new Date(expiresAt));
   */
  async list({ page }: PageOptions = {}): Promise<SavedAsset[]> {
    return this.#engine.list(page);
  }

  /**
   * Forgets the ID of an asset, in memory and in the store; its next send uploads it again. Other processes that know
   * the ID go on using it.
   *
   * @param asset - As it stands in a message, or as a path, folder, glob inside `root` or web address; or what `list`
   * gave, for a file that has changed or is gone.
   * @throws {AttachmentError} It cannot be told what the asset is.
   * @throws {StoreError} The store cannot be asked.
   * @throws {TypeError} `ERR_PAGE_UNKNOWN`: there are several pages, and `page` does not say which; or there is no adapter.
   * @throws {GraphError | TransportError} Without `page`: Facebook does not tell whose the access token is.
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
   * Counts since the start: a copy, which stays as it is.
   *
   * @example
   * const { sends, sendsById, bytesSaved } = cache.stats;
   */
  get stats(): AttachmentStats {
    return this.#stats.snapshot;
  }

  /**
   * Lets uploads, renewals and writes in the background end, and the calls in flight, for 20 s at most. What takes longer
   * goes on as long as the process does. What is yours stays open: the store and the dispatcher. Botkit's
   * `controller.shutdown()` calls it. Messages still go out afterwards.
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

  /** @returns Whether another instance does the work there. */
  #hookInto(adapter: unknown): boolean {
    const hooked = hookAdapter(adapter, this.#hooks);
    if (hooked === this.#hooks) this.#pages.add(adapter);
    else if (hooked) {
      warn(
        'Another FacebookAttachmentCache is attached to this adapter already; this one does nothing there.',
      );
      return true;
    } else {
      warn(
        'This adapter is not a FacebookAdapter of botbuilder-adapter-facebook; attachments are sent as they are.',
      );
    }
    return false;
  }

  async #callAPI(client: HookedClient, ...call: Parameters<CallAPI>): Promise<unknown> {
    const [path, method, params] = call;
    if (!isSend(path, method)) return client.callAPI(...call);
    const { account, page } = client;
    const send: SendCall = { client: this.#clientOf(account, page, params), page, path, params };
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

  /** A set-up that no call could be made with is a message's failure like any other. */
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

  /** What strict mode does before a message is sent. */
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

  /** For whoever throws it on. */
  #reported(error: unknown, message?: FailedMessage): unknown {
    this.#report('error', toError(error), message);
    return error;
  }

  /** Whoever listens cannot stop a message by failing. */
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
   * What becomes of a listener that rejects. Without it, the rejection would end the process.
   *
   * @internal
   */
  override [captureRejectionSymbol](error: Error, ...[name]: unknown[]): void {
    warn(`A listener of the event ${String(name)} rejected: ${String(error)}`);
  }
}

/** What the adapter's own client throws is a sentence of Facebook's, or an error that may quote the call's address. */
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
