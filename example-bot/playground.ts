import { createHmac } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import Keyv from 'keyv';
import {
  InputError,
  startSimulator,
  type BotUnderTest,
  type PageOptions,
  type Simulator,
} from 'messenger-platform-simulator';
import { createBot, type Bot } from './bot';
import { StoreWithSwitch } from './store-with-switch';

const SECRET = 'simulated-app-secret';
const VERIFY_TOKEN = 'simulated-verify-token';
const PAGES = [
  { id: '1000000000000001', token: 'simulated-token-1', secret: SECRET, name: 'Tom and Mia' },
  { id: '1000000000000002', token: 'simulated-token-2', secret: SECRET, name: 'The neighbours' },
] as const satisfies PageOptions[];

export interface Playground {
  readonly simulator: Simulator;
  readonly bot: Bot;
  /** For calls as the first page, beside the bot's. */
  readonly credentials: { access_token: string; appsecret_proof: string };
  close(): Promise<void>;
}

export interface PlaygroundOptions {
  /** Of the page. Default: any free port */
  port?: number;
  /** Of the bot. Default: any free port */
  botPort?: number;
}

/**
 * The example bot and a simulated Messenger Platform in one process, for `npm start`. It plays on a copy of the bot's
 * folder, which is gone afterwards.
 */
export async function openPlayground({ port = 0, botPort = 0 }: PlaygroundOptions = {}): Promise<Playground> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'example-bot-'));
  const opened: { close(): Promise<void> }[] = [];
  const close = async () => {
    for (const one of opened.toReversed()) await one.close();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const assets = path.join(folder, 'assets');
    await cp(path.join(__dirname, 'assets'), assets, { recursive: true });
    const store = new StoreWithSwitch();
    const controls = { store, assets: folderControls(assets) };
    const simulator = await startSimulator({ pages: [...PAGES], httpPort: port, bot: controls });
    opened.push(simulator);
    const bot = await createBot({
      port: botPort,
      host: '127.0.0.1',
      dataFolder: folder,
      assets,
      ids: new Keyv(store).on('error', () => undefined), // The plugin reports it, once an outage.
      facebook: {
        tokens: new Map(PAGES.map(({ id, token }) => [id, token])),
        appSecret: SECRET,
        verifyToken: VERIFY_TOKEN,
        apiHost: simulator.host,
        ca: simulator.ca,
      },
    });
    opened.push(bot);
    simulator.setWebhook({ url: bot.webhook, verifyToken: VERIFY_TOKEN });
    return { simulator, bot, credentials: credentialsOf(PAGES[0]), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function credentialsOf({ token, secret }: { token: string; secret: string }): Playground['credentials'] {
  return {
    access_token: token,
    appsecret_proof: createHmac('sha256', secret).update(token).digest('hex'),
  };
}

/** Lets the page see the bot's folder, and put pictures into it. */
function folderControls(folder: string): NonNullable<BotUnderTest['assets']> {
  return {
    list: async () => {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries
        .filter((entry) => entry.isFile() && !entry.name.endsWith('.md'))
        .map((entry) => path.join(entry.parentPath, entry.name))
        .sort();
      return Promise.all(
        files.map(async (file) => ({
          path: path.relative(folder, file).split(path.sep).join('/'),
          bytes: (await stat(file)).size,
        })),
      );
    },
    put: async (name, bytes) => {
      if (!/^[\w-]+(?:\/[\w-]+)*\.\w+$/.test(name)) {
        throw new InputError(
          `Expected a name of letters, digits, - and _, such as cats/tom.jpg; got ${JSON.stringify(name)}`,
        );
      }
      const file = path.join(folder, name);
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(file, bytes);
    },
    ask: (name) => (/\.(jpe?g|png|gif|webp)$/i.test(name) ? `show ${name}` : undefined),
  };
}
