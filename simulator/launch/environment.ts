import { type PageOptions } from '../platform/model';

export interface Surroundings {
  /** The page that the bot speaks for. */
  page: PageOptions;
  verifyToken: string;
  /** Where the bot should listen. */
  port: string;
  /** Of the Graph API over HTTPS, with its port. */
  host: string;
  /** Of the Graph API over HTTP. */
  httpUrl: string;
  /** Of the authority to trust for HTTPS. */
  caFile: string;
}

export type Environment = Record<string, string>;

/** What a bot reads from its environment to call the simulator instead of Facebook. */
export function botEnvironment(surroundings: Surroundings): Environment {
  const { page, verifyToken, port, host, httpUrl, caFile } = surroundings;
  return {
    FACEBOOK_API_HOST: host,
    FACEBOOK_API_URL: httpUrl,
    FACEBOOK_PAGE_ID: page.id,
    FACEBOOK_ACCESS_TOKEN: page.token,
    // Empty without a secret: one of the shell's own belongs to another app.
    FACEBOOK_APP_SECRET: page.secret ?? '',
    FACEBOOK_VERIFY_TOKEN: verifyToken,
    PORT: port,
    NODE_EXTRA_CA_CERTS: caFile,
  };
}

const FORMATS = {
  sh: (name, value) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`,
  fish: (name, value) => `set -gx ${name} '${value.replaceAll(/['\\]/g, String.raw`\$&`)}'`,
  powershell: (name, value) => `$env:${name} = '${value.replaceAll("'", "''")}'`,
  cmd: (name, value) => `set "${name}=${value}"`,
  dotenv: (name, value) => `${name}=${/^[\w.:/\\-]*$/.test(value) ? value : `'${value}'`}`,
} satisfies Record<string, (name: string, value: string) => string>;

export type EnvironmentFormat = keyof typeof FORMATS | 'json';

export const ENVIRONMENT_FORMATS = [...Object.keys(FORMATS), 'json'] as EnvironmentFormat[];

/** As commands of a shell, lines of an `.env` file, or JSON. */
export function formatEnvironment(environment: Environment, format: EnvironmentFormat): string {
  if (format === 'json') return JSON.stringify(environment, undefined, 2);
  return Object.entries(environment)
    .map(([name, value]) => FORMATS[format](name, value))
    .join('\n');
}
