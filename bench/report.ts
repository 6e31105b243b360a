import { readFile, writeFile } from 'node:fs/promises';
import { availableParallelism, cpus, release, totalmem, type } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import type { Line } from './row';

/** What became of a row. */
export interface RowResult {
  readonly name: string;
  readonly lines: readonly Line[];
  readonly skipped?: string;
  /** Something was wrong: no timing is an error. */
  readonly error?: string;
  readonly seconds: number;
}

const WIDTHS = [58, 48, 12, 12, 8];

/** Whether it still runs is all that a smoke run tells. */
export function printSmoke({ name, skipped, error, seconds }: RowResult): void {
  const fate = error ?? (skipped === undefined ? 'runs' : `skipped, ${skipped}`);
  console.log(`${name}: ${fate} (${seconds.toFixed(0)} s)`);
}

export function printSmokeSummary(results: readonly RowResult[], failed: number): void {
  const ran = results.filter(({ skipped, error }) => skipped === undefined && error === undefined).length;
  console.log(`\n${ran} passed, ${failed} failed`);
}

export function printLines({ name, lines, skipped, error, seconds }: RowResult): void {
  if (skipped !== undefined) console.log(`${name}: skipped, ${skipped}`);
  if (error !== undefined) console.log(`${name}: WRONG, ${error}`);
  for (const line of lines) {
    console.log(columns([line.what, line.against, figure(line), goalOf(line), verdictOf(line)]));
    console.log(`    ${inspectDetails(line)}`);
  }
  console.log(`    in ${seconds.toFixed(0)} s\n`);
}

export function printSummary(results: readonly RowResult[]): void {
  const verdicts = results.flatMap(({ lines }) => lines.map(verdictOf));
  const count = (verdict: string): number => verdicts.filter((one) => one === verdict).length;
  const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
  console.log(`\n${count('yes')} goals reached, ${count('no')} not, in ${seconds.toFixed(0)} s of measuring`);
}

/** For readers and for programs: the table in README.md, and results.json. */
export async function saveResults(results: readonly RowResult[]): Promise<void> {
  await saveTable(results);
  await saveFigures(results);
}

async function saveTable(results: readonly RowResult[]): Promise<void> {
  const rows = results.flatMap(({ name, lines, skipped }) =>
    skipped === undefined
      ? lines.map((line) => [line.what, line.against, figure(line), goalOf(line), verdictOf(line)])
      : [[name, `skipped: ${skipped}`, '', '', '']],
  );
  const head = ['what', 'against', 'measured', 'to reach', 'reached'];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
  const file = path.join(__dirname, 'README.md');
  const readme = await readFile(file, 'utf8');
  await writeFile(
    file,
    readme.replace(/(?<=## The last table\n\n)(\|.*\n)+/, () => table),
  );
}

async function saveFigures(results: readonly RowResult[]): Promise<void> {
  const machine = {
    cpu: cpus()[0]?.model.trim(),
    cores: availableParallelism(),
    memoryGB: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
  };
  const report = {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    machine,
    rows: results.map(({ name, lines, skipped }) => ({
      name,
      ...(skipped !== undefined && { skipped }),
      lines: lines.map((line) => ({
        ...line,
        measured: round(line.measured),
        reached: verdictOf(line),
        details: Object.fromEntries(Object.entries(line.details).map(([key, value]) => [key, round(value)])),
      })),
    })),
  };
  await writeFile(path.join(__dirname, 'results.json'), `${JSON.stringify(report, undefined, 2)}\n`);
}

function columns(texts: readonly string[]): string {
  return texts.map((text, index) => text.padEnd(WIDTHS[index] ?? 0)).join(' ');
}

function figure({ measured, unit }: Line): string {
  return `${measured.toFixed(unit === 'times' ? 2 : 1)} ${unit}`;
}

function goalOf({ goal }: Line): string {
  if (!goal) return 'report';
  return 'atMost' in goal ? `at most ${goal.atMost}` : `at least ${goal.atLeast}`;
}

/** To the precision that the goal is given in. */
function verdictOf({ goal, measured }: Line): string {
  if (!goal) return '-';
  const rounded = Number(measured.toFixed(2));
  return ('atMost' in goal ? rounded <= goal.atMost : rounded >= goal.atLeast) ? 'yes' : 'no';
}

function inspectDetails({ details }: Line): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${inspect(round(value), { numericSeparator: true })}`)
    .join(', ');
}

function round(value: number): number {
  return Number(value.toPrecision(4));
}
