import { COMMANDS, OPTIONS, type CommandName, type OptionName } from './descriptions';

export const NAME = 'facebook-attachments';

const ENVIRONMENT = [
  ['FACEBOOK_ACCESS_TOKEN', 'the page’s access token; never an option, which others could see'],
  ['FACEBOOK_APP_SECRET', 'the app’s secret, if the app demands a proof with each call'],
  ['FACEBOOK_ATTACHMENTS_STORE', 'instead of --store'],
] as const;

const STORES = [
  'redis://[:PASSWORD@]HOST:PORT',
  'postgres://USER:PASSWORD@HOST/DATABASE',
  'mysql://USER:PASSWORD@HOST/DATABASE',
  'sqlite://ids.sqlite',
  'file://.data/attachment-ids (keyv-file with a file for each ID)',
  'file://ids.json (keyv-file in one file; not while its bot is running)',
];

const EXIT_CODES = [
  ['0', 'all went well'],
  ['1', 'something failed'],
  ['2', 'the command line is wrong'],
  ['130', 'stopped by Ctrl-C'],
] as const;

export function generalHelp(): string {
  const commands = Object.values(COMMANDS).map(({ usage, summary }) => [usage, summary] as const);
  return [
    `Usage: ${NAME} <command> [options]`,
    'Uploads the attachments of a Messenger bot beforehand, and looks after their IDs.',
    section('Commands', columns(commands)),
    section('Environment', columns(ENVIRONMENT)),
    section('Stores', STORES),
    section('Exit codes', columns(EXIT_CODES)),
    `${NAME} <command> --help tells more. --version prints the version.`,
  ].join('\n\n');
}

export function commandHelp(name: CommandName): string {
  const { usage, summary, details, options, examples, needs } = COMMANDS[name];
  const environment = ENVIRONMENT.filter(([variable]) => needs !== 'nothing' || variable.endsWith('STORE'));
  return [
    `Usage: ${NAME} ${usage} [options]`,
    [`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, ...details].join('\n'),
    section('Options', columns(options.map(optionLine))),
    section('Environment', columns(environment)),
    section(
      'Examples',
      examples.map((example) => `${NAME} ${example}`),
    ),
  ].join('\n\n');
}

function optionLine(name: OptionName): readonly [string, string] {
  const option: { readonly value?: string; readonly says: string } = OPTIONS[name];
  return [`--${name}${option.value === undefined ? '' : ` ${option.value}`}`, option.says];
}

function section(title: string, lines: readonly string[]): string {
  return [`${title}:`, ...lines.map((line) => `  ${line}`)].join('\n');
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => `${first.padEnd(width)}  ${second}`);
}
