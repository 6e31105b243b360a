import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { DEPENDENCIES, PICTURE } from '../package/bots';
import { install, pack } from '../package/packed';
import { PLUGIN, SIMULATOR } from '../package/packages';

const BOTS = path.join(__dirname, '../package/bots');

/**
 * A folder with both packages installed as they would be published, and bots that use the plugin.
 *
 * @returns The bots, in CommonJS and as an ES module.
 */
export async function createBuiltBot(folder: string): Promise<string[]> {
  const manifest = { name: 'bot', private: true, allowScripts: { 'botbuilder-dialogs': false } };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  const plugin = await pack(PLUGIN, folder);
  const simulator = await pack(SIMULATOR, folder);
  await install(folder, [...DEPENDENCIES, plugin.tarball, simulator.tarball]);
  await mkdir(path.join(folder, 'pictures'));
  await copyFile(PICTURE, path.join(folder, 'pictures', path.basename(PICTURE)));
  const bots = ['commonjs.cjs', 'es-module.mjs'];
  for (const bot of bots) await copyFile(path.join(BOTS, bot), path.join(folder, bot));
  return bots;
}
