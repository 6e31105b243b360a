import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { Simulator } from 'messenger-platform-simulator';

/** Waits until something holds; the machine may be busy, so the limit is generous. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limit = 20_000,
): Promise<void> {
  const end = performance.now() + limit;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Not within ${limit} ms: ${what}`);
    await wait(10);
  }
}

/** Fails, instead of waiting for ever, when something takes longer than it may. */
export async function inTime<T>(what: string, work: Promise<T>, limit: number): Promise<T> {
  const timer = new AbortController();
  const late = wait(limit, undefined, { signal: timer.signal }).then((): never => {
    throw new Error(`Not within ${limit} ms: ${what}`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

/** How many calls carried a file, or had the platform fetch an address: how often the content went up. */
export function countUploads(sim: Simulator): number {
  const { byPurpose } = sim.totals();
  const uploads = ['upload-file', 'upload-url', 'send-file', 'send-url'] as const;
  return uploads.reduce((sum, purpose) => sum + (byPurpose[purpose] ?? 0), 0);
}

/**
 * Collects what would end a process, rejections that nobody handles and errors that nobody catches, and the warnings
 * that listeners leak or that one of ours threw.
 */
export function watchProcess(): { stop(): Promise<unknown[]> } {
  const found: unknown[] = [];
  const add = (problem: unknown) => {
    found.push(problem);
  };
  const addWarning = (warning: Error) => {
    if (/MaxListeners|FacebookAttachmentCache/.test(warning.name)) found.push(warning);
  };
  const fatal = ['unhandledRejection', 'uncaughtException'] as const;
  // Mocha listens too, and would blame whichever test is running.
  const others = fatal.map((name) => process.listeners(name as 'uncaughtException'));
  for (const name of fatal) process.removeAllListeners(name).on(name, add);
  process.on('warning', addWarning);
  return {
    stop: async () => {
      // Node tells of a rejection once all that is ready has run.
      await wait(0);
      process.off('warning', addWarning);
      for (const [index, name] of fatal.entries()) {
        process.off(name, add);
        for (const listener of others[index] ?? []) process.on(name as 'uncaughtException', listener);
      }
      return found;
    },
  };
}

/** A port that nobody listens at. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
