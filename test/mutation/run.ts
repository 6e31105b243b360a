/**
 * Runs the mutation tests: Stryker changes `src/` in one place after the other, and some test has to fail for each
 * change. `npm run test:mutation -- src/graph/retry.ts` does it for that file only. A later run tests only what has
 * changed since.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { installOwnPackages, reportInstalling } from '../support/processes/own-packages';

const PROJECT = path.join(__dirname, '../..');
const STRYKER = path.join(__dirname, 'node_modules/@stryker-mutator/core/bin/stryker.js');
const CONFIG = path.join(__dirname, 'stryker.config.json');

async function main(files: readonly string[]): Promise<number> {
  await reportInstalling('Stryker', installOwnPackages(__dirname));
  const mutate = files.length > 0 ? ['--mutate', files.join(',')] : [];
  const stryker = spawn(process.execPath, [STRYKER, 'run', CONFIG, ...mutate], {
    cwd: PROJECT,
    stdio: 'inherit',
  });
  const [code] = (await once(stryker, 'close')) as [number | null];
  return code ?? 1;
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
