import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { DEMO_PAGE } from 'messenger-platform-simulator';
import { until } from '../support/checks/waiting';
import { TYPESCRIPT } from '../support/processes/typescript';

const ROOT = path.join(__dirname, '../..');
export const CLI = path.join(ROOT, 'simulator/cli.ts');

/** Echoes what people write, over HTTPS with "secure"; ends as it is told. */
export const ECHO_BOT = `
const { createServer } = require('node:http');
const { createHmac } = require('node:crypto');
const { FACEBOOK_API_HOST, FACEBOOK_API_URL, FACEBOOK_ACCESS_TOKEN, FACEBOOK_APP_SECRET, PORT } = process.env;
const VERSION = 1;
process.once('SIGTERM', () => process.exit(42)).once('SIGINT', () => process.exit(43));
createServer(async (req, res) => {
  const { pathname, searchParams } = new URL(req.url, 'http://bot');
  if (pathname !== (process.env.WEBHOOK_PATH ?? '/api/messages')) return res.writeHead(404).end();
  if (req.method === 'GET') {
    const isRight = searchParams.get('hub.verify_token') === process.env.FACEBOOK_VERIFY_TOKEN;
    return res.writeHead(isRight ? 200 : 403).end(searchParams.get('hub.challenge'));
  }
  let body = '';
  for await (const chunk of req) body += chunk;
  const signature = 'sha256=' + createHmac('sha256', FACEBOOK_APP_SECRET).update(body).digest('hex');
  if (req.headers['x-hub-signature-256'] !== signature) return res.writeHead(403).end();
  const { sender, message } = JSON.parse(body).entry[0].messaging[0];
  if (message.text === 'end') process.exit(7);
  const api = message.text === 'secure' ? 'https://' + FACEBOOK_API_HOST : FACEBOOK_API_URL;
  await fetch(api + '/v25.0/me/messages?access_token=' + FACEBOOK_ACCESS_TOKEN, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ recipient: sender, message: { text: VERSION + ': ' + message.text } }),
  });
  res.end();
}).listen(PORT);
`;

/** Milliseconds. Two compilers and a bot start, on a machine that may be busy with other tests. */
const START_LIMIT = 45_000;

/** The command-line tool in a folder, with what it and its bot print. */
export class RunningCli {
  readonly child: ChildProcess;
  readonly exitCode: Promise<number | null>;
  /** What it printed to standard output and standard error. */
  output = '';
  /** What it printed to standard output, for other programs. */
  printed = '';

  constructor(args: readonly string[], folder: string, env: NodeJS.ProcessEnv) {
    this.child = spawn(process.execPath, [...TYPESCRIPT, CLI, ...args], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    this.child.stdout?.on('data', (text: string) => (this.printed += text));
    this.exitCode = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** Where to chat, once the bot has confirmed its webhook. */
  async address(): Promise<string> {
    const found = () => /Chat with your bot at (\S+)\n/.exec(this.output)?.[1];
    await until('the bot is ready', () => found() !== undefined, START_LIMIT).catch((error: unknown) => {
      throw new Error(`${String(error)}\nThe simulator and the bot wrote:\n${this.output}`, { cause: error });
    });
    return found() ?? '';
  }

  /** A person writes; gives all that the bot has sent by the time that it has answered. */
  async say(url: string, text: string): Promise<(string | undefined)[]> {
    const { id } = DEMO_PAGE;
    await fetch(`${url}/_sim/say`, { method: 'POST', body: JSON.stringify({ page: id, user: '1', text }) });
    return this.answers(url);
  }

  /** All that the bot has sent. */
  async answers(url: string): Promise<(string | undefined)[]> {
    const thread = await get<{ messages: { from: string; text?: string }[] }>(
      `${url}/_sim/threads/${DEMO_PAGE.id}/1`,
    );
    return thread.messages.filter(({ from }) => from === 'page').map((message) => message.text);
  }
}

export async function get<T>(url: string): Promise<T> {
  return (await (await fetch(url)).json()) as T;
}
