import { EnvHttpProxyAgent, type Dispatcher } from 'undici';
import { StoreError } from '../base/errors';
import { FacebookAttachmentCache } from '../plugin';
import { inTime } from './in-time';
import { adapterFor, askPage } from './page';
import { checkStore, openStore, type OpenStore } from './store';
import type { CommandOptions } from './command-options';
import type { Output, Printer } from './printer';

/** What a command may use of the process that it runs in. */
export interface ProcessContext {
  readonly env: NodeJS.ProcessEnv;
  /** The current folder. */
  readonly folder: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** How the Graph API is reached. Default: through the proxy that the environment names, if it does. */
  readonly dispatcher?: Dispatcher;
}

export interface SessionOptions {
  readonly options: CommandOptions;
  readonly context: ProcessContext;
  readonly printer: Printer;
}

/** Milliseconds. Longer than a bot's, because no user waits for an answer. */
const STORE_TIMEOUT = 5_000;

/** Milliseconds for what is still to be written at the end. */
const LAST_WRITES_TIMEOUT = 10_000;

/** Milliseconds for the store and the connections to close. */
const CLOSE_TIMEOUT = 2_000;

/** Milliseconds. As for the plugin: Facebook itself takes up to 75 s for a video's address. */
const ANSWER_TIMEOUT = 90_000;

/** What a command works with: a store that answers, the page, the plugin on both. */
export class Session {
  readonly options: CommandOptions;
  readonly context: ProcessContext;
  readonly printer: Printer;
  /** Aborted by Ctrl-C, or because IDs can no longer be saved. */
  readonly signal: AbortSignal;
  readonly #store: OpenStore;
  readonly #dispatcher: Dispatcher;
  readonly #plugins: FacebookAttachmentCache[] = [];
  readonly #storeFailed = new AbortController();
  #failure: Error | undefined;

  /** @throws {Error} The store cannot be used. */
  static async open(sessionOptions: SessionOptions, { writes }: { writes: boolean }): Promise<Session> {
    const { store: url, namespace, folder } = sessionOptions.options;
    const session = new Session(sessionOptions, openStore({ url, namespace, folder }));
    try {
      await checkStore(session.#store, { writes });
      return session;
    } catch (error) {
      session.#failure = error as Error;
      await session.close();
      throw error;
    }
  }

  private constructor({ options, context, printer }: SessionOptions, store: OpenStore) {
    this.options = options;
    this.context = context;
    this.printer = printer;
    this.signal = AbortSignal.any([context.signal, this.#storeFailed.signal]);
    this.#store = store;
    this.#dispatcher = context.dispatcher ?? proxyOf(context.env);
    process.on('uncaughtException', this.#stop);
  }

  get storeName(): string {
    return this.#store.name;
  }

  /** The page: as the token tells, or without one, as was asked for. */
  async page(): Promise<string> {
    const { account, page } = this.options;
    if (account.token === undefined && page !== undefined) return page;
    return askPage(account, page, this.#dispatcher);
  }

  /** @param refreshAhead - Milliseconds before its end from which on an ID counts as missing. 0: never. */
  plugin(refreshAhead?: number): FacebookAttachmentCache {
    const { root, account, concurrency, ignoreQuery } = this.options;
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
      if (error instanceof StoreError) this.#stop(error);
    });
    this.#plugins.push(plugin);
    return plugin.attach(adapterFor(account));
  }

  /** Waits until all IDs are written. Returns why they could not be. */
  async settle(): Promise<Error | undefined> {
    const closed = Promise.all(this.#plugins.map((plugin) => plugin.close()));
    await inTime(closed, LAST_WRITES_TIMEOUT).catch((error: unknown) => {
      this.#stop(error as Error);
    });
    return this.#failure;
  }

  /** Closes everything, so that the process can end. */
  async close(): Promise<void> {
    await this.settle();
    const closing = [this.#store.close(this.#failure !== undefined)];
    if (!this.context.dispatcher) closing.push(this.#dispatcher.close());
    // What does not close in time is abandoned.
    await inTime(Promise.all(closing), CLOSE_TIMEOUT).catch(() => undefined);
    process.off('uncaughtException', this.#stop);
  }

  /** The error to print for what a command threw. */
  toPrintedError(error: unknown): unknown {
    return error instanceof StoreError ? this.#toStoreFailure(error) : error;
  }

  /** Also for what nobody catches: a Postgres connection that breaks while it is idle, for example. */
  readonly #stop = (error: Error): void => {
    this.#failure ??= this.#toStoreFailure(error);
    this.#storeFailed.abort();
  };

  /** A StoreError says what the failure means to a bot; here it means something else. */
  #toStoreFailure({ message }: Error): Error {
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
