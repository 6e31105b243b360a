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
  /** The bot has confirmed its webhook for the first time. */
  onReady: () => void;
}

type Event = { ended: number } | { signal: NodeJS.Signals } | { changed: string };

/**
 * Runs a bot against the simulator until it ends; with `watch`, until this process is told to end.
 *
 * @returns The bot's exit code.
 */
export async function launch(simulator: SimulatorOperations, options: LaunchOptions): Promise<number> {
  const { command, env, report } = options;
  const closing = new AbortController();
  const signalled = nextSignal(closing.signal).then((signal) => ({ signal }));
  const watcher = options.watch === undefined ? undefined : await watchSources(options.watch);
  let isReady = false;
  const confirm = async (signal: AbortSignal) => {
    const confirmed = await confirmWebhook(simulator, options.webhook, report, signal);
    if (!confirmed || isReady) return;
    isReady = true;
    options.onReady();
  };
  try {
    for (let changed = nextChange(watcher); ; changed = nextChange(watcher)) {
      const bot = new BotProcess(command, env);
      const leaving = new AbortController();
      const confirming = confirm(leaving.signal);
      const ended = bot.ended.then((code) => ({ ended: code }));
      let event: Event = await Promise.race([ended, signalled, changed]);
      leaving.abort();
      if ('ended' in event && watcher) {
        report(`The bot has ended with exit code ${event.ended}. It is started again when a file changes.`);
        event = await Promise.race([signalled, changed]);
      }
      if ('ended' in event && event.ended !== 0) report(`The bot has ended with exit code ${event.ended}.`);
      const code = await bot.stop('signal' in event ? event.signal : 'SIGTERM');
      await confirming;
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
