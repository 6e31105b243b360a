import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator, type ThreadMessage } from 'messenger-platform-simulator';
import { createBot, type Bot } from '../../example-bot/bot';
import { TYPESCRIPT } from '../support/processes/typescript';

const PROJECT = path.join(__dirname, '..', '..');
export const ASSETS = path.join(PROJECT, 'example-bot', 'assets');
export const PAGE = { id: '1000000000000001', token: 'token', secret: 'secret' };

export interface TestBed {
  readonly simulator: Simulator;
  readonly bot: Bot;
  /** Someone new who writes to the page. */
  newcomer(): Someone;
  /** Ends the bot and starts another one on the same data. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface Someone {
  readonly user: string;
  /** Resolves with the bot's answers to it. */
  write(text: string, tap?: { payload: string; postback?: boolean }): Promise<ThreadMessage[]>;
}

/** The example bot and the simulator in this process, with a data folder of their own. */
export async function openTestBed(): Promise<TestBed> {
  const dataFolder = await temporaryFolder();
  const simulator = await startSimulator({ pages: [PAGE] });
  const start = async (): Promise<Bot> => {
    const bot = await createBot({
      port: 0,
      host: '127.0.0.1',
      dataFolder,
      facebook: {
        tokens: PAGE.token,
        appSecret: PAGE.secret,
        verifyToken: 'verify',
        apiHost: simulator.host,
        ca: simulator.ca,
      },
    });
    simulator.setWebhook({ url: bot.webhook, verifyToken: 'verify' });
    return bot;
  };
  let bot = await start();
  let people = 0;
  return {
    simulator,
    get bot() {
      return bot;
    },
    newcomer: () => {
      people += 1;
      return someone(simulator, String(people));
    },
    restart: async () => {
      await bot.close();
      bot = await start();
    },
    close: async () => {
      await bot.close();
      await simulator.close();
      await rm(dataFolder, { recursive: true });
    },
  };
}

export function temporaryFolder(): Promise<string> {
  return mkdtemp(path.join(os.tmpdir(), 'example-bot-test-'));
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A file of the project in a process of its own; `onOutput` may end it. */
export async function run(
  args: readonly string[],
  environment: Record<string, string> = {},
  onOutput: (output: string, end: () => void) => void = () => undefined,
): Promise<Ended> {
  const child = spawn(process.execPath, [...TYPESCRIPT, ...args], {
    cwd: PROJECT,
    env: { ...process.env, FACEBOOK_ACCESS_TOKEN: '', FACEBOOK_PAGES: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk;
    onOutput(stdout, () => child.kill('SIGTERM'));
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}

function someone(simulator: Simulator, user: string): Someone {
  return {
    user,
    write: async (text, tap) => {
      const { messages: before } = simulator.thread(PAGE.id, user);
      const { delivered, error } = await simulator.say({ page: PAGE.id, user, text, ...tap });
      if (!delivered) throw new Error(`The bot did not answer “${text}”: ${error ?? 'for no known reason'}`);
      const { messages } = simulator.thread(PAGE.id, user);
      return messages.slice(before.length).filter(({ from }) => from === 'page');
    },
  };
}
