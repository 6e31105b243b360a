import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { PICTURE } from '../package/bots';
import { buildPackage } from '../support/processes/built-package';

const BOTS = path.join(__dirname, '../package/bots');

/**
 * The plugin as it would be published, and bots that use it.
 *
 * @returns The bots, in CommonJS and as an ES module.
 */
export async function createBuiltBot(folder: string): Promise<string[]> {
  await buildPackage(folder);
  await mkdir(path.join(folder, 'pictures'));
  await copyFile(PICTURE, path.join(folder, 'pictures', path.basename(PICTURE)));
  const bots = ['commonjs.cjs', 'es-module.mjs'];
  for (const bot of bots) await copyFile(path.join(BOTS, bot), path.join(folder, bot));
  return bots;
}
