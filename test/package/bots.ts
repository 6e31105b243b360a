import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PageOptions, Simulator } from 'messenger-platform-simulator';
import { runCommand } from '../support/processes/command';
import type { Note } from '../support/processes/check-report';
import { compile, install } from './packed';

export const PICTURE = path.join(__dirname, '../../example-bot/assets/paw.png');

export const PAGE: PageOptions = { id: '1001', token: 'TOKEN-OF-PAGE-1001', secret: 'SECRET-OF-THE-APP' };

/** What a bot's author is told to install. */
export const DEPENDENCIES = ['botkit', 'botbuilder-adapter-facebook', 'request@npm:@cypress/request@3'];

/** What a bot in TypeScript needs besides. It makes a Keyv of its own. */
const TYPED_DEPENDENCIES = ['keyv@5', '@types/node@20'];

/** A bot as somebody might write it. */
export interface BotKind {
  readonly name: string;
  readonly source: 'commonjs.cjs' | 'es-module.mjs' | 'typed.ts' | 'without-botkit.ts';
  /** Of its package.json. */
  readonly type: 'commonjs' | 'module';
  /** Of its tsconfig.json. */
  readonly module?: 'node16' | 'nodenext';
}

/** Those of a group install the same packages, so they do it once. */
export const BOT_GROUPS: readonly {
  readonly dependencies: readonly string[];
  readonly kinds: readonly BotKind[];
}[] = [
  {
    dependencies: DEPENDENCIES,
    kinds: [
      { name: 'CommonJS JavaScript', source: 'commonjs.cjs', type: 'commonjs' },
      { name: 'ES module JavaScript', source: 'es-module.mjs', type: 'module' },
    ],
  },
  {
    dependencies: [...DEPENDENCIES, ...TYPED_DEPENDENCIES],
    kinds: [
      { name: 'CommonJS TypeScript (node16)', source: 'typed.ts', type: 'commonjs', module: 'node16' },
      { name: 'ES module TypeScript (nodenext)', source: 'typed.ts', type: 'module', module: 'nodenext' },
    ],
  },
  {
    // Neither Botkit nor its adapter.
    dependencies: TYPED_DEPENDENCIES,
    kinds: [
      { name: 'TypeScript without Botkit', source: 'without-botkit.ts', type: 'module', module: 'nodenext' },
    ],
  },
];

/** What a bot prints when it is done. */
interface BotReport {
  readonly stats: Record<string, number>;
  readonly errors?: readonly unknown[];
  readonly sends?: readonly unknown[];
}

/** What bots need, with the packed plugin, in an empty folder. */
export async function installForBots(
  dependencies: readonly string[],
  tarball: string,
  folder: string,
): Promise<void> {
  await mkdir(folder);
  const manifest = { name: 'bots', private: true, allowScripts: { 'botbuilder-dialogs': false } };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  await install(folder, [...dependencies, tarball]);
}

/** A new bot in a folder inside that in which its packages are installed. */
export async function createBot(kind: BotKind, folder: string): Promise<void> {
  await mkdir(path.join(folder, 'pictures'), { recursive: true });
  await copyFile(PICTURE, path.join(folder, 'pictures/paw.png'));
  const manifest = { name: 'bot', private: true, type: kind.type };
  await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
  const source = path.join(__dirname, 'bots', kind.source);
  if (kind.module === undefined) {
    await cp(source, path.join(folder, 'bot.js'));
    return;
  }
  await cp(source, path.join(folder, 'bot.ts'));
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2023'],
    module: kind.module,
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    esModuleInterop: true,
    // Botkit's own dependencies have mistakes in their types.
    skipLibCheck: true,
  };
  await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['bot.ts'] }));
  await compile(folder);
}

export interface SendOptions {
  readonly folder: string;
  /** The program. Default: the Node that is in use. */
  readonly node?: string;
  /** Default: bot.js */
  readonly bot?: string;
  readonly user: string;
  readonly note: Note;
}

/** The bot sends its picture to `user`, by a saved ID, and then ends by itself. */
export async function sendPicture(
  sim: Simulator,
  { folder, node = process.execPath, bot = 'bot.js', user, note }: SendOptions,
): Promise<void> {
  const ca = path.join(folder, 'ca.pem');
  await writeFile(ca, sim.ca);
  sim.openWindow({ page: PAGE.id, user });
  const { stdout, stderr } = await runCommand(node, [bot], {
    cwd: folder,
    timeout: 30_000,
    env: {
      NODE_EXTRA_CA_CERTS: ca,
      API_HOST: sim.host,
      PAGE: PAGE.id,
      PAGE_TOKEN: PAGE.token,
      APP_SECRET: PAGE.secret,
      USER_ID: user,
    },
  });
  const { stats, errors, sends } = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as BotReport;
  const { messages } = sim.thread(PAGE.id, user);
  const arrived = messages.flatMap(({ attachments }) => attachments);
  assert.notEqual(arrived.length, 0, `nothing arrived; the bot wrote:\n${stderr}`);
  const sha256 = createHash('sha256')
    .update(await readFile(PICTURE))
    .digest('hex');
  assert.deepEqual(
    arrived.map((attachment) => ({
      type: attachment.type,
      name: attachment.name,
      sha256: attachment.sha256,
    })),
    [{ type: 'image', name: 'paw.png', sha256 }],
  );
  assert.ok(arrived[0]?.attachmentId, 'it was not sent by an ID');
  assert.equal(stats.sendsById, 1);
  if (sends) assert.deepEqual(sends, ['id']);
  if (errors) assert.deepEqual(errors, ['ERR_ATTACHMENT_NOT_FOUND']);
  note(`arrived once, sha256 ${sha256.slice(0, 12)}…`);
}
