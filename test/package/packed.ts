import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { runCommand } from '../support/processes/command';
import type { Note } from '../support/processes/check-report';
import type { PublishedPackage } from './packages';

export const ROOT = path.join(__dirname, '../..');

const TIMEOUT = 120_000;

/** The part of `npm pack --json` that is used. */
interface PackReport {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string }[];
}

export interface Packed {
  readonly published: PublishedPackage;
  readonly tarball: string;
  /** Bytes. */
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly string[];
}

/** Builds and packs. */
export async function pack(published: PublishedPackage, folder: string): Promise<Packed> {
  const { stdout } = await runCommand('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: path.join(ROOT, published.folder),
    timeout: TIMEOUT,
  });
  // What the build prints comes first.
  const [report] = JSON.parse(stdout.slice(stdout.indexOf('[\n'))) as PackReport[];
  assert.ok(report, 'npm pack reported nothing');
  const { filename, size, unpackedSize, files } = report;
  return {
    published,
    tarball: path.join(folder, filename),
    size,
    unpackedSize,
    files: files.map((file) => file.path),
  };
}

export function checkSize({ published: { limits }, size, unpackedSize }: Packed, note: Note): void {
  note(`${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`);
  assertAtMost(size, limits.tarball, 'bytes packed');
  assertAtMost(unpackedSize, limits.unpacked, 'bytes unpacked');
}

export function checkFiles({ published, files }: Packed, note: Note): void {
  const others = files.filter((file) => !/^dist\/.*\.(js|d\.ts)$/.test(file));
  assert.deepEqual(others.sort(), published.otherFiles, 'files beside code and types');
  note(`${files.length}`);
}

/** https://publint.dev/rules */
export async function lintPackage(tarball: string): Promise<void> {
  await runTool('publint', ['run', tarball, '--strict', '--level', 'suggestion']);
}

/** https://arethetypeswrong.github.io */
export async function lintTypes(tarball: string): Promise<void> {
  await runTool('attw', [tarball]);
}

/** Installs the tarball alone: optional peers, such as Botkit, do not come with it. */
export async function installAlone(
  { published: { name: ownName, limits }, tarball }: Packed,
  folder: string,
  note: Note,
): Promise<void> {
  const manifest = { name: 'alone', private: true, devDependencies: { '@types/node': '20' } };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  await install(folder, [tarball]);
  const modules = path.join(folder, 'node_modules');
  const lock = JSON.parse(await readFile(path.join(modules, '.package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const brought = Object.entries(lock.packages)
    .filter(([name, { dev = false }]) => !dev && name !== `node_modules/${ownName}`)
    .map(([name]) => name);
  const sizes = await Promise.all(
    brought.map(async (name) => ({ name, bytes: await sizeOf(path.join(folder, name), 'node_modules') })),
  );
  const bytes = sizes.reduce((sum, one) => sum + one.bytes, 0);
  const largest = sizes
    .sort((one, other) => other.bytes - one.bytes)
    .slice(0, 3)
    .map((one) => `${path.relative('node_modules', one.name)} ${kilobytes(one.bytes)}`);
  note(`${brought.length} packages, ${kilobytes(bytes)}; the largest: ${largest.join(', ')}`);
  assertAtMost(brought.length, limits.packages, 'packages brought along');
  assertAtMost(bytes, limits.brought, 'bytes brought along');
}

/** Everything that the package needs at run time is among what it declares, and both kinds of module see it all. */
export async function loadAlone(
  { name, mainExport }: PublishedPackage,
  folder: string,
  note: Note,
): Promise<void> {
  const options = { cwd: folder, timeout: TIMEOUT };
  const names = `(module) => console.log(JSON.stringify(Object.keys(module).sort()))`;
  const required = await runCommand('node', ['-e', `(${names})(require('${name}'))`], options);
  const imported = await runCommand(
    'node',
    ['--input-type=module', '-e', `(${names})(await import('${name}'))`],
    options,
  );
  const exported = JSON.parse(required.stdout) as string[];
  const seen = new Set(JSON.parse(imported.stdout) as string[]);
  assert.ok(exported.includes(mainExport));
  assert.deepEqual(
    exported.filter((name) => !seen.has(name)),
    [],
    'names that an ES module cannot import',
  );
  note(exported.join(', '));
}

/** The types hold by themselves: nothing they mention is missing or contradicts another's types. */
export async function checkTypesAlone({ name }: PublishedPackage, folder: string): Promise<void> {
  await writeFile(path.join(folder, 'alone.ts'), `export * from '${name}';\n`);
  await writeFile(
    path.join(folder, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        target: 'es2022',
        lib: ['es2023'],
        module: 'nodenext',
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        skipLibCheck: false,
        noEmit: true,
      },
      files: ['alone.ts'],
    }),
  );
  await compile(folder);
}

export async function install(folder: string, args: readonly string[]): Promise<void> {
  await runCommand('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...args], {
    cwd: folder,
    timeout: TIMEOUT,
  });
}

/** With this project's TypeScript. */
export async function compile(folder: string): Promise<void> {
  await runTool('tsc', ['-p', folder]);
}

async function runTool(name: string, args: readonly string[]): Promise<void> {
  const tool = path.join(ROOT, 'node_modules/.bin', name);
  await runCommand(tool, args, { cwd: ROOT, timeout: TIMEOUT });
}

async function sizeOf(folder: string, except: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.name !== except)
    .map(async (entry) => {
      const full = path.join(folder, entry.name);
      return entry.isDirectory() ? sizeOf(full, except) : (await stat(full)).size;
    });
  return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
}

function assertAtMost(value: number, most: number, what: string): void {
  assert.ok(value <= most, `${value} ${what}, and the limit is ${most}`);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}
