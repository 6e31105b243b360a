import https from 'node:https';
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
import { ASSETS } from '../files/assets';
import { PAGE } from '../platform/pages';

/** A bot worker that talks to one user, with the parts of FacebookBotWorker that its types leave to `any`. */
export type Bot = BotWorker & {
  readonly api: { callAPI(path: string, method: string, payload?: unknown): Promise<unknown> };
  startConversationWithUser(user: string): Promise<void>;
};

/** A bot as its author starts it: Botkit, the adapter and the plugin. */
export interface RunningBotkit {
  readonly sim: Simulator;
  readonly adapter: FacebookAdapter;
  readonly controller: Botkit;
  readonly plugin: FacebookAttachmentCache;
  /** Every `error` event so far. */
  readonly errors: Error[];
  /** The arguments of each `console.error` call, by which the adapter reports errors, while no later one was open. */
  readonly consoleErrors: unknown[][];
  /** A bot worker that talks to `user` as `page`. */
  bot(user?: string, page?: string): Promise<Bot>;
  close(): Promise<void>;
}

export interface RunningBotkitOptions extends AttachmentCacheOptions {
  /** Default: one page. With several, the adapter asks for each page's token. */
  readonly pages?: PageOptions[];
  readonly simulator?: Omit<SimulatorOptions, 'pages'>;
  /** A simulator that runs already; it is not closed with this bot. */
  readonly sim?: Simulator;
  /** For Botkit itself: the web server of its webhook; a storage that another bot uses later. */
  readonly configuration?: Pick<BotkitConfiguration, 'webserver' | 'storage'>;
}

/** Starts Botkit with the plugin, and a simulator unless one is given, on free ports. */
export async function openBotkit({
  pages = [PAGE],
  simulator = {},
  sim: running,
  configuration = {},
  ...options
}: RunningBotkitOptions = {}): Promise<RunningBotkit> {
  const sim = running ?? (await startSimulator({ windows: 'open', ...simulator, pages }));
  // The adapter's own client trusts whom Node's agent trusts.
  https.globalAgent.options.ca = sim.ca;
  const adapter = createAdapter(sim, pages);
  const controller = new Botkit({
    adapter,
    disable_webserver: !configuration.webserver,
    disable_console: true,
    storage: new MemoryStorage(),
    ...configuration,
  });
  const dispatcher = new Agent({ connect: { ca: sim.ca } });
  const plugin = new FacebookAttachmentCache({ root: ASSETS, dispatcher, ...options });
  const errors: Error[] = [];
  plugin.on('error', (error) => errors.push(error));
  controller.usePlugin(plugin);
  const consoleErrors: unknown[][] = [];
  // Not a stub of sinon, because a second bot may be opened while this one runs, and a stub cannot be stubbed.
  const { error: print } = console;
  console.error = (...line: unknown[]) => void consoleErrors.push(line);
  return {
    sim,
    adapter,
    controller,
    plugin,
    errors,
    consoleErrors,
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

/** Facebook's adapter for the simulator. With several pages, it asks for the token of each, which may change. */
export function createAdapter(sim: Simulator, pages: readonly PageOptions[]): FacebookAdapter {
  const [first] = pages;
  const tokenOf = (page: string): string => pages.find(({ id }) => id === page)?.token ?? '';
  return new FacebookAdapter({
    verify_token: 'verify',
    app_secret: first?.secret ?? '',
    api_host: sim.host,
    api_version: 'v25.0',
    ...(pages.length === 1
      ? { access_token: first?.token ?? '' }
      : { getAccessTokenForPage: (page) => Promise.resolve(tokenOf(page)) }),
  });
}
