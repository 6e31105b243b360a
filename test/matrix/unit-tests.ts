import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runCommand } from '../support/processes/command';
import type { Note } from '../support/processes/check-report';
import type { NodeVersion } from './node-versions';

const ROOT = path.join(__dirname, '../..');

const RUN_TIMEOUT = 300_000;

/** The part of what mocha's JSON reporter writes that is used. */
interface MochaResult {
  readonly stats: { readonly passes: number; readonly pending: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: { readonly message?: string } }[];
}

/** Runs the unit tests, and those of the plugin and its deliveries, on a version of Node. */
export async function runUnitTests({ node, runnerOptions = '' }: NodeVersion, note: Note): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'unit-tests-'));
  const output = path.join(folder, 'result.json');
  try {
    const args = [
      'node_modules/mocha/bin/mocha.js',
      '--no-config',
      '--no-package',
      '--node-option',
      'import=tsx',
    ];
    args.push('--forbid-only', '--timeout', '20000');
    args.push('--reporter', 'json', '--reporter-option', `output=${output}`);
    args.push('test/unit/**/*.test.ts', 'test/bot/{delivery,plugin}/**/*.test.ts');
    const run = runCommand(node, args, {
      cwd: ROOT,
      timeout: RUN_TIMEOUT,
      env: { NODE_OPTIONS: runnerOptions },
    });
    // A failed test makes a failed run; what it wrote tells more, unless it did not come to that.
    const [outcome] = await Promise.allSettled([run]);
    const result = await readFile(output, 'utf8').catch(() => undefined);
    if (result !== undefined) judge(JSON.parse(result) as MochaResult, note);
    if (outcome.status === 'rejected') throw outcome.reason as Error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function judge({ stats, failures }: MochaResult, note: Note): void {
  const { passes, pending } = stats;
  const list = failures.map(({ fullTitle, err }) => `  ${fullTitle}: ${firstLine(err.message)}`);
  if (list.length > 0) assert.fail([`${list.length} failed`, ...list].join('\n'));
  assert.ok(passes > 0, 'there were no tests');
  note(`${passes} passed${pending > 0 ? `, ${pending} skipped` : ''}`);
}

function firstLine(text = ''): string {
  return text.split('\n', 1)[0] ?? '';
}
