import { InvalidArgumentError } from 'commander';
import { statSync } from 'node:fs';
import path from 'node:path';
import {
  DEFAULT_API_HOST,
  DEFAULT_API_VERSION,
  isApiHost,
  isApiVersion,
  readAccount,
  type PageAccount,
} from '../adapter/connect';
import { redact } from '../base/redact';
import { DAY } from '../base/time';
import { DEFAULT_TTL, readOptions } from '../options';
import type { AttachmentType } from '../source/asset';

const API_HOST = `a host such as ${DEFAULT_API_HOST} or localhost:8443, without https:// and path`;

/** The command line cannot be carried out: exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The options of a command, as commander has read them from the command line. */
export interface ParsedOptions {
  readonly store?: string;
  readonly namespace?: string;
  readonly page?: string;
  readonly root?: string;
  readonly type?: AttachmentType;
  readonly exclude?: readonly string[];
  readonly ignoreQuery?: boolean;
  readonly fetchFrom?: readonly string[];
  readonly prepare?: string;
  readonly id?: readonly string[];
  readonly force?: boolean;
  readonly upload?: boolean;
  readonly all?: boolean;
  /** Milliseconds. */
  readonly within?: number;
  readonly concurrency?: number;
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly apiHost?: string;
  readonly apiVersion?: string;
}

/** What the command line and the environment ask for, all checked. */
export interface CommandOptions {
  /** Paths, folders, globs and web addresses. */
  readonly assets: readonly string[];
  readonly store: string;
  readonly namespace: string | undefined;
  readonly page: string | undefined;
  /** Undefined: there is no access token. Then only the store can be asked. */
  readonly account: PageAccount | undefined;
  /** Absolute. */
  readonly root: string;
  /** The current folder, absolute. */
  readonly folder: string;
  readonly type: AttachmentType | undefined;
  /** Globs of what is left out. */
  readonly exclude: readonly string[];
  readonly ignoreQuery: boolean;
  /** Origins. */
  readonly fetchFrom: readonly string[];
  /** The module of the bot's `prepare`. */
  readonly prepare: string | undefined;
  /** Attachment IDs. */
  readonly ids: readonly string[];
  readonly force: boolean;
  readonly all: boolean;
  /** Milliseconds. */
  readonly within: number | undefined;
  readonly concurrency: number | undefined;
  readonly dryRun: boolean;
  readonly json: boolean;
}

/**
 * What a command needs: an access token; a page, which a token tells as well; or neither. A dry run needs a page only.
 */
export type Need = 'token' | 'page' | 'nothing';

export interface OptionsContext {
  readonly env: NodeJS.ProcessEnv;
  /** The current folder. */
  readonly folder: string;
  readonly needs: Need;
}

/** @throws {UsageError} Something is missing or contradicts something else. */
export function resolveOptions(
  assets: readonly string[],
  parsed: ParsedOptions,
  { env, folder, needs }: OptionsContext,
): CommandOptions {
  const { page, namespace, type, within, concurrency, prepare } = parsed;
  const { exclude = [], fetchFrom = [], id: ids = [] } = parsed;
  const { ignoreQuery = false, all = false, dryRun = false, json = false, force = false } = parsed;
  const store = parsed.store ?? valueOf(env.FACEBOOK_ATTACHMENTS_STORE);
  const accessToken = valueOf(env.FACEBOOK_ACCESS_TOKEN);
  if (store === undefined) {
    throw new UsageError('expected --store or FACEBOOK_ATTACHMENTS_STORE, got neither');
  }
  if (assets.length > 0 && (all || within !== undefined)) {
    throw new UsageError(
      'expected assets, or --all or --within, and not both: named assets are refreshed in any case',
    );
  }
  if (accessToken === undefined && needs === 'token' && !dryRun) {
    throw new UsageError(
      'expected FACEBOOK_ACCESS_TOKEN to hold the page’s access token, got none; there is no option for it, because other users of the machine can see command lines',
    );
  }
  const needsPage = needs !== 'nothing' && (ids.length === 0 || assets.length > 0);
  const appSecret = valueOf(env.FACEBOOK_APP_SECRET);
  if (accessToken !== undefined && needsPage) {
    checkAccessToken(accessToken);
    checkAppSecret(appSecret);
  }
  if (accessToken === undefined && needsPage && page === undefined) {
    throw new UsageError('expected --page or FACEBOOK_ACCESS_TOKEN, got neither');
  }
  return {
    assets,
    store,
    namespace,
    page,
    account: accessToken === undefined ? undefined : { accessToken, appSecret, ...resolveApi(parsed, env) },
    root: resolveRoot(parsed.root, folder),
    folder,
    type,
    exclude,
    ignoreQuery,
    fetchFrom,
    prepare,
    ids,
    force,
    all,
    within,
    concurrency,
    dryRun,
    json,
  };
}

/** @throws {UsageError} The environment names a host that is not valid. */
function resolveApi(
  { apiHost: option, apiVersion }: ParsedOptions,
  env: NodeJS.ProcessEnv,
): Pick<PageAccount, 'apiHost' | 'apiVersion'> {
  const apiHost = option ?? valueOf(env.FACEBOOK_API_HOST);
  if (apiHost !== undefined && !isApiHost(apiHost)) {
    throw new UsageError(
      `expected FACEBOOK_API_HOST to be ${API_HOST}, got ${JSON.stringify(redact(apiHost))}`,
    );
  }
  return { apiHost, apiVersion };
}

/** @throws {UsageError} No call can carry it. */
export function checkAccessToken(value: string): void {
  checkSecret('FACEBOOK_ACCESS_TOKEN', 'the access token of a page', value);
}

/** @throws {UsageError} No call can carry it. */
export function checkAppSecret(value: string | undefined): void {
  if (value !== undefined) checkSecret('FACEBOOK_APP_SECRET', 'the secret of the app', value);
}

/** Here, because the plugin would name its own option instead of the variable. */
function checkSecret(variable: string, what: string, value: string): void {
  try {
    // The same is valid for both.
    readAccount({ accessToken: value });
  } catch {
    throw new UsageError(
      `expected ${variable} to be ${what}, without spaces and with ASCII characters only, got another value`,
    );
  }
}

/** For an option that can be given several times. */
export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, parseText(value)];
}

/** @throws {InvalidArgumentError} It is no origin. */
export function parseOrigin(value: string, before: readonly string[] = []): readonly string[] {
  try {
    readOptions({ fetchFrom: [value] });
  } catch {
    throw new InvalidArgumentError('Expected an origin such as https://cdn.example.com, without a path.');
  }
  return [...before, value];
}

export function parseText(value: string): string {
  if (value !== '') return value;
  throw new InvalidArgumentError('Expected a value, got an empty one.');
}

export function parsePage(value: string): string {
  if (/^\d+$/.test(value)) return value;
  throw new InvalidArgumentError('Expected a page ID, which has digits only.');
}

export function parseApiHost(value: string): string {
  if (isApiHost(value)) return value;
  throw new InvalidArgumentError(`Expected ${API_HOST}.`);
}

export function parseApiVersion(value: string): string {
  if (isApiVersion(value)) return value;
  throw new InvalidArgumentError(`Expected a version such as ${DEFAULT_API_VERSION}.`);
}

/** @returns Milliseconds. */
export function parseDays(value: string): number {
  const days = value.trim() === '' ? NaN : Number(value);
  if (days > 0 && days * DAY <= DEFAULT_TTL) return days * DAY;
  throw new InvalidArgumentError(`Expected a number of days above 0 and up to ${DEFAULT_TTL / DAY}.`);
}

export function parseConcurrency(value: string): number {
  if (/^[1-9]\d{0,2}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('Expected a whole number from 1 to 999.');
}

function resolveRoot(root: string | undefined, folder: string): string {
  const resolved = path.resolve(folder, root ?? '.');
  if (statSync(resolved, { throwIfNoEntry: false })?.isDirectory()) return resolved;
  throw new UsageError(`expected --root to be a folder, got ${JSON.stringify(resolved)}`);
}

/** `NAME=` in an .env file means the same as no such line. */
export function valueOf(variable: string | undefined): string | undefined {
  return variable?.trim() || undefined;
}
