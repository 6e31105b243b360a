import path from 'node:path';

/** How the bot reaches Facebook, or what plays Facebook. */
export interface Facebook {
  /** The access token of the bot's one page, or the tokens of several pages by page ID. */
  tokens: string | ReadonlyMap<string, string>;
  appSecret: string;
  verifyToken: string;
  apiHost: string;
  /** The authority to trust, and no other, for an API host that no public one vouches for: the simulator. */
  ca?: string;
}

export interface Config {
  port: number;
  /** The address to listen on; every address of this machine when it is left out. */
  host?: string;
  /** Where attachment IDs and unfinished conversations are kept. */
  dataFolder: string;
  /** Left out when no page is set up: then the simulator plays Facebook. */
  facebook?: Facebook;
}

/** What is wrong with the environment, a line for each mistake. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(mistakes: readonly string[]) {
    super(`The bot cannot start like this:\n${mistakes.map((mistake) => `  ${mistake}`).join('\n')}`);
  }
}

/**
 * Reads the variables that Botkit's Facebook starter kit names, and FACEBOOK_PAGES for a bot with several pages.
 *
 * @throws {ConfigError} names every mistake at once, and never shows a token.
 */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  // `NAME=` in an .env file means the same as no such line.
  const given = (name: string): string | undefined => environment[name]?.trim() || undefined;
  const mistakes: string[] = [];
  const host = given('HOST');
  const config: Config = {
    port: readPort(given('PORT') ?? '3000', mistakes),
    ...(host !== undefined && { host }),
    dataFolder: path.resolve(given('DATA_FOLDER') ?? path.join(__dirname, '.data')),
  };
  const facebook = readFacebook(given, mistakes);
  if (mistakes.length > 0) throw new ConfigError(mistakes);
  return facebook ? { ...config, facebook } : config;
}

function readFacebook(given: (name: string) => string | undefined, mistakes: string[]): Facebook | undefined {
  const token = given('FACEBOOK_ACCESS_TOKEN');
  const pages = given('FACEBOOK_PAGES');
  const appSecret = given('FACEBOOK_APP_SECRET');
  const verifyToken = given('FACEBOOK_VERIFY_TOKEN');
  if (token === undefined && pages === undefined) {
    if (appSecret === undefined && verifyToken === undefined) return undefined;
    mistakes.push(
      'Expected FACEBOOK_ACCESS_TOKEN (one page) or FACEBOOK_PAGES (several) beside the app secret or verify token, got neither',
    );
    return undefined;
  }
  if (token !== undefined && pages !== undefined) {
    mistakes.push('Expected either FACEBOOK_ACCESS_TOKEN or FACEBOOK_PAGES, got both');
  }
  if (appSecret === undefined) {
    mistakes.push('Expected FACEBOOK_APP_SECRET, which tells Facebook’s webhooks from forged ones, got none');
  }
  if (verifyToken === undefined) {
    mistakes.push(
      'Expected FACEBOOK_VERIFY_TOKEN, the word that you typed when you set up the webhook, got none',
    );
  }
  return {
    tokens: token ?? readPages(pages ?? '', mistakes),
    appSecret: appSecret ?? '',
    verifyToken: verifyToken ?? '',
    apiHost: given('FACEBOOK_API_HOST') ?? 'graph.facebook.com',
  };
}

function readPages(text: string, mistakes: string[]): Map<string, string> {
  const pages = new Map<string, string>();
  for (const [index, entry] of text.split(',').entries()) {
    const [, id, token] = /^\s*(\d+):(\S+)\s*$/.exec(entry) ?? [];
    if (id === undefined || token === undefined) {
      mistakes.push(
        `Expected FACEBOOK_PAGES to be "id:token,id:token", got something else in place ${index + 1}`,
      );
    } else if (pages.has(id)) {
      mistakes.push(`Expected each page once in FACEBOOK_PAGES, got ${id} twice`);
    } else {
      pages.set(id, token);
    }
  }
  return pages;
}

function readPort(text: string, mistakes: string[]): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  mistakes.push(`Expected PORT to be a number from 0 to 65535, got "${text}"`);
  return 0;
}
