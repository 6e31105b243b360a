import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { watch } from 'chokidar';

/** What a bot is written in. Files that a bot writes itself, such as a store in JSON, must not restart it. */
const IS_SOURCE = /\.([cm]?[jt]s|[jt]sx|py|php|rb|go|java|kt|cs|fs|rs|ex|exs|env)$/;

/** Installed, built or hidden folders: they change without anybody writing code. */
const IS_IGNORED = /^(\.(?!env$).+|node_modules|vendor|venv|__pycache__|dist|build|target)$/;

/** Milliseconds in which further changes belong to the same one, such as those of a branch that is checked out. */
const SETTLE = 100;

export interface SourceWatcher {
  /** Resolves with the path of a source file, inside the folder, when one has changed. */
  next(): Promise<string>;
  close(): Promise<void>;
}

/** Follows the source files in a folder. */
export async function watchSources(folder: string): Promise<SourceWatcher> {
  const watcher = watch(folder, {
    ignoreInitial: true,
    ignored: (file, stats) => {
      const relative = path.relative(folder, file);
      if (relative.split(path.sep).some((part) => IS_IGNORED.test(part))) return true;
      return stats?.isFile() === true && !IS_SOURCE.test(file);
    },
  });
  await new Promise<void>((resolve, reject) => {
    watcher.once('ready', resolve).once('error', reject);
  });
  return {
    next: async () => {
      const file = await new Promise<string>((resolve) => {
        watcher.once('all', (_event, changed) => {
          resolve(changed);
        });
      });
      await delay(SETTLE);
      return path.relative(folder, file);
    },
    close: () => watcher.close(),
  };
}
