import { randomFillSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

const MB = 1024 * 1024;

/** The most that Messenger takes. */
export const BIG = 25 * MB;
export const STORM = 5 * MB;

export const BIG_FILES = Array.from({ length: 8 }, (_, index) => `big-${index}.mp4`);

/** Files of noise: nothing but their size and their names' endings matters. */
export async function makeAssets(folder: string): Promise<void> {
  await mkdir(folder);
  const write = (name: string, size: number): Promise<void> =>
    writeFile(path.join(folder, name), randomFillSync(Buffer.allocUnsafe(size)));
  await write('tom.png', 5_000);
  await write('storm.mp4', STORM);
  for (const name of BIG_FILES) await write(name, BIG);
}
