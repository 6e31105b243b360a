import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * A package that need not be installed: the bot's own copy, found from `folder`, or else the one beside this tool,
 * which may have been installed elsewhere.
 *
 * @returns Undefined: it is not installed.
 * @throws What it throws itself when it is loaded, for example for want of a binary.
 */
export function loadPackage(name: string, folder: string): unknown {
  for (const origin of [path.join(folder, 'from-here.js'), __filename]) {
    const require = createRequire(origin);
    try {
      return require(name);
    } catch (error) {
      if (!isMissing(error, name)) throw error;
    }
  }
  return undefined;
}

/** Not if it is there, and something that it needs is not. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as NodeJS.ErrnoException;
  return code === 'MODULE_NOT_FOUND' && message.includes(`'${name}'`);
}
