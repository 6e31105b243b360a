import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { StoreError } from '../base/errors';
import { FacebookAttachmentCache } from '../plugin';
import { inTime } from './in-time';
import { adapterFor, askPage } from './page';
import { checkStore, openStore, type OpenStore } from './store';
import type { Settings } from './arguments';
import type { Output, Printer } from './printer';

/** What a command may touch of the process that it runs in. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** The current folder. */
  readonly folder: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Ctrl-C. */
  readonly signal: AbortSignal;
  /** How the Graph API is reached. Default: through the proxy that the environment names, if it does. */
  readonly dispatcher?: Dispatcher;
}

export interface SessionOptions {
  readonly settings: Settings;
  readonly surroundings: Surroundings;
  readonly printer: Printer;
}

/** Nobody waits for an answer as a user of the bot does. */
const STORE_TIMEOUT = 5_000;

/** Milliseconds for what is still to be written, and to let go of the store. */
const LAST_WRITES = 10_000;
const GOODBYE = 2_000;

/** As for the plugin: Facebook itself takes up to 75 s for a video's address. */
const ANSWER_TIMEOUT = 90_000;

/** What a command works with: a store that answers, the page, the plugin on both. */
export class Session {
  readonly settings: Settings;
  readonly surroundings: Surroundings;
  readonly printer: Printer;
  /** Stop: because of Ctrl-C, or because IDs can no longer be saved. */
  readonly signal: AbortSignal;
  readonly #store: OpenStore;
  readonly #dispatcher: Dispatcher;
  readonly #plugins: FacebookAttachmentCache[] = [];
  readonly #gaveUp = new AbortController();
  #failure: Error | undefined;

  /** @throws {Error} The store cannot be used. */
  static async open(options: SessionOptions, { writes }: { writes: boolean }): Promise<Session> {
    const { store: url, namespace, folder } = options.settings;
    const session = new Session(options, openStore({ url, namespace, folder }));
    try {
      await checkStore(session.#store, { writes });
      return session;
    } catch (error) {
      session.#failure = error as Error;
      await session.close();
      throw error;
    }
  }

  private constructor({ settings, surroundings, printer }: SessionOptions, store: OpenStore) {
    this.settings = settings;
    this.surroundings = surroundings;
    this.printer = printer;
    this.signal = AbortSignal.any([surroundings.signal, this.#gaveUp.signal]);
    this.#store = store;
    this.#dispatcher = surroundings.dispatcher ?? proxyOf(surroundings.env);
    process.on('uncaughtException', this.#giveUp);
  }

  get storeName(): string {
    return this.#store.name;
  }

  /** The page: as the token tells, or without one, as was asked for. */
  async page(): Promise<string> {
    const { account, page } = this.settings;
    if (account.token === undefined && page !== undefined) return page;
    return askPage(account, page, this.#dispatcher);
  }

  /** @param refreshAhead - Milliseconds before its end from which on an ID counts as missing. 0: never. */
  plugin(refreshAhead?: number): FacebookAttachmentCache {
    const { root, account, concurrency, ignoreQuery } = this.settings;
    const plugin = new FacebookAttachmentCache({
      store: this.#store.keyv,
      root,
      dispatcher: this.#dispatcher,
      storeTimeout: STORE_TIMEOUT,
      ...(refreshAhead !== undefined && { refreshAhead }),
      ...(concurrency !== undefined && { uploads: { concurrency } }),
      ...(ignoreQuery && { cacheKey: ({ origin, pathname }: URL) => origin + pathname }),
    });
    plugin.on('error', (error) => {
      if (error instanceof StoreError) this.#giveUp(error);
    });
    this.#plugins.push(plugin);
    return plugin.attach(adapterFor(account));
  }

  /** Waits until what is done is written. Returns why it could not be. */
  async settle(): Promise<Error | undefined> {
    const closed = Promise.all(this.#plugins.map((plugin) => plugin.close()));
    await inTime(closed, LAST_WRITES).catch((error: unknown) => {
      this.#giveUp(error as Error);
    });
    return this.#failure;
  }

  /** Lets go of everything, so that the process can end. */
  async close(): Promise<void> {
    await this.settle();
    const closing = [this.#store.close(this.#failure !== undefined)];
    if (!this.surroundings.dispatcher) closing.push(this.#dispatcher.close());
    // What does not let go is left behind.
    await inTime(Promise.all(closing), GOODBYE).catch(() => undefined);
    process.off('uncaughtException', this.#giveUp);
  }

  /** What a command threw, as it is to be told. */
  explain(error: unknown): unknown {
    return error instanceof StoreError ? this.#storeFailure(error) : error;
  }

  /** Also for what nobody catches: a Postgres connection that breaks while it is idle, for example. */
  readonly #giveUp = (error: Error): void => {
    this.#failure ??= this.#storeFailure(error);
    this.#gaveUp.abort();
  };

  /** The plugin tells what a store's failure means to a bot, with the reason in brackets; here it means something else. */
  #storeFailure({ message }: Error): Error {
    const [, reason = message] = /\((.*)\)/.exec(message) ?? [];
    return new Error(
      `The store ${this.#store.name} failed: ${reason}. What it did not save is lost; run the same command again when it is back`,
    );
  }
}

function proxyOf({
  http_proxy,
  HTTP_PROXY,
  https_proxy,
  HTTPS_PROXY,
  no_proxy,
  NO_PROXY,
}: NodeJS.ProcessEnv): Dispatcher {
  return new EnvHttpProxyAgent({
    httpProxy: http_proxy ?? HTTP_PROXY ?? '',
    httpsProxy: https_proxy ?? HTTPS_PROXY ?? '',
    noProxy: no_proxy ?? NO_PROXY ?? '',
    headersTimeout: ANSWER_TIMEOUT,
    bodyTimeout: ANSWER_TIMEOUT,
  });
}
