import { type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import spawn from 'cross-spawn';
import { processGroupOf, processTreeOf } from './command-processes';

/** Milliseconds that a bot has to end after a signal before it is killed. */
const END_TIMEOUT = 10_000;

/** Milliseconds between two looks at whether what the command has started still runs. */
const PAUSE = 100;

/** As shells have it: the command was not found, or could not be run. */
const NOT_FOUND = 127;
const NOT_RUNNABLE = 126;

/**
 * Whether the command gets a process group of its own. It may be `npm start` or `npx …`, which do not pass a signal on
 * to the bot; a signal to the group reaches the bot, too.
 *
 * Not if there is a terminal: Node starts a group together with a session of its own, which has no controlling terminal.
 * Ctrl+C, Ctrl+Z and the end of the terminal would no longer reach the bot. Nor can the group that the terminal has
 * started be signalled instead: besides the simulator it may contain its caller, such as a test. So the processes are
 * looked for there.
 */
const HAS_OWN_GROUP = process.platform !== 'win32' && !process.stdin.isTTY;

/** The bot's command, with the terminal of this process. */
export class BotProcess {
  /** The exit code; for a process that a signal has ended, 128 and the signal's number, as in shells. */
  readonly ended: Promise<number>;
  readonly #child: ChildProcess;

  constructor([program = '', ...args]: readonly string[], env: NodeJS.ProcessEnv) {
    const child = spawn(program, args, { env, stdio: 'inherit', detached: HAS_OWN_GROUP });
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

  /**
   * Waits for the end of the command, and of all that it has started, after `signal`, which this process has been sent
   * or which is the reason to restart it.
   */
  async stop(signal: NodeJS.Signals): Promise<number> {
    const processes = HAS_OWN_GROUP ? processGroupOf(this.#child) : await processTreeOf(this.#child);
    // Ctrl+C in a terminal reaches the bot, too; once more, it might keep it from ending in order.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) processes.signal(signal);
    const killAt = performance.now() + END_TIMEOUT;
    const kill = setTimeout(() => {
      processes.signal('SIGKILL');
    }, END_TIMEOUT);
    try {
      const code = await this.ended;
      // A bot may need longer than the shell that has started it, and holds its port until then.
      while (performance.now() < killAt && (await processes.areRunning())) await delay(PAUSE);
      return code;
    } finally {
      clearTimeout(kill);
    }
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOENT' ? 'there is no such program' : message;
}
