import { setTimeout as wait } from 'node:timers/promises';

/** The warnings of this package that `work` causes. */
export async function warningsOf(work: () => unknown): Promise<string[]> {
  const warnings: string[] = [];
  const others = process.listeners('warning');
  process.removeAllListeners('warning').on('warning', (warning) => warnings.push(String(warning)));
  await work();
  await wait(0);
  process.removeAllListeners('warning');
  for (const listener of others) process.on('warning', listener);
  return warnings.filter((warning) => warning.startsWith('FacebookAttachmentCacheWarning'));
}
