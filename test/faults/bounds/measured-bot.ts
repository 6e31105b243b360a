import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { inTime } from '../../support/checks/waiting';
import { TYPESCRIPT } from '../../support/processes/typescript';
import type { Heaps, Orders, Outcome, Request, Sending } from './bot';

const BOT = path.join(__dirname, 'bot.ts');

/** Bytes of a page of memory on Linux, where `/proc` is. */
const PAGE_SIZE = 4_096;
const MB = 1024 * 1024;

/** Milliseconds that a bot may take to start on a busy machine. */
const START = 60_000;

/** What a bot used while it sent. */
export interface Usage extends Outcome {
  /** The most file descriptors that it had open, those of Node itself included. */
  readonly descriptors: number;
  /** The most resident memory beyond what it had before, in MB. */
  readonly memory: number;
  /** What it read, from files and sockets, in MB. */
  readonly read: number;
}

export interface BotSettings {
  /** `ulimit -n` of its process. Default: as it is here. */
  readonly descriptors?: number;
}

/** A bot in a process of its own, whose descriptors and memory are measured from outside. */
export class MeasuredBot {
  readonly #child: ChildProcess;
  readonly #complaints: string[] = [];

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stderr?.on('data', (text: Buffer) => this.#complaints.push(text.toString()));
  }

  static async start(orders: Orders, ca: string, { descriptors }: BotSettings = {}): Promise<MeasuredBot> {
    const limit = descriptors === undefined ? '' : `ulimit -n ${descriptors} && `;
    const program = [process.execPath, '--expose-gc', ...TYPESCRIPT, BOT, JSON.stringify(orders)];
    const child = spawn('sh', ['-c', `${limit}exec "$0" "$@"`, ...program], {
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: ca },
    });
    const bot = new MeasuredBot(child);
    try {
      await bot.#next('its start', START);
    } catch (error) {
      bot.#child.kill('SIGKILL');
      throw error;
    }
    return bot;
  }

  /**
   * Sends, and resolves once all messages are over.
   *
   * @param limit - Milliseconds after which the rest is counted as unfinished.
   */
  async send(sendings: readonly Sending[], limit: number): Promise<Usage> {
    const { stop, usage } = this.#observe();
    try {
      const outcome = (await this.#ask({ ask: 'send', sendings, limit }, limit + START)) as Outcome;
      return { ...outcome, ...usage() };
    } finally {
      stop();
    }
  }

  async sendData(bytes: number, times: number): Promise<Outcome> {
    return (await this.#ask({ ask: 'sendData', bytes, times }, START)) as Outcome;
  }

  async sendManyAssets(assets: number, steps: number): Promise<Heaps> {
    return (await this.#ask({ ask: 'sendManyAssets', assets, steps }, 3 * START)) as Heaps;
  }

  /** Closes the plugin. Resolves with the milliseconds that it took. */
  async close(): Promise<number> {
    return (await this.#ask({ ask: 'close' }, 3 * START)) as number;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  #ask(request: Request, limit: number): Promise<unknown> {
    const answer = this.#next(request.ask, limit);
    this.#child.send(request);
    return answer;
  }

  async #next(what: string, limit: number): Promise<unknown> {
    const end = new AbortController();
    const { signal } = end;
    try {
      const [message] = (await inTime(
        what,
        Promise.race([
          once(this.#child, 'message', { signal }),
          once(this.#child, 'exit', { signal }).then((): never => {
            throw new Error(`The bot ended:\n${this.#complaints.join('').slice(-4_000)}`);
          }),
        ]),
        limit,
      )) as [unknown];
      return message;
    } finally {
      end.abort();
    }
  }

  /** Looks at the process every 20 ms. */
  #observe(): { stop: () => void; usage: () => Pick<Usage, 'descriptors' | 'memory' | 'read'> } {
    const folder = `/proc/${this.#child.pid ?? 0}`;
    const residentMb = (): number => {
      const [, pages = '0'] = readFileSync(`${folder}/statm`, 'utf8').split(' ');
      return (Number(pages) * PAGE_SIZE) / MB;
    };
    const readMb = (): number => {
      const [, bytes = '0'] = /^rchar: (\d+)$/m.exec(readFileSync(`${folder}/io`, 'utf8')) ?? [];
      return Number(bytes) / MB;
    };
    const before = residentMb();
    const readBefore = readMb();
    let descriptors = 0;
    let highest = before;
    const takeSample = (): void => {
      descriptors = Math.max(descriptors, readdirSync(`${folder}/fd`).length);
      highest = Math.max(highest, residentMb());
    };
    const timer = setInterval(takeSample, 20);
    return {
      stop: () => {
        clearInterval(timer);
      },
      usage: () => ({
        descriptors,
        memory: Math.round(highest - before),
        read: Math.round(readMb() - readBefore),
      }),
    };
  }
}
