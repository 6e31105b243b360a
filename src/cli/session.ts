import { StoreError } from '../base/errors';
import { inTime } from '../base/in-time';
import { SECOND } from '../base/time';
import { FacebookAttachmentCache } from '../plugin';
import { loadPrepare } from './prepare-module';
import { checkStore, isMissing, openStore, type OpenStore, type OpenStoreOptions } from './store';
import type { PageClient } from '../adapter/connect';
import type { Prepare } from '../source/preparation';
import type { CommandOptions } from './command-options';
import type { Output, Printer } from './printer';
import type { Dispatcher } from 'undici';

/** What a command may use of the process that it runs in. */
export interface ProcessContext {
  readonly env: NodeJS.ProcessEnv;
  /** The current folder. */
  readonly folder: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** How the Graph API is reached. Default: as the plugin does it. */
  readonly dispatcher?: Dispatcher;
}

export interface SessionOptions {
  readonly options: CommandOptions;
  readonly context: ProcessContext;
  readonly printer: Printer;
}

/** What a command does with the store. */
export interface StoreAccess {
  /** It changes what is in the store. */
  readonly writes: boolean;
  readonly ifMissing: NonNullable<OpenStoreOptions['ifMissing']>;
}

/** Milliseconds. Longer than a bot's, because no user waits for an answer. */
const STORE_TIMEOUT = 5 * SECOND;

/** Milliseconds for what is still to be written at the end. */
const LAST_WRITES_TIMEOUT = 10 * SECOND;

/** Milliseconds for the store to close. */
const CLOSE_TIMEOUT = 2 * SECOND;

/** What a command works with: a store that answers, the page, the plugin on both. */
export class Session {
  readonly options: CommandOptions;
  readonly context: ProcessContext;
  readonly printer: Printer;
  /** Aborted by Ctrl-C, or because IDs can no longer be saved. */
  readonly signal: AbortSignal;
  readonly #store: OpenStore;
  readonly #prepare: Prepare | undefined;
  /** By `refreshAhead`. */
  readonly #plugins = new Map<number | undefined, FacebookAttachmentCache>();
  readonly #storeFailed = new AbortController();
  readonly #refusedRecords: Error[] = [];
  #failure: Error | undefined;

  /** @throws {Error} The store cannot be used. */
  static async open(sessionOptions: SessionOptions, { writes, ifMissing }: StoreAccess): Promise<Session> {
    const { options, printer } = sessionOptions;
    const { store: url, namespace, folder, prepare: module } = options;
    const prepare = module === undefined ? undefined : await loadPrepare(module, folder);
    const store = openStore({ url, namespace, folder, ifMissing });
    if (ifMissing === 'imitate' && isMissing({ url, folder })) {
      printer.note(`There is no store ${store.name} yet; the same command without --dry-run creates it`);
    }
    const session = new Session(sessionOptions, store, prepare);
    try {
      await checkStore(session.#store, { writes });
      return session;
    } catch (error) {
      session.#failure = error as Error;
      await session.close();
      throw error;
    }
  }

  private constructor(
    { options, context, printer }: SessionOptions,
    store: OpenStore,
    prepare: Prepare | undefined,
  ) {
    this.options = options;
    this.context = context;
    this.printer = printer;
    this.signal = AbortSignal.any([context.signal, this.#storeFailed.signal]);
    this.#store = store;
    this.#prepare = prepare;
    process.on('uncaughtException', this.#stop);
  }

  get storeName(): string {
    return this.#store.name;
  }

  /**
   * The ID of the page that the token belongs to; without a token, of the one that was asked for.
   *
   * @throws {Error} They are not the same page: an ID is good for one page only.
   */
  async page(): Promise<string> {
    const { account, page: expected } = this.options;
    if (!account && expected !== undefined) return expected;
    const page = await this.connect(this.plugin()).pageId();
    if (expected === undefined || expected === page) return page;
    throw new Error(
      `The token in FACEBOOK_ACCESS_TOKEN belongs to page ${page}, but --page is ${expected}: an ID is valid for one page only`,
    );
  }

  /** @param refreshAhead - Milliseconds before its end from which on an ID counts as missing. 0: never. */
  plugin(refreshAhead?: number): FacebookAttachmentCache {
    const plugin = this.#plugins.get(refreshAhead) ?? this.#openPlugin(refreshAhead);
    this.#plugins.set(refreshAhead, plugin);
    return plugin;
  }

  /** @throws {Error} There is no access token. Commands that call the platform are not begun without one. */
  connect(plugin: FacebookAttachmentCache): PageClient {
    const { account } = this.options;
    if (account) return plugin.connect(account);
    throw new Error('This command needs an access token in FACEBOOK_ACCESS_TOKEN');
  }

  /** Waits until all IDs are written. Returns why some could not be. */
  async settle(): Promise<readonly Error[]> {
    const closed = Promise.all([...this.#plugins.values()].map((plugin) => plugin.close()));
    await inTime(closed, LAST_WRITES_TIMEOUT).catch((error: unknown) => {
      this.#stop(error as Error);
    });
    return this.#failure ? [...this.#refusedRecords, this.#failure] : this.#refusedRecords;
  }

  /** Closes everything, so that the process can end. */
  async close(): Promise<void> {
    await this.settle();
    // If it does not close in time, it is abandoned.
    await inTime(this.#store.close(this.#failure !== undefined), CLOSE_TIMEOUT).catch(() => undefined);
    process.off('uncaughtException', this.#stop);
  }

  /** The error to print for what a command threw. */
  toPrintedError(error: unknown): unknown {
    return error instanceof StoreError ? this.#toStoreFailure(error) : error;
  }

  #openPlugin(refreshAhead: number | undefined): FacebookAttachmentCache {
    const { root, concurrency, ignoreQuery, fetchFrom } = this.options;
    const prepare = this.#prepare;
    const { dispatcher } = this.context;
    const plugin = new FacebookAttachmentCache({
      store: this.#store.keyv,
      root,
      storeTimeout: STORE_TIMEOUT,
      ...(dispatcher && { dispatcher }),
      ...(refreshAhead !== undefined && { refreshAhead }),
      ...(concurrency !== undefined && { uploads: { concurrency } }),
      ...(fetchFrom.length > 0 && { fetchFrom }),
      ...(prepare && { prepare }),
      ...(ignoreQuery && { cacheKey: ({ origin, pathname }: URL) => origin + pathname }),
    });
    plugin.on('error', (error) => {
      if (!(error instanceof StoreError)) return;
      if (error.code === 'ERR_STORE_RECORD_REFUSED') this.#noteRefusal(error);
      else this.#stop(error);
    });
    return plugin;
  }

  /** Also for what nobody catches: a Postgres connection that breaks while it is idle, for example. */
  readonly #stop = (error: Error): void => {
    this.#failure ??= this.#toStoreFailure(error);
    this.#storeFailed.abort();
  };

  /** All others are saved. */
  #noteRefusal({ asset = '', reason }: StoreError): void {
    this.#refusedRecords.push(
      new Error(
        `The store ${this.#store.name} refused the ID of ${asset}: ${reason}. It is not saved; the store accepts others`,
      ),
    );
  }

  /** A StoreError says what the failure means to a bot; here it means something else. */
  #toStoreFailure(error: Error): Error {
    const reason = error instanceof StoreError ? error.reason : error.message;
    return new Error(
      `The store ${this.#store.name} failed: ${reason}. IDs that were not saved are lost; run the same command again when the store is back`,
    );
  }
}
