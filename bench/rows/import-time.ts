import { execFile } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { median } from '../measure/contest';
import type { Row } from '../row';

const execute = promisify(execFile);

/** How long a bot's `import` takes with the package and without, each in a fresh Node. */
export const row: Row = async (bench) => {
  const rounds = bench.size(11, 1);
  const built = pathToFileURL(path.join(bench.built, 'index.js')).href;
  const alone: number[] = [];
  const together: number[] = [];
  await importTime(['botkit', built]);
  for (let round = 0; round < rounds; round++) {
    together.push(await importTime(['botkit', built]));
    alone.push(await importTime(['botkit']));
  }
  return [
    {
      what: '`import` of botkit and the package',
      against: '`import` of botkit alone',
      measured: median(together.map((ms, round) => ms / (alone[round] ?? NaN))),
      unit: 'times',
      goal: { atMost: 1.05 },
      details: { 'together ms': median(together), 'botkit ms': median(alone) },
    },
  ];
};

async function importTime(specifiers: readonly string[]): Promise<number> {
  const imports = specifiers.map((specifier) => `await import(${JSON.stringify(specifier)});`).join(' ');
  const program = `const begun = performance.now(); ${imports} console.log(performance.now() - begun); process.exit();`;
  const args = ['--input-type=module', '--eval', program];
  // Botkit speaks of deprecations; only the last line is ours.
  const { stdout } = await execute(process.execPath, args, { cwd: __dirname, timeout: 30_000 });
  return Number(stdout.trim().split('\n').at(-1));
}
