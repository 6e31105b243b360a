/**
 * Tests of a bot in four test runners: `npm run test:runners`. Each has two files, which it runs at the same time and
 * each of which has a simulator of its own. And tests that use the plugin in Jest, which loads modules in its own way.
 * Both packages are as they would be published.
 */
import path from 'node:path';
import { CheckReport } from '../support/processes/check-report';
import { runCommand } from '../support/processes/command';
import { installOwnPackages, reportInstalling } from '../support/processes/own-packages';

const ROOT = path.join(__dirname, '../..');
const TIMEOUT = 120_000;

const JEST = path.join(__dirname, 'node_modules/.bin/jest');

/** How many tests pass, as each runner says it. */
const RUNNERS: readonly { name: string; program: string; args: readonly string[]; passed: RegExp }[] = [
  {
    name: 'Mocha',
    program: path.join(ROOT, 'node_modules/.bin/mocha'),
    args: ['--parallel', '--jobs', '2', 'mocha/*.test.mjs'],
    passed: /4 passing/,
  },
  {
    name: 'node:test',
    program: process.execPath,
    args: ['--test', '--test-reporter', 'tap', 'node-test/choosing.test.mjs', 'node-test/photos.test.mjs'],
    passed: /^# pass 4$/m,
  },
  {
    name: 'Vitest',
    program: path.join(__dirname, 'node_modules/.bin/vitest'),
    args: ['run', '--root', __dirname, '--dir', 'vitest'],
    passed: /Tests\s+4 passed/,
  },
  {
    name: 'Jest',
    program: JEST,
    args: ['--rootDir', 'jest', '--testMatch', '**/*.test.cjs', '--maxWorkers', '2'],
    passed: /Tests:\s+5 passed/,
  },
  {
    name: 'Jest, with the plugin',
    program: process.execPath,
    args: [
      path.join(ROOT, 'simulator/dist/cli.js'),
      ...['--page', '1001:a-token:a-secret', '--port', '0', '--http-port', '0', '--open-windows', '--'],
      ...[JEST, '--rootDir', 'jest-plugin', '--testMatch', '**/*.test.cjs'],
    ],
    passed: /Tests:\s+5 passed/,
  },
];

async function main(): Promise<void> {
  const report = new CheckReport();
  await reportInstalling('The runners', installOwnPackages(__dirname));
  const options = { cwd: ROOT, timeout: TIMEOUT };
  await runCommand('npm', ['run', 'build', '--workspace', 'messenger-platform-simulator'], options);
  await runCommand('npm', ['run', 'build'], options);
  for (const { name, program, args, passed } of RUNNERS) {
    await report.check(name, async () => {
      const { stdout, stderr } = await runCommand(program, args, {
        cwd: __dirname,
        timeout: TIMEOUT,
        env: { NO_COLOR: '1' },
      });
      // Jest writes to stderr.
      if (!passed.test(stdout + stderr)) throw new Error(`Expected ${String(passed)}:\n${stdout}${stderr}`);
    });
  }
  process.exitCode = report.end();
}

void main();
