import { copyFile, symlink } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from './command';

const ROOT = path.join(__dirname, '../../..');

/**
 * Builds the plugin into a folder that is a package of its name, so that a program in it gets the build when it asks
 * for the plugin. All else comes from this project.
 */
export async function buildPackage(folder: string): Promise<void> {
  const outDir = path.join(folder, 'dist');
  const tsc = path.join(ROOT, 'node_modules/.bin/tsc');
  await runCommand(tsc, ['-p', 'config/tsconfig.build.json', '--outDir', outDir], {
    cwd: ROOT,
    timeout: 120_000,
  });
  await copyFile(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'));
}
