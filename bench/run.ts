import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from '../test/support/processes/command';
import { makeAssets } from './assets';
import { firstMessage, measureInChild, start } from './in-child';
import type { Listening } from './platform/counts';
import {
  printLines,
  printSmoke,
  printSmokeSummary,
  printSummary,
  saveResults,
  type RowResult,
} from './report';
import type { Line, Scene, Skipped } from './row';

const ROOT = path.join(__dirname, '..');
const ROWS = path.join(__dirname, 'rows');

/** Inside node_modules, so that the built package finds what it requires. */
const BUILDS = path.join(ROOT, 'node_modules/.cache');

async function main(): Promise<void> {
  const { values: options } = parseArgs({
    options: {
      smoke: { type: 'boolean', default: false },
      only: { type: 'string' },
      package: { type: 'string' },
    },
  });
  const names = (await readdir(ROWS)).map((file) => path.parse(file).name).sort();
  const chosen = names.filter((name) => options.only === undefined || name === options.only);
  if (chosen.length === 0) throw new Error(`Expected --only to be one of ${names.join(', ')}`);
  const folder = await mkdtemp(path.join(tmpdir(), 'attachments-bench-'));
  const platform = start(path.join(__dirname, 'platform/server.ts'));
  try {
    const assets = path.join(folder, 'assets');
    const [listening, built] = await Promise.all([
      firstMessage<Listening>(platform),
      options.package ?? build(),
      makeAssets(assets),
    ]);
    const scene: Scene = { platform: listening, assets, built, smoke: options.smoke };
    const results: RowResult[] = [];
    for (const name of chosen) {
      const result = await runRow(name, scene);
      if (options.smoke) printSmoke(result);
      else printLines(result);
      results.push(result);
    }
    const failed = results.filter(isFailure).length;
    if (options.smoke) printSmokeSummary(results, failed);
    else printSummary(results);
    if (!options.smoke && options.only === undefined) await saveResults(results);
    if (failed > 0) process.exitCode = 1;
  } finally {
    platform.disconnect();
    await rm(folder, { recursive: true, force: true });
    if (options.package === undefined) await rm(buildFolder(), { recursive: true, force: true });
  }
}

/** No timing is one. Where every server must be there, what is skipped is one. */
function isFailure({ error, skipped }: RowResult): boolean {
  return error !== undefined || (skipped !== undefined && Boolean(process.env.REQUIRE_STORES));
}

async function runRow(name: string, scene: Scene): Promise<RowResult> {
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1_000;
  try {
    const args = [path.join(ROWS, `${name}.ts`), JSON.stringify(scene)];
    const result = await measureInChild<Line[] | Skipped>(path.join(__dirname, 'child.ts'), args);
    return Array.isArray(result)
      ? { name, lines: result, seconds: seconds() }
      : { name, lines: [], skipped: result.skipped, seconds: seconds() };
  } catch (error) {
    return { name, lines: [], error: String(error), seconds: seconds() };
  }
}

/** What users get is the compiled package, without TypeScript's loader. */
async function build(): Promise<string> {
  const outDir = buildFolder();
  const tsc = path.join(ROOT, 'node_modules/typescript/bin/tsc');
  const args = [tsc, '-p', 'config/tsconfig.build.json', '--declaration', 'false', '--outDir', outDir];
  await runCommand(process.execPath, args, { cwd: ROOT, timeout: 120_000 });
  return outDir;
}

/** Of this run alone. */
function buildFolder(): string {
  return path.join(BUILDS, `attachments-bench-${process.pid}`);
}

void main();
