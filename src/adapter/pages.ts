import { LRUCache } from 'lru-cache';
import { withCode } from '../base/check-options';
import { isFacebookAttachmentsError, isOptionError, toError } from '../base/errors';
import { redact } from '../base/redact';
import { GraphClient, type GraphAccount } from '../graph/client';
import { Connections } from '../graph/connections';
import { checkApi } from './connect';
import { askClient } from './hook';
import type { Dispatcher } from 'undici';

const NO_ADAPTER =
  'no adapter is attached. Without one, use the methods of the client that `connect` returns';

/** How many pages' clients are kept: each knows its page's ID. */
const MAX_CLIENTS = 1_000;

/** A page, and the client that calls the Graph API as this page. */
export interface FoundPage {
  readonly graph: GraphClient;
  /** Its ID. */
  readonly page: string;
}

/** The Graph API as each page of the adapters. */
export class Pages {
  readonly #connections: Connections;
  readonly #clients = new LRUCache<string, GraphClient>({ max: MAX_CLIENTS });
  readonly #adapters = new Set<unknown>();

  constructor(dispatcher: Dispatcher | undefined) {
    this.#connections = new Connections(dispatcher);
  }

  /** Ends the connections that are the plugin's own. A later call opens new ones. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  /** Asks this adapter for pages, too. */
  add(adapter: unknown): void {
    this.#adapters.add(adapter);
  }

  /** @throws {TypeError} `ERR_OPTION_INVALID`: the adapter's `api_host` or `api_version` is not valid. */
  clientOf(account: GraphAccount): GraphClient {
    const key = `${account.host} ${account.version} ${account.token} ${account.secret ?? ''}`;
    let client = this.#clients.get(key);
    if (!client) {
      checkApi(account);
      client = new GraphClient(account, this.#connections);
      this.#clients.set(key, client);
    }
    return client;
  }

  /**
   * A page by its ID, or the only one. Facebook is asked whose each token is, once: an adapter with one token gives it
   * for whatever page, and what is uploaded with another page's token is no use to this page.
   *
   * @throws {TypeError} `ERR_PAGE_UNKNOWN`: no adapter has a token for it, or there are several pages, or no adapter.
   * `cause` says why an adapter gave none.
   * @throws {TypeError} `ERR_OPTION_INVALID`: the adapter's `api_host` or `api_version` is not valid.
   * @throws {GraphError | TransportError} It cannot be learnt whose a token is.
   */
  async find(page: string | undefined): Promise<FoundPage> {
    if (this.#adapters.size === 0) throw unknownPage(page, [NO_ADAPTER], []);
    const asked = [...this.#adapters].map((adapter) => this.#ask(adapter, page));
    // The adapter that has the page's token need not wait for the others.
    const right = await firstOf(asked, page);
    if (right) return right;
    const answers = await Promise.all(asked);
    const errors = answers.flatMap((answer) => ('error' in answer && answer.error ? [answer.error] : []));
    // It says more than that the page is unknown.
    const telling = errors.find((error) => isFacebookAttachmentsError(error) || isOptionError(error));
    if (telling) throw telling;
    const found = answers.filter((answer) => 'graph' in answer);
    const [first] = found;
    if (page !== undefined || !first) throw unknownPage(page, answers.map(reasonOf), errors);
    const ids = new Set(found.map((answer) => answer.page));
    if (ids.size === 1) return first;
    throw unknownPage(page, [`the adapters serve several pages: ${[...ids].join(', ')}`], errors);
  }

  async #ask(adapter: unknown, page: string | undefined): Promise<FoundPage | NoPage> {
    try {
      const client = await askClient(adapter, { recipient: { id: page } });
      if (!client) return { error: undefined };
      const graph = this.clientOf(client.account);
      return { graph, page: await graph.pageId() };
    } catch (error) {
      return { error: toError(error) };
    }
  }
}

/** An adapter that has no token for a page. */
interface NoPage {
  /** Why. Undefined: it said nothing. */
  readonly error: Error | undefined;
}

/** The first answer that is this page. */
function firstOf(
  asked: readonly Promise<FoundPage | NoPage>[],
  page: string | undefined,
): Promise<FoundPage | undefined> {
  const right = asked.map(async (asking) => {
    const answer = await asking;
    if ('graph' in answer && answer.page === page) return answer;
    throw new Error('another page, or none');
  });
  return Promise.any(right).catch(() => undefined);
}

function reasonOf(answer: FoundPage | NoPage): string {
  if ('graph' in answer) return `the adapter’s token belongs to page ${answer.page}`;
  const { error } = answer;
  return error
    ? `the adapter has no token for it (${redact(error.message)})`
    : 'the adapter has no token for it';
}

function unknownPage(
  page: string | undefined,
  reasons: readonly string[],
  causes: readonly Error[],
): TypeError {
  const because = [...new Set(reasons)].join('; ');
  const [cause, ...more] = causes;
  return withCode(
    'ERR_PAGE_UNKNOWN',
    new TypeError(
      `Expected \`page\` to be the ID of a page of the adapter, got ${page ?? 'none'}: ${because}`,
      cause && { cause: more.length === 0 ? cause : new AggregateError(causes, because) },
    ),
  );
}
