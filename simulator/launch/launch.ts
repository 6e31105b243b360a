import { once } from 'node:events';
import { type SimulatorOperations } from '../control/operations';
import { BotProcess } from './bot-process';
import { confirmWebhook, type WebhookToConfirm } from './confirm-webhook';
import { type SourceWatcher, watchSources } from './watch';

export interface LaunchOptions {
  /** The program and its arguments. */
  command: readonly string[];
  env: NodeJS.ProcessEnv;
  webhook: WebhookToConfirm;
  /** A folder: when source files in it change, the bot is restarted. */
  watch: string | undefined;
  /** Takes a line for whoever runs the bot. */
  report: (line: string) => void;
  /** The bot has confirmed its webhook for the first time. If it resolves with a number, there is no more to do. */
  onReady: () => Promise<number | undefined>;
  /** Ends the bot. Its reason is the exit code. */
  stop?: AbortSignal | undefined;
}

type Event = { ended: number } | { signal: NodeJS.Signals } | { changed: string } | { done: number };

/**
 * Runs a bot against the simulator until it ends or `onReady` has no more to do; with `watch`, until this process is
 * told to end.
 *
 * @returns The bot's exit code.
 */
export async function launch(simulator: SimulatorOperations, options: LaunchOptions): Promise<number> {
  const { command, env, report } = options;
  const closing = new AbortController();
  const signalled = nextSignal(closing.signal).then((signal) => ({ signal }));
  const watcher = options.watch === undefined ? undefined : await watchSources(options.watch);
  let isReady = false;
  let finish: (event: Event) => void;
  const done = new Promise<Event>((resolve) => (finish = resolve));
  options.stop?.addEventListener('abort', () => {
    finish({ done: Number(options.stop?.reason) });
  });
  const confirm = async (signal: AbortSignal) => {
    const confirmed = await confirmWebhook(simulator, options.webhook, report, signal);
    if (!confirmed || isReady) return;
    isReady = true;
    const code = await options.onReady();
    if (code !== undefined) finish({ done: code });
  };
  try {
    for (let changed = nextChange(watcher); ; changed = nextChange(watcher)) {
      const bot = new BotProcess(command, env);
      const leaving = new AbortController();
      const confirming = confirm(leaving.signal);
      const ended = bot.ended.then((code) => ({ ended: code }));
      let event: Event = await Promise.race([ended, signalled, changed, done]);
      leaving.abort();
      if ('ended' in event && watcher) {
        report(`The bot has ended with exit code ${event.ended}. It is started again when a file changes.`);
      } else if ('ended' in event && event.ended !== 0) {
        report(`The bot has ended with exit code ${event.ended}.`);
      }
      // Also a command that has ended: it may have left a process behind, which would hold the bot's port.
      const code = await bot.stop('signal' in event ? event.signal : 'SIGTERM');
      if ('ended' in event && watcher) event = await Promise.race([signalled, changed]);
      await confirming;
      if ('done' in event) return event.done;
      if (!('changed' in event)) return code;
      report(`${event.changed} has changed: the bot is started again.`);
    }
  } finally {
    closing.abort();
    await watcher?.close();
  }
}

/** Never, without a watcher. */
async function nextChange(watcher: SourceWatcher | undefined): Promise<Event> {
  return watcher ? { changed: await watcher.next() } : new Promise(() => undefined);
}

/** Signals do not end this process until `closed`. */
async function nextSignal(closed: AbortSignal): Promise<NodeJS.Signals> {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  return Promise.race(
    signals.map(async (signal) => {
      await once(process, signal, { signal: closed });
      return signal;
    }),
  );
}
