/** What the tool can do, as its help tells it and its arguments are read. */

export type CommandName = 'warm' | 'list' | 'forget' | 'renew';

interface OptionDescription {
  /** What stands after the option. Without it, the option is a switch. */
  readonly value?: string;
  readonly says: string;
}

export const OPTIONS = {
  store: { value: 'URL', says: 'where the IDs live (default: FACEBOOK_ATTACHMENTS_STORE)' },
  namespace: { value: 'NAME', says: 'the namespace of the bot’s own Keyv; not for a bare storage adapter' },
  page: { value: 'ID', says: 'the page (default: the one that the token belongs to)' },
  root: { value: 'FOLDER', says: 'the bot’s `root`, the folder of local files (default: the current one)' },
  type: { value: 'TYPE', says: 'image, audio, video or file, for all, instead of what their names tell' },
  'ignore-query': {
    says: 'a web address is the same asset whatever its query string; as the bot’s `cacheKey`',
  },
  all: { says: 'however long their IDs are still good' },
  within: { value: 'DAYS', says: 'those whose ID ends within so many days (default: 7)' },
  concurrency: { value: 'NUMBER', says: 'uploads at a time (default: 4)' },
  'dry-run': { says: 'only tells what would be done' },
  json: { says: 'prints JSON' },
  'api-version': { value: 'VERSION', says: 'of the Graph API (default: v25.0)' },
  'api-host': { value: 'HOST', says: 'of the Graph API (default: graph.facebook.com)' },
  help: { says: 'prints this' },
} satisfies Record<string, OptionDescription>;

export type OptionName = keyof typeof OPTIONS;

export interface CommandDescription {
  readonly usage: string;
  readonly summary: string;
  /** Lines. */
  readonly details: readonly string[];
  readonly options: readonly OptionName[];
  readonly examples: readonly string[];
  /** Whether assets are named after it. */
  readonly assets: 'needed' | 'optional' | 'none';
  /** What it cannot do without: a token, a page (a token tells it), or neither. A dry run needs no more than a page. */
  readonly needs: 'token' | 'page' | 'nothing';
}

const STORE: readonly OptionName[] = ['store', 'namespace'];
const API: readonly OptionName[] = ['api-version', 'api-host', 'help'];

export const COMMANDS: Readonly<Record<CommandName, CommandDescription>> = {
  warm: {
    usage: 'warm <path, folder, glob or URL>…',
    summary: 'uploads what has no ID yet, or one near its end',
    details: [
      'Paths are those in the bot’s messages, inside --root; those from the current folder are understood too.',
      'One that fails does not stop the others.',
    ],
    options: [...STORE, 'page', 'root', 'type', 'ignore-query', 'concurrency', 'dry-run', 'json', ...API],
    examples: [
      'warm cats sounds/*.mp3 --root assets --store redis://localhost:6379',
      'warm https://example.com/picture?id=7 --type image --store file://ids.json',
      'warm assets --dry-run --json',
    ],
    assets: 'needed',
    needs: 'token',
  },
  list: {
    usage: 'list',
    summary: 'prints the IDs that are still trusted, oldest first',
    details: ['Needs no token. Without --page, it lists those of all pages.'],
    options: [...STORE, 'page', 'json', 'help'],
    examples: ['list --store postgres://bot@localhost/bot', 'list --page 1001 --json'],
    assets: 'none',
    needs: 'nothing',
  },
  forget: {
    usage: 'forget <path, folder, glob or URL>…',
    summary: 'deletes IDs from the store: the next send uploads again',
    details: [
      'Bots that are running go on with what they have in memory. Facebook keeps the asset.',
      'With --page it needs no token.',
    ],
    options: [...STORE, 'page', 'root', 'type', 'ignore-query', 'dry-run', 'json', ...API],
    examples: ['forget cats/tom.jpg --root assets --page 1001', 'forget https://example.com/cat.jpg'],
    assets: 'needed',
    needs: 'page',
  },
  renew: {
    usage: 'renew [<path, folder, glob or URL>…]',
    summary: 'uploads again what has an ID near its end, or what is named',
    details: [
      'Without assets it goes through the list. What it cannot open again it leaves as it is, and says so:',
      'bytes, which only the bot has; files that have changed; web addresses with a query string, which is',
      'never stored. Name the latter two.',
    ],
    options: [
      ...STORE,
      'page',
      'root',
      'type',
      'ignore-query',
      'all',
      'within',
      'concurrency',
      'dry-run',
      'json',
      ...API,
    ],
    examples: ['renew --root assets', 'renew --within 30 --dry-run', 'renew --all', 'renew cats/tom.jpg'],
    assets: 'optional',
    needs: 'token',
  },
};

export function isCommand(name: string): name is CommandName {
  return Object.hasOwn(COMMANDS, name);
}
