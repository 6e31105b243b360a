import { setTimeout as wait } from 'node:timers/promises';

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
