import { createRequire } from 'node:module';
import { setTimeout as wait } from 'node:timers/promises';
import { FacebookAdapter } from 'botbuilder-adapter-facebook';
import type * as Plugin from '../../../src';
import { instantPlatform } from './instant-platform';

/**
 * The program that `MeasuredBot` starts: a bot with the plugin on its default options, which sends as it is told to.
 */

export interface Orders {
  /** The module that is the plugin: the source, or a build. */
  readonly plugin: string;
  readonly host: string;
  readonly root: string;
  /** One: the adapter has its token. Several: it asks for the token of each message's page. */
  readonly pages: readonly string[];
}

/** One message to each of so many people, all at once. */
export interface Sending {
  /** Default: the first page. */
  readonly page?: string;
  /** The first person's ID; the others follow. */
  readonly first: number;
  /** Default: one person. */
  readonly people?: number;
  /** A local path or a web address; `{}` stands for the person's ID. */
  readonly source: string;
  /** Default: `image`. `template`: a media template with an image. */
  readonly as?: 'image' | 'video' | 'template';
  /** In one step, without saving anything. Default: false. */
  readonly once?: boolean;
  /** Milliseconds after the start of it all. Default: 0. */
  readonly after?: number;
}

export type Request =
  /** Whatever is not over after `limit` ms is left alone, and counted as unfinished. */
  | { readonly ask: 'send'; readonly sendings: readonly Sending[]; readonly limit: number }
  | { readonly ask: 'sendManyAssets'; readonly assets: number; readonly steps: number }
  /** Answered with the milliseconds that it took. */
  | { readonly ask: 'close' }
  | { readonly ask: 'sendData'; readonly bytes: number; readonly times: number };

/** How one `Sending` went. */
export interface SentMessage {
  readonly arrived: number;
  readonly failed: number;
  readonly unfinished: number;
  /** The first three different ones. */
  readonly errors: readonly string[];
  /** Milliseconds until the last message was over, from when it was to be sent. */
  readonly longest: number;
}

export interface Outcome {
  readonly sent: readonly SentMessage[];
  /** Milliseconds for all. */
  readonly took: number;
  /** The longest time that the event loop was stopped. */
  readonly stop: Stop;
}

/** Milliseconds. */
export interface Stop {
  /** By the clock: on a busy machine, that others had the processor is in it. */
  readonly clock: number;
  /** Of it, what this process spent on the processor. */
  readonly processor: number;
}

/** Heap after garbage collection, in bytes, after each step. */
export type Heaps = readonly number[];

const TICK = 5;

async function main(orders: Orders): Promise<void> {
  // As a bot that runs from its build; `tsx` turns it on, and it makes stacks slow.
  process.setSourceMapsEnabled(false);
  const plugin = createRequire(__filename)(orders.plugin) as typeof Plugin;
  const [only, ...others] = orders.pages;
  const adapter = new FacebookAdapter({
    verify_token: 'verify',
    app_secret: 'secret',
    api_host: orders.host,
    api_version: 'v25.0',
    ...(others.length === 0 && only !== undefined
      ? { access_token: tokenOf(only) }
      : { getAccessTokenForPage: (page: string) => Promise.resolve(tokenOf(page)) }),
  });
  const cache = new plugin.FacebookAttachmentCache({ root: orders.root }).attach(adapter);
  // What is reported must not end the process; the tests takeSample at what the sends reject with.
  cache.on('error', () => undefined);
  const bot = new Bot(plugin, adapter, orders, cache);
  process.on('message', (request: Request) => {
    void bot.answer(request).then((answer) => process.send?.(answer));
  });
  process.on('disconnect', () => process.exit());
  process.send?.('ready');
  await Promise.resolve();
}

interface Client {
  callAPI(path: string, method: string, payload: unknown): Promise<unknown>;
}

class Bot {
  readonly #plugin: typeof Plugin;
  readonly #adapter: FacebookAdapter;
  readonly #orders: Orders;
  readonly #cache: Plugin.FacebookAttachmentCache;
  readonly #clients = new Map<string, Promise<Client>>();

  constructor(
    plugin: typeof Plugin,
    adapter: FacebookAdapter,
    orders: Orders,
    cache: Plugin.FacebookAttachmentCache,
  ) {
    this.#plugin = plugin;
    this.#adapter = adapter;
    this.#orders = orders;
    this.#cache = cache;
  }

  answer(request: Request): Promise<Outcome | Heaps | number> {
    switch (request.ask) {
      case 'close':
        return this.#close();
      case 'send':
        return this.#send(request.sendings, request.limit);
      case 'sendData':
        return this.#sendData(request.bytes, request.times);
      case 'sendManyAssets':
        return this.#sendManyAssets(request.assets, request.steps);
    }
  }

  async #close(): Promise<number> {
    const begun = performance.now();
    await this.#cache.close();
    return Math.round(performance.now() - begun);
  }

  async #send(sendings: readonly Sending[], limit: number): Promise<Outcome> {
    // Asked beforehand, so that what is measured begins with the sends.
    const clients = await Promise.all(sendings.map(({ page }) => this.#clientOf(page)));
    return measure(async () => {
      const end = new AbortController();
      const limited = wait(limit, undefined, { signal: end.signal }).catch(() => undefined);
      const sent = await Promise.all(
        sendings.map((sending, index) => sendAll(clients[index] as Client, sending, limited)),
      );
      end.abort();
      return sent;
    });
  }

  /** One `data:` URI, again and again; the first time is not measured. */
  async #sendData(bytes: number, times: number): Promise<Outcome> {
    const client = await this.#clientOf();
    // Made once: to put such a string together takes time, and is not the plugin's.
    const url = Buffer.from(
      `data:image/png;base64,${Buffer.alloc(bytes, 'data').toString('base64')}`,
    ).toString();
    const once = (person: number): Promise<unknown> => {
      const payload = { url };
      return client.callAPI('/me/messages', 'POST', message(person, { type: 'image', payload }));
    };
    await once(1);
    return measure(async () => {
      for (let time = 0; time < times; time++) await once(2 + time);
      return [];
    });
  }

  /**
   * Sends different assets through a dispatcher that answers at once, because 400,000 calls over the network would
   * take minutes; with `memory: 1000`, and as little else of its own.
   */
  async #sendManyAssets(assets: number, steps: number): Promise<Heaps> {
    const adapter = new FacebookAdapter({
      verify_token: 'verify',
      app_secret: 'secret',
      access_token: tokenOf('1001'),
      api_version: 'v25.0',
    });
    new this.#plugin.FacebookAttachmentCache({ memory: 1_000, dispatcher: instantPlatform() }).attach(
      adapter,
    );
    const client = (await adapter.getAPI({})) as Client;
    const heaps: number[] = [];
    let next = 0;
    const sendUntil = async (end: number): Promise<void> => {
      while (next < end) {
        const payload = { url: `https://example.com/pictures/${next++}.png` };
        await client.callAPI('/me/messages', 'POST', message(7_001, { type: 'image', payload }));
      }
    };
    for (let step = 1; step <= steps; step++) {
      const end = (assets / steps) * step;
      await Promise.all(Array.from({ length: 40 }, () => sendUntil(end)));
      // What is done in the background after a send.
      await wait(200);
      globalThis.gc?.();
      heaps.push(process.memoryUsage().heapUsed);
    }
    return heaps;
  }

  #clientOf(page = this.#orders.pages[0] ?? ''): Promise<Client> {
    const isOnly = this.#orders.pages.length === 1;
    // The only page of a bot has its token; which page that is, the adapter need not know.
    const client =
      this.#clients.get(page) ?? this.#adapter.getAPI(isOnly ? {} : { recipient: { id: page, name: page } });
    this.#clients.set(page, client);
    return client;
  }
}

async function sendAll(client: Client, sending: Sending, limited: Promise<void>): Promise<SentMessage> {
  const { first, people = 1, after = 0 } = sending;
  if (after > 0) await Promise.race([wait(after), limited]);
  const begun = performance.now();
  let arrived = 0;
  let longest = 0;
  const problems: string[] = [];
  const sends = Array.from({ length: people }, (_, index) =>
    client.callAPI('/me/messages', 'POST', contentFor(first + index, sending)).then(
      () => {
        arrived += 1;
        longest = performance.now() - begun;
      },
      (error: unknown) => {
        problems.push(error instanceof Error ? error.message : String(error));
        longest = performance.now() - begun;
      },
    ),
  );
  await Promise.race([Promise.all(sends), limited]);
  return {
    arrived,
    failed: problems.length,
    unfinished: people - arrived - problems.length,
    errors: [...new Set(problems)].slice(0, 3),
    longest: Math.round(longest),
  };
}

function contentFor(person: number, { source, as = 'image', once = false }: Sending): object {
  const url = source.replace('{}', String(person));
  if (as !== 'template') return message(person, { type: as, payload: { url, is_reusable: !once } });
  const elements = [{ media_type: 'image', url }];
  return message(person, { type: 'template', payload: { template_type: 'media', elements } });
}

function message(person: number, attachment: object): object {
  return { recipient: { id: String(person) }, messaging_type: 'RESPONSE', message: { attachment } };
}

/** Measures the longest time between two turns of the event loop, besides what `work` tells. */
async function measure(work: () => Promise<readonly SentMessage[]>): Promise<Outcome> {
  const begun = performance.now();
  let clock = 0;
  let processor = 0;
  let last = begun;
  let lastUsage = process.cpuUsage();
  const takeSample = (): void => {
    const now = performance.now();
    const usage = process.cpuUsage();
    const gap = now - last - TICK;
    const used = (usage.user + usage.system - lastUsage.user - lastUsage.system) / 1000;
    clock = Math.max(clock, gap);
    // Threads besides the main one can use more than there was time.
    processor = Math.max(processor, Math.min(gap, used));
    last = now;
    lastUsage = usage;
  };
  const timer = setInterval(takeSample, TICK);
  const sent = await work();
  takeSample();
  clearInterval(timer);
  return {
    sent,
    took: Math.round(performance.now() - begun),
    stop: { clock: Math.round(clock), processor: Math.round(processor) },
  };
}

function tokenOf(page: string): string {
  return `token-of-${page}`;
}

void main(JSON.parse(process.argv[2] ?? '') as Orders);
