import { statSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ATTACHMENT_TYPES, isAttachmentType, type AttachmentType } from '../source/asset';
import { COMMANDS, OPTIONS, type CommandName, type OptionName } from './descriptions';
import type { PlatformAccount } from './page';

/** The command line cannot be carried out as it stands: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** What the command line and the environment ask for, all checked. */
export interface Settings {
  /** Paths, folders, globs and addresses. */
  readonly assets: readonly string[];
  readonly store: string;
  readonly namespace: string | undefined;
  readonly page: string | undefined;
  readonly account: PlatformAccount;
  /** Absolute, as is `folder`, the current one. */
  readonly root: string;
  readonly folder: string;
  readonly type: AttachmentType | undefined;
  readonly ignoreQuery: boolean;
  readonly all: boolean;
  /** Milliseconds. */
  readonly within: number | undefined;
  readonly concurrency: number | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export const DAY = 24 * 60 * 60 * 1000;

/** IDs are trusted for 89 days. */
const MOST_DAYS = 89;

type Values = Readonly<Partial<Record<OptionName, string | boolean>>>;

/**
 * @returns `'help'`: that is all that was asked for.
 * @throws {UsageError} What was expected, and what was received.
 */
export function readArguments(
  command: CommandName,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  folder: string,
): Settings | 'help' {
  const { values, positionals: assets } = parse(command, args);
  if (values.help === true) return 'help';
  const settings: Settings = {
    assets,
    store: readStore(values, env),
    namespace: text(values, 'namespace'),
    page: readPage(values),
    account: {
      token: given(env.FACEBOOK_ACCESS_TOKEN),
      secret: given(env.FACEBOOK_APP_SECRET),
      host: text(values, 'api-host') ?? 'graph.facebook.com',
      version: text(values, 'api-version') ?? 'v25.0',
    },
    root: readRoot(values, folder),
    folder,
    type: readType(values),
    ignoreQuery: values['ignore-query'] === true,
    all: values.all === true,
    within: readWithin(values),
    concurrency: readConcurrency(values),
    dryRun: values['dry-run'] === true,
    json: values.json === true,
  };
  checkAssets(command, settings);
  checkPage(command, settings);
  return settings;
}

function parse(command: CommandName, args: readonly string[]): { values: Values; positionals: string[] } {
  const options = Object.fromEntries(
    COMMANDS[command].options.map((name) => [
      name,
      { type: 'value' in OPTIONS[name] ? ('string' as const) : ('boolean' as const) },
    ]),
  );
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    // Node explains further how a path could begin with a dash.
    const [problem = ''] = (error as Error).message.split('. ');
    throw new UsageError(problem);
  }
}

function readStore(values: Values, env: NodeJS.ProcessEnv): string {
  const store = text(values, 'store') ?? given(env.FACEBOOK_ATTACHMENTS_STORE);
  if (store !== undefined) return store;
  throw new UsageError(
    'Expected --store or FACEBOOK_ATTACHMENTS_STORE to tell where the IDs live, got neither',
  );
}

function readPage(values: Values): string | undefined {
  const page = text(values, 'page');
  if (page === undefined || /^\d+$/.test(page)) return page;
  throw new UsageError(`Expected --page to be a page’s ID, which is all digits, got ${JSON.stringify(page)}`);
}

function readRoot(values: Values, folder: string): string {
  const root = path.resolve(folder, text(values, 'root') ?? '.');
  if (statSync(root, { throwIfNoEntry: false })?.isDirectory()) return root;
  throw new UsageError(`Expected --root to be a folder, got ${JSON.stringify(root)}`);
}

function readType(values: Values): AttachmentType | undefined {
  const type = text(values, 'type');
  if (type === undefined || isAttachmentType(type)) return type;
  throw new UsageError(
    `Expected --type to be one of ${ATTACHMENT_TYPES.join(', ')}, got ${JSON.stringify(type)}`,
  );
}

function readWithin(values: Values): number | undefined {
  const days = text(values, 'within');
  if (days === undefined) return undefined;
  if (values.all === true) throw new UsageError('Expected either --all or --within, got both');
  const number = Number(days);
  if (number > 0 && number <= MOST_DAYS) return number * DAY;
  throw new UsageError(
    `Expected --within to be a number of days over 0 and up to ${MOST_DAYS}, got ${JSON.stringify(days)}`,
  );
}

function readConcurrency(values: Values): number | undefined {
  const concurrency = text(values, 'concurrency');
  if (concurrency === undefined) return undefined;
  if (/^[1-9]\d{0,2}$/.test(concurrency)) return Number(concurrency);
  throw new UsageError(
    `Expected --concurrency to be a whole number from 1 to 999, got ${JSON.stringify(concurrency)}`,
  );
}

function checkAssets(command: CommandName, { assets, all, within }: Settings): void {
  const { assets: wanted } = COMMANDS[command];
  const [first] = assets;
  if (first === undefined) {
    if (wanted === 'needed') {
      throw new UsageError(`Expected ${command} to name a path, folder, glob or URL, got none`);
    }
    return;
  }
  if (wanted === 'none') {
    throw new UsageError(`Expected no argument after ${command}, got ${JSON.stringify(first)}`);
  }
  if (all || within !== undefined) {
    throw new UsageError(
      'Expected either assets or --all or --within, got both: what is named is renewed anyway',
    );
  }
}

function checkPage(command: CommandName, { account, page, dryRun }: Settings): void {
  const { needs } = COMMANDS[command];
  if (account.token !== undefined || needs === 'nothing') return;
  if (needs === 'token' && !dryRun) {
    throw new UsageError(
      'Expected FACEBOOK_ACCESS_TOKEN to hold the page’s access token, got none; it is never an option, which others could see',
    );
  }
  if (page === undefined) {
    throw new UsageError('Expected --page, or FACEBOOK_ACCESS_TOKEN to tell the page, got neither');
  }
}

function text(values: Values, name: OptionName): string | undefined {
  const value = values[name];
  if (value === '') throw new UsageError(`Expected --${name} to have a value, got an empty one`);
  return typeof value === 'string' ? value : undefined;
}

/** `NAME=` in an .env file means the same as no such line. */
function given(value: string | undefined): string | undefined {
  return value?.trim() || undefined;
}
