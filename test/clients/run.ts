/** The simulator with clients of other authors: `npm run test:clients`. Installs them first, if they are not there. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { installOwnPackages, reportInstalling } from '../support/processes/own-packages';

const MOCHA = path.join(__dirname, '../../node_modules/mocha/bin/mocha.js');

async function main(): Promise<number> {
  await reportInstalling('The clients', installOwnPackages(__dirname));
  const mocha = spawn(process.execPath, [MOCHA, path.join(__dirname, '*.test.ts')], { stdio: 'inherit' });
  const [code] = (await once(mocha, 'close')) as [number | null];
  return code ?? 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
