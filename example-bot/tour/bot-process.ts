import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const TIMEOUT = 10_000;

/** The example bot in a process of its own: when it ends, nothing remains but what it has stored. */
export class BotProcess {
  readonly webhook: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, webhook: string) {
    this.#child = child;
    this.webhook = webhook;
  }

  /** Resolves when the bot hears people; `onOutput` gets what it complains about. */
  static async start(
    environment: Record<string, string>,
    onOutput: (complaint: string) => void,
  ): Promise<BotProcess> {
    const child = fork(path.join(__dirname, '..', 'bot.ts'), {
      env: { ...withoutFacebook(process.env), ...environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.stderr?.setEncoding('utf8').on('data', onOutput);
    const [message] = (await Promise.race([once(child, 'message'), failOnExit(child)])) as [
      { webhook: string },
    ];
    return new BotProcess(child, message.webhook);
  }

  /** Lets the bot finish what it is doing, and resolves when its process is gone. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit') as Promise<[code: number | null]>;
    // A bot that cannot end must not keep the tour from ending.
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), TIMEOUT);
    this.#child.disconnect();
    const [code] = await exited;
    clearTimeout(timer);
    if (code !== 0)
      throw new Error(`Expected the bot to end with exit code 0, got ${code ?? 'none: it was stuck'}`);
  }
}

async function failOnExit(child: ChildProcess): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`The bot ended with exit code ${code ?? 'none'} before it could hear anyone`);
}

/** The credentials of a real page are none of the tour's business. */
function withoutFacebook(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('FACEBOOK_')));
}
