import { type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import spawn from 'cross-spawn';

/** Milliseconds that a bot has to end after a signal before it is killed. */
const END_TIMEOUT = 10_000;

/** As shells have it: the command was not found, or could not be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/** The bot's command, with the terminal of this process. */
export class BotProcess {
  /** The exit code; for a process that a signal has ended, 128 and the signal's number, as in shells. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;

  constructor([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv) {
    const child = spawn(program, args, { env, stdio: 'inherit' });
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
      });
      child.once('error', (error: NodeJS.ErrnoException) => {
        // An error may also mean that a signal could not be sent to a process that runs.
        if (child.pid !== undefined) return;
        console.error(`Cannot start "${program}": ${reasonOf(error)}`);
        resolve(error.code === 'ENOENT' ? NOT_FOUND : NOT_RUNNABLE);
      });
    });
  }

  /** Waits for its end after `signal`, which this process has been sent or which is the reason to restart it. */
  async stop(signal: NodeJS.Signals): Promise<number> {
    // Ctrl+C in a terminal reaches the bot, too; once more, it might keep it from ending in order.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) this.#child.kill(signal);
    const kill = setTimeout(() => this.#child.kill('SIGKILL'), END_TIMEOUT);
    try {
      return await this.ended;
    } finally {
      clearTimeout(kill);
    }
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'there is no such program' : message;
}
