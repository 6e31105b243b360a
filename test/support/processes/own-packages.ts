import { stat } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from './command';

/** Installing may have to compile. */
const INSTALL_TIMEOUT = 900_000;

/**
 * Installs what the `package-lock.json` of a folder says, if that has not been done since it was written: packages
 * that one suite alone needs, and that an install of the project shall not wait for.
 *
 * @returns Whether there was anything to do.
 */
export async function installOwnPackages(folder: string): Promise<boolean> {
  const [wanted, installed] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map((file) =>
      stat(path.join(folder, file)).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  );
  if (installed !== undefined && wanted !== undefined && installed > wanted) return false;
  await runCommand('npm', ['ci', '--prefer-offline'], { cwd: folder, timeout: INSTALL_TIMEOUT });
  return true;
}

/** Prints how long an install took. */
export async function reportInstalling(what: string, installing: Promise<boolean>): Promise<void> {
  const begun = performance.now();
  const isNew = await installing;
  const seconds = ((performance.now() - begun) / 1000).toFixed(0);
  console.log(isNew ? `${what} took ${seconds} s to install.` : `${what} had been installed before.`);
}
