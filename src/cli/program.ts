import { Command, Option, type OutputConfiguration } from 'commander';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DEFAULT_API_HOST, DEFAULT_API_VERSION } from '../adapter/connect';
import { DAY } from '../base/time';
import { DEFAULT_REFRESH_AHEAD } from '../options';
import { ATTACHMENT_TYPES } from '../source/asset';
import {
  collect,
  parseApiHost,
  parseApiVersion,
  parseConcurrency,
  parseDays,
  parseOrigin,
  parsePage,
  parseText,
  resolveOptions,
  UsageError,
  type CommandOptions,
  type Need,
  type ParsedOptions,
} from './command-options';
import { list, warm } from './commands';
import { forget } from './forget';
import { prune } from './prune';
import { EXIT } from './upload';
import { refresh } from './refresh';
import type { Session, StoreAccess } from './session';

/** What a command does. Returns the exit code. */
export type CommandAction = (session: Session) => Promise<number>;

export interface ProgramOptions {
  readonly env: NodeJS.ProcessEnv;
  /** The current folder. */
  readonly folder: string;
  readonly output: OutputConfiguration;
  /** Runs a command. */
  readonly execute: (action: CommandAction, options: CommandOptions, access: StoreAccess) => Promise<void>;
  /** Runs `doctor`, which says what is wrong with options instead of refusing them. */
  readonly diagnose: (options: ParsedOptions) => Promise<void>;
}

const NAME = 'facebook-attachments';

const ASSETS = 'paths, folders, globs or web addresses';

const STORE = [
  new Option('--store <url>', 'the store of the IDs (default: FACEBOOK_ATTACHMENTS_STORE)').argParser(
    parseText,
  ),
  new Option(
    '--namespace <name>',
    'namespace of the bot’s own Keyv; omit it if the bot uses a storage adapter',
  ).argParser(parseText),
];
const PAGE = new Option('--page <id>', 'page ID (default: the page of the access token)').argParser(
  parsePage,
);
const ROOT = new Option(
  '--root <folder>',
  'the bot’s `root`, the folder of its local files (default: the current folder)',
).argParser(parseText);
/** `doctor` checks the whole folder, so it does not take the one that it happens to be started in. */
const CHECKED_ROOT = new Option(
  '--root <folder>',
  'the bot’s `root`; each file in it is checked (default: none, and no files are checked)',
).argParser(parseText);
const LOOK_UP = [
  ROOT,
  new Option('--type <type>', 'attachment type of all assets (default: derived from their names)').choices(
    ATTACHMENT_TYPES,
  ),
  new Option('--ignore-query', 'ignore the query strings of web addresses, as the bot’s `cacheKey` does'),
  new Option(
    '--fetch-from <origin>',
    'fetch addresses of this origin, as with the bot’s `fetchFrom`; can be given several times',
  ).argParser(parseOrigin),
  new Option('--prepare <module>', 'the module that exports the bot’s `prepare`').argParser(parseText),
];
const EXCLUDE = new Option(
  '--exclude <glob>',
  'skip more files than READMEs and dot files, which are always skipped in folders and globs; can be given several times',
).argParser(collect);
const CONCURRENCY = new Option(
  '--concurrency <number>',
  'number of simultaneous uploads (default: 4)',
).argParser(parseConcurrency);
const DRY_RUN = new Option('--dry-run', 'only print what would be done');
const JSON_OUTPUT = new Option('--json', 'print JSON');
const API = [
  new Option(
    '--api-host <host>',
    `host of the Graph API (default: FACEBOOK_API_HOST, or ${DEFAULT_API_HOST})`,
  ).argParser(parseApiHost),
  new Option('--api-version <version>', 'version of the Graph API')
    .default(DEFAULT_API_VERSION)
    .argParser(parseApiVersion),
];

const TOKEN_VARIABLES = `
  FACEBOOK_ACCESS_TOKEN       access token of the page; there is no option for it, because other users can see command lines
  FACEBOOK_APP_SECRET         app secret, if the app requires a proof with each call
  FACEBOOK_API_HOST           instead of --api-host`;
const STORE_VARIABLE = `
  FACEBOOK_ATTACHMENTS_STORE  instead of --store; use it for an address with a password
  A file .env in the current folder is read as well; the environment takes precedence.`;

const GENERAL_HELP = `
Environment:${TOKEN_VARIABLES}${STORE_VARIABLE}

Stores:
  redis://[:PASSWORD@]HOST:PORT
  postgres://USER:PASSWORD@HOST/DATABASE
  mysql://USER:PASSWORD@HOST/DATABASE
  sqlite://ids.sqlite
  file://.data/attachment-ids  keyv-file, one file for each ID
  file://ids.json              keyv-file, one file for all; do not use it while the bot is running

Exit codes:
  0    everything worked
  1    something failed
  2    the command line is wrong
  130  stopped by Ctrl-C`;

/** What a command needs, and what it does with the store. */
interface CommandTraits {
  readonly needs: Need;
  /** It changes what is in the store. */
  readonly writes: boolean;
  /** It saves the IDs of assets that are named, in a store that need not be there before. */
  readonly creates?: boolean;
}

/** The command line: its commands, options and help. */
export function createProgram({ env, folder, output, execute, diagnose }: ProgramOptions): Command {
  const program = new Command(NAME)
    .description('Upload the attachments of a Messenger bot in advance, and manage their IDs.')
    .version(packageVersion(), '--version', 'print the version')
    .helpOption('--help', 'print help')
    .helpCommand('help [command]', 'print help for a command')
    .showHelpAfterError(`More: ${NAME} --help`)
    .configureOutput(output)
    .exitOverride()
    .addHelpText('after', GENERAL_HELP);

  const command = (
    name: string,
    { needs, writes, creates = false }: CommandTraits,
    action: CommandAction,
  ): Command =>
    program
      .command(name)
      .showHelpAfterError(`More: ${NAME} ${name} --help`)
      .action(async (...given: readonly unknown[]) => {
        const self = given.at(-1) as Command;
        try {
          const options = resolveOptions(self.args, self.opts<ParsedOptions>(), { env, folder, needs });
          const { assets, dryRun } = options;
          const ifMissing = creates && assets.length > 0 ? (dryRun ? 'imitate' : 'create') : 'refuse';
          await execute(action, options, { writes: writes && !dryRun, ifMissing });
        } catch (error) {
          if (error instanceof UsageError) self.error(`error: ${error.message}`, { exitCode: EXIT.usage });
          throw error;
        }
      });

  addDetails(
    program
      .command('doctor')
      .showHelpAfterError(`More: ${NAME} doctor --help`)
      .action(async (options: ParsedOptions) => {
        await diagnose(options);
      })
      .summary('check everything that a bot needs, and say how to fix what is wrong')
      .description(
        'Check everything that a bot needs, and say how to fix what is wrong: Node, the adapter, .env, the Graph API, ' +
          'the access token, the ' +
          'store, and each file in --root against Facebook’s limits. Uploads nothing without --upload. The record that it ' +
          'writes to the store is deleted again. The exit code is 1 if a check failed.',
      ),
    [
      ...STORE,
      PAGE,
      CHECKED_ROOT,
      EXCLUDE,
      new Option('--upload', 'also upload a picture of one pixel'),
      JSON_OUTPUT,
      ...API,
    ],
    TOKEN_VARIABLES,
    ['doctor --root assets', 'doctor --root assets --store redis://localhost:6379 --upload', 'doctor --json'],
  );
  addDetails(
    command('warm', { needs: 'token', writes: true, creates: true }, warm)
      .summary('upload assets that have no ID, or whose ID expires soon')
      .description(
        'Upload assets that have no ID, or whose ID expires soon. If one fails, the others are still uploaded. ' +
          'Write paths as in the bot’s messages, inside --root; paths from the current folder work, too.',
      )
      .argument('<assets...>', ASSETS),
    [...STORE, PAGE, ...LOOK_UP, EXCLUDE, CONCURRENCY, DRY_RUN, JSON_OUTPUT, ...API],
    TOKEN_VARIABLES,
    [
      'warm cats "sounds/*.mp3" --root assets --store redis://localhost:6379',
      'warm "https://example.com/picture?id=7" --type image --store file://ids.json',
      'warm https://cdn.example.com/cat.jpg --fetch-from https://cdn.example.com',
      'warm . --root assets --exclude "*.psd" --exclude drafts',
      'warm assets --dry-run --json',
    ],
  );
  addDetails(
    command('list', { needs: 'nothing', writes: false }, list)
      .summary('print the valid IDs, oldest first')
      .description('Print the valid IDs, oldest first, of one page or of all pages. Needs no token.'),
    [...STORE, new Option('--page <id>', 'page ID (default: all pages)').argParser(parsePage), JSON_OUTPUT],
    '',
    ['list --store postgres://bot@localhost/bot', 'list --page 1001 --json'],
  );
  addDetails(
    command('forget', { needs: 'page', writes: true }, forget)
      .summary('delete IDs from the store, so that the next send uploads again')
      .description(
        'Delete IDs from the store, so that the next send uploads again: the IDs of the files’ current content, and those ' +
          'of earlier content at the same paths, also if a file was deleted. Running bots continue to use ' +
          'the IDs in their memory, and Facebook keeps the assets. Needs no token with --page or --id.',
      )
      .argument('[assets...]', ASSETS)
      .hook('preAction', (self) => {
        if (self.args.length > 0 || self.opts<ParsedOptions>().id) return;
        self.error("error: missing required argument 'assets', or --id", { exitCode: EXIT.usage });
      }),
    [
      ...STORE,
      PAGE,
      new Option('--id <id>', 'an attachment ID, of any page; can be given several times').argParser(collect),
      ...LOOK_UP,
      DRY_RUN,
      JSON_OUTPUT,
      ...API,
    ],
    TOKEN_VARIABLES,
    [
      'forget cats/tom.jpg --root assets --page 1001',
      'forget https://example.com/cat.jpg',
      'forget --id 1857777774821032',
    ],
  );
  addDetails(
    command('prune', { needs: 'nothing', writes: true }, prune)
      .summary('delete the IDs of files that have changed or no longer exist')
      .description(
        'Delete the IDs of files that have changed or no longer exist. IDs of web addresses, of bytes, and ' +
          'of files that cannot be read are kept. Needs no token.',
      ),
    [
      ...STORE,
      new Option('--page <id>', 'page ID (default: all pages)').argParser(parsePage),
      ROOT,
      new Option('--force', 'delete the IDs even if none of the files is in --root'),
      DRY_RUN,
      JSON_OUTPUT,
    ],
    '',
    ['prune --root assets --dry-run', 'prune --root assets --page 1001'],
  );
  addDetails(
    command('refresh', { needs: 'token', writes: true, creates: true }, refresh)
      .summary('upload again the assets whose IDs expire soon, or the named assets')
      .description(
        'Upload again the assets whose IDs expire soon, or the named assets regardless of expiry. Without ' +
          'names, it checks all saved IDs. IDs of assets that it cannot read again are kept and listed: bytes, ' +
          'which only the bot has; files that have changed; web addresses with a query string, which is never ' +
          'stored. Name such files and addresses instead.',
      )
      .argument('[assets...]', ASSETS),
    [
      ...STORE,
      PAGE,
      ...LOOK_UP,
      EXCLUDE,
      new Option('--all', 'refresh all IDs').conflicts('within'),
      new Option(
        '--within <days>',
        `refresh IDs that expire within this many days (default: ${DEFAULT_REFRESH_AHEAD / DAY})`,
      ).argParser(parseDays),
      CONCURRENCY,
      DRY_RUN,
      JSON_OUTPUT,
      ...API,
    ],
    TOKEN_VARIABLES,
    ['refresh --root assets', 'refresh --within 30 --dry-run', 'refresh --all', 'refresh cats/tom.jpg'],
  );
  return program;
}

function addDetails(
  command: Command,
  options: readonly Option[],
  variables: string,
  examples: readonly string[],
): void {
  for (const option of options) command.addOption(option);
  const lines = examples.map((example) => `\n  ${NAME} ${example}`).join('');
  command.addHelpText('after', `\nEnvironment:${variables}${STORE_VARIABLE}\n\nExamples:${lines}`);
}

function packageVersion(): string {
  const file = path.join(__dirname, '../../package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
