import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { startSimulator, type Simulator, type ThreadMessage } from 'messenger-platform-simulator';
import { buildPackage } from '../support/processes/built-package';
import { runCommand } from '../support/processes/command';
import { freePort } from '../support/platform/listen';
import { inTime, until } from '../support/checks/waiting';
import { ASSETS } from '../support/files/assets';
import { PAGE } from '../support/platform/pages';
import type { Block } from './blocks';
import { extensionOf } from './compile';

const ANSWER_TIMEOUT = 30_000;

/** Who writes to the bots. */
export const USER = '1';

/** Where the programs of the documentation are run: the built package, assets, and the simulator for Facebook. */
export interface Place {
  /** Where programs are saved. */
  readonly folder: string;
  readonly sim: Simulator;
  /** Runs a program to its end, and gives what it printed. */
  run(program: Block, env?: NodeJS.ProcessEnv): Promise<string>;
  /** Runs a bot for as long as `use` takes. */
  withBot(bot: Block, use: (bot: RunningBot) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

export interface RunningBot {
  readonly webhook: string;
  /** A person writes to it; its answers. */
  say(text: string): Promise<readonly ThreadMessage[]>;
}

export async function openPlace(): Promise<Place> {
  const folder = await mkdtemp(path.join(tmpdir(), 'documentation-'));
  // The page that the recipes name, 1001.
  const sim = await startSimulator({ pages: [PAGE] });
  await buildPackage(folder);
  await cp(ASSETS, path.join(folder, 'assets'), { recursive: true });
  const ca = path.join(folder, 'ca.pem');
  await writeFile(ca, sim.ca);
  const environment = {
    NODE_EXTRA_CA_CERTS: ca,
    FACEBOOK_API_HOST: sim.host,
    FACEBOOK_ACCESS_TOKEN: PAGE.token,
    FACEBOOK_APP_SECRET: PAGE.secret,
    FACEBOOK_VERIFY_TOKEN: 'any',
    SIMULATOR: sim.httpUrl,
  };
  const write = async (block: Block): Promise<string> => {
    const name = `program-${block.line}${extensionOf(block).replace('ts', 'js')}`;
    await writeFile(path.join(folder, name), toJavaScript(block));
    return name;
  };
  return {
    folder,
    sim,
    run: async (program, env = {}) => {
      const options = { cwd: folder, timeout: ANSWER_TIMEOUT, env: { ...environment, ...env } };
      return (await runCommand(process.execPath, [await write(program)], options)).stdout;
    },
    withBot: async (block, use) => {
      const port = await freePort();
      const bot = spawn(process.execPath, [await write(block)], {
        cwd: folder,
        env: { ...process.env, ...environment, PORT: String(port) },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let complaints = '';
      bot.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
      const ended = once(bot, 'exit');
      try {
        await until('the bot listens', () => isListening(port));
        const webhook = `http://localhost:${port}/api/messages`;
        sim.setWebhook(webhook);
        await use({ webhook, say: (text) => say(sim, text) });
      } catch (error) {
        throw new Error(`${String(error)}\nThe bot wrote:\n${complaints}`, { cause: error });
      } finally {
        bot.kill('SIGKILL');
        await inTime('the bot ends', ended, ANSWER_TIMEOUT);
      }
    },
    close: async () => {
      await sim.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function toJavaScript({ language, text }: Block): string {
  if (language === 'js') return text;
  const { ESNext } = ts.ModuleKind;
  return ts.transpileModule(text, { compilerOptions: { module: ESNext, target: ts.ScriptTarget.ES2022 } })
    .outputText;
}

async function say(sim: Simulator, text: string): Promise<readonly ThreadMessage[]> {
  const said = await sim.say({ page: PAGE.id, user: USER, text });
  assert.ok(said.delivered, said.error);
  const { messages } = sim.thread(PAGE.id, USER);
  const at = messages.findIndex(({ mid }) => mid === said.mid);
  return messages.slice(at + 1).filter(({ from }) => from === 'page');
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      resolve(false);
    });
  });
}
