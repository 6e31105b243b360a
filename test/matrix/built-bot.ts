import { copyFile, mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { PICTURE } from '../package/bots';
import { runCommand } from '../support/command';

const ROOT = path.join(__dirname, '../..');

const BOTS = path.join(ROOT, 'test/package/bots');

/**
 * Builds the plugin into a folder that is a package of its name, so that a bot in it gets the build when it asks for
 * the plugin.
 *
 * @returns The bots in it, in CommonJS and as an ES module.
 */
export async function createBuiltBot(folder: string): Promise<string[]> {
  const outDir = path.join(folder, 'dist');
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
  await runCommand(tsc, ['-p', 'tsconfig.build.json', '--outDir', outDir], { cwd: ROOT, timeout: 120_000 });
  await copyFile(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
  await mkdir(path.join(folder, 'pictures'));
  await copyFile(PICTURE, path.join(folder, 'pictures', path.basename(PICTURE)));
  const bots = ['commonjs.cjs', 'es-module.mjs'];
  for (const bot of bots) await copyFile(path.join(BOTS, bot), path.join(folder, bot));
  return bots;
}
