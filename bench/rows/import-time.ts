import { execFile } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { median, medianRatio } from '../measure/contest';
import type { Row } from '../row';

const execute = promisify(execFile);

/** Milliseconds since the start, when botkit was there and when the package was there, too. */
const PROGRAM = `
  const begun = performance.now();
  await import('botkit');
  const alone = performance.now() - begun;
  await import(process.env.PACKAGE);
  const together = performance.now() - begun;
  console.log(JSON.stringify({ alone, together }));
  process.exit();
`;

interface ImportTimes {
  readonly alone: number;
  readonly together: number;
}

/** How long a bot's `import` takes with the package and without, in a fresh Node each time. */
export const row: Row = async (bench) => {
  const rounds = bench.size(11, 1);
  const built = pathToFileURL(path.join(bench.built, 'index.js')).href;
  const taken: ImportTimes[] = [];
  await importTimes(built);
  while (taken.length < rounds) taken.push(await importTimes(built));
  const together = taken.map((times) => times.together);
  const alone = taken.map((times) => times.alone);
  return [
    {
      what: '`import` of botkit and the package',
      against: '`import` of botkit alone',
      measured: medianRatio(together, alone),
      unit: 'times',
      goal: { atMost: 1.05 },
      details: { 'together ms': median(together), 'botkit ms': median(alone) },
    },
  ];
};

async function importTimes(built: string): Promise<ImportTimes> {
  const { stdout } = await execute(process.execPath, ['--input-type=module', '--eval', PROGRAM], {
    cwd: __dirname,
    env: { ...process.env, PACKAGE: built },
    timeout: 30_000,
  });
  // Botkit speaks of deprecations; only the last line is ours.
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as ImportTimes;
}
