import type * as Undici from 'undici';
import { type Agent, type RequestInit, type Response } from 'undici';

/** The calls that the simulator makes: to the bot's webhook, and to the addresses of attachments. */
export class OutgoingCalls {
  readonly #ca: string | undefined;
  #agent: Agent | undefined;
  #isClosed = false;

  /** @param ca - PEM of a further authority to trust. */
  constructor(ca?: string) {
    this.#ca = ca;
  }

  /**
   * undici is loaded with the first call, because it takes a tenth of the time in which the simulator starts; by
   * `require()`, because Jest runs no `import()`.
   */
  async fetch(url: string | URL, init: RequestInit): Promise<Response> {
    const { Agent, fetch } = require('undici') as typeof Undici;
    if (this.#isClosed) throw new Error('The simulator is closed');
    // Nothing is fetched twice, and whoever serves it must be able to close: no connection is kept.
    this.#agent ??= new Agent({ pipelining: 0, connect: this.#ca === undefined ? {} : { ca: this.#ca } });
    return fetch(url, { ...init, dispatcher: this.#agent });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#agent?.destroy();
  }
}
