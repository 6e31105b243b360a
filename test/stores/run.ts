/**
 * What each kind of store does for bots: `npm run test:stores`, or some of its suites: `npm run test:stores -- fleet`.
 * The servers are those of REDIS_URL, POSTGRES_URL and MYSQL_URL; whatever is not there is skipped, unless
 * REQUIRE_STORES is set.
 */
import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { installNodeVersions, NODE_VERSIONS } from '../matrix/node-versions';
import { installOwnPackages, reportInstalling } from '../support/processes/own-packages';
import { TYPESCRIPT } from '../support/processes/typescript';
import type { Counts } from './mocha';

const SUITES = ['stores', 'broadcast', 'fleet', 'newer'] as const;

const TIMEOUT = 45 * 60 * 1000;

async function main(): Promise<void> {
  const names = process.argv.slice(2);
  const unknown = names.find((name) => !SUITES.some((suite) => suite === name));
  if (unknown !== undefined) throw new Error(`There is no suite "${unknown}", only ${SUITES.join(', ')}`);
  await reportInstalling('The adapters', installOwnPackages(__dirname));
  const compiled = existsSync(path.join(__dirname, 'node_modules/sqlite3/build/Release/obj.target'));
  console.log(`SQLite’s driver was ${compiled ? 'compiled here' : 'fetched as a prebuilt binary'}.`);
  const all: Counts[] = [];
  for (const suite of names.length > 0 ? names : SUITES) {
    all.push(
      await runFile(`${suite}.test.ts`, suite === 'newer' ? await installNewerNode() : process.execPath),
    );
  }
  const sum = (name: keyof Counts): number => all.reduce((total, counts) => total + counts[name], 0);
  console.log(`${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
  process.exitCode = sum('failed') > 0 ? 1 : 0;
}

/** Keyv 6 needs Node 22. */
async function installNewerNode(): Promise<string> {
  await reportInstalling('Node 22', installNodeVersions());
  return NODE_VERSIONS.find(({ name }) => name === '22')?.node ?? process.execPath;
}

/** A run that ends without its counts counts as one that failed. */
async function runFile(file: string, node: string): Promise<Counts> {
  const child = fork(path.join(__dirname, 'mocha.ts'), [path.join(__dirname, file)], {
    execPath: node,
    execArgv: [...TYPESCRIPT],
    timeout: TIMEOUT,
  });
  let counts: Counts = { passed: 0, failed: 1, skipped: 0 };
  child.on('message', (message) => {
    counts = message as Counts;
  });
  return new Promise((resolve) => {
    child.once('exit', () => {
      resolve(counts);
    });
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
