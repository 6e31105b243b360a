import { LRUCache } from 'lru-cache';
import { GraphClient, type GraphAccount } from '../graph/client';
import { Connections } from '../graph/connections';
import { askClient } from './hook';
import type { Dispatcher } from 'undici';

/** How many pages' clients are kept: each knows its page's ID. */
const MAX_CLIENTS = 1_000;

/** The Graph API as each of the adapter's pages. */
export class Pages {
  readonly #connections: Connections;
  readonly #clients = new LRUCache<string, GraphClient>({ max: MAX_CLIENTS });
  #adapter: unknown;

  constructor(dispatcher: Dispatcher | undefined) {
    this.#connections = new Connections(dispatcher);
  }

  /** Ends the connections that are the plugin's own. A later call opens new ones. */
  close(): Promise<void> {
    return this.#connections.close();
  }

  /** Asks this adapter for pages. The first one is the bot's. */
  add(adapter: unknown): void {
    this.#adapter ??= adapter;
  }

  clientOf(account: GraphAccount): GraphClient {
    const key = `${account.host} ${account.version} ${account.token} ${account.secret ?? ''}`;
    let client = this.#clients.get(key);
    if (!client) {
      client = new GraphClient(account, this.#connections);
      this.#clients.set(key, client);
    }
    return client;
  }

  /**
   * A page by its ID, or the only one.
   *
   * @throws {TypeError} The adapter has no token for it, or there is no adapter.
   */
  async find(page: string | undefined): Promise<{ graph: GraphClient; page: string }> {
    const client = await askClient(this.#adapter, { recipient: { id: page } }).catch(() => undefined);
    if (!client) {
      const missing = this.#adapter ? 'the adapter has no token for it' : 'no adapter is attached';
      throw new TypeError(
        `Expected \`page\` to be the ID of a page of the adapter, got ${page ?? 'none'}: ${missing}`,
      );
    }
    const graph = this.clientOf(client.account);
    return { graph, page: page ?? (await graph.pageId()) };
  }
}
