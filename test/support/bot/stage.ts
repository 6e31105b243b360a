import https from 'node:https';
import path from 'node:path';
import { Botkit, type BotkitConfiguration, type BotWorker } from 'botkit';
import { MemoryStorage } from 'botbuilder';
import { FacebookAdapter } from 'botbuilder-adapter-facebook';
import { Agent } from 'undici';
import {
  startSimulator,
  type PageOptions,
  type Simulator,
  type SimulatorOptions,
} from 'messenger-platform-simulator';
import { FacebookAttachmentCache, type AttachmentCacheOptions } from '../../../src/index';

/** Real pictures, sounds, videos and files. */
export const ASSETS = path.join(__dirname, '../../../example-bot/assets');

export const PAGE: PageOptions = { id: '1001', token: 'TOKEN-OF-PAGE-1001', secret: 'SECRET-OF-THE-APP' };
export const OTHER_PAGE: PageOptions = {
  id: '1002',
  token: 'TOKEN-OF-PAGE-1002',
  secret: 'SECRET-OF-THE-APP',
};

/** A bot worker that talks to one user, with the parts of FacebookBotWorker that its types leave to `any`. */
export type Bot = BotWorker & {
  readonly api: { callAPI(path: string, method: string, payload?: unknown): Promise<unknown> };
  startConversationWithUser(user: string): Promise<void>;
};

export interface Stage {
  readonly sim: Simulator;
  readonly adapter: FacebookAdapter;
  readonly controller: Botkit;
  readonly plugin: FacebookAttachmentCache;
  /** Every `error` event so far. */
  readonly errors: Error[];
  /** Whatever was printed by `console.error`, the adapter's own error line, while no later stage was open. */
  readonly lines: unknown[][];
  /** A bot that speaks to `user` as `page`. */
  bot(user?: string, page?: string): Promise<Bot>;
  close(): Promise<void>;
}

export interface StageOptions extends AttachmentCacheOptions {
  /** Default: one page. With several, the adapter asks for each page's token. */
  readonly pages?: PageOptions[];
  readonly simulator?: Omit<SimulatorOptions, 'pages'>;
  /** A simulator that runs already; closing the stage leaves it. */
  readonly sim?: Simulator;
  /** A webserver that Botkit puts its webhook on, a storage that outlives the stage. */
  readonly botkit?: Pick<BotkitConfiguration, 'webserver' | 'storage'>;
}

/** The simulator and a real Botkit bot with the plugin, on free ports. */
export async function openStage({
  pages = [PAGE],
  simulator = {},
  sim: running,
  botkit = {},
  ...options
}: StageOptions = {}): Promise<Stage> {
  const sim = running ?? (await startSimulator({ ...simulator, pages }));
  // The adapter's own client trusts whom Node's agent trusts.
  https.globalAgent.options.ca = sim.ca;
  const adapter = createAdapter(sim, pages);
  const controller = new Botkit({
    adapter,
    disable_webserver: !botkit.webserver,
    disable_console: true,
    storage: new MemoryStorage(),
    ...botkit,
  });
  const dispatcher = new Agent({ connect: { ca: sim.ca } });
  const plugin = new FacebookAttachmentCache({ root: ASSETS, dispatcher, ...options });
  const errors: Error[] = [];
  plugin.on('error', (error) => errors.push(error));
  controller.usePlugin(plugin);
  const lines: unknown[][] = [];
  // By hand, because stages may be open inside each other, and a stub does not go over another.
  const { error: print } = console;
  console.error = (...line: unknown[]) => void lines.push(line);
  return {
    sim,
    adapter,
    controller,
    plugin,
    errors,
    lines,
    bot: async (user = '7001', page = pages[0]?.id ?? '') => {
      const bot = (await controller.spawn(page)) as Bot;
      await bot.startConversationWithUser(user);
      return bot;
    },
    close: async () => {
      console.error = print;
      await plugin.close();
      await dispatcher.close();
      if (!running) await sim.close();
    },
  };
}

export function createAdapter(sim: Simulator, pages: PageOptions[]): FacebookAdapter {
  const [first] = pages;
  const tokens = new Map(pages.map(({ id, token }) => [id, token]));
  return new FacebookAdapter({
    verify_token: 'verify',
    app_secret: first?.secret ?? '',
    api_host: sim.host,
    api_version: 'v25.0',
    ...(pages.length === 1
      ? { access_token: first?.token ?? '' }
      : { getAccessTokenForPage: (page) => Promise.resolve(tokens.get(page) ?? '') }),
  });
}
