import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { reasonOf } from '../printer';
import { failed, ok, skipped, warning, type Check } from './check';

/** The version of Node that the package's own manifest asks for, and the adapters that it works with. */
interface Manifest {
  readonly version: string;
  readonly engines?: { readonly node?: string };
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

const ADAPTER = 'botbuilder-adapter-facebook';
const INSTALL_REQUEST = 'npm install request@npm:@cypress/request@3';

/** What the tool and the bots of the documentation read. */
const VARIABLES = /^(FACEBOOK_|NODE_EXTRA_CA_CERTS$|HTTPS?_PROXY$|NO_PROXY$)/;

const OWN: Manifest = readManifest(path.join(__dirname, '../../../package.json'));

export function checkNode(): Check {
  const name = 'Node version';
  const { node: found } = process.versions;
  const least = lowestOf(OWN.engines?.node ?? '');
  if (isAtLeast(found, least)) return ok(name, found);
  return failed(
    name,
    `${found}, and ${least} or later is needed`,
    'Install a newer Node: https://nodejs.org',
  );
}

/** The adapter as the bot in this folder would load it, and what it needs without saying so. */
export function checkPackages(folder: string): Check[] {
  const names = ['Botkit adapter', 'request'] as const;
  const manifest = findManifest(ADAPTER, path.join(folder, 'package.json'));
  if (!manifest) {
    return [
      skipped(
        names[0],
        `${ADAPTER} is not installed here; a bot without Botkit, by \`connect\`, does not need it`,
      ),
      skipped(names[1], 'there is no adapter that needs it'),
    ];
  }
  return [checkAdapter(names[0], folder, manifest), checkRequest(names[1], manifest)];
}

function checkAdapter(name: string, folder: string, manifest: string): Check {
  const { version } = readManifest(manifest);
  const botkit = findManifest('botkit', path.join(folder, 'package.json'));
  const others = botkit ? `, botkit ${readManifest(botkit).version}` : '';
  const detail = `${ADAPTER} ${version}${others}`;
  const known = OWN.peerDependencies?.[ADAPTER] ?? '';
  if (majorOf(version) === majorOf(lowestOf(known)) && isAtLeast(version, lowestOf(known)))
    return ok(name, detail);
  return warning(name, `${detail}; the plugin is tested with ${known}`, `npm install ${ADAPTER}@"${known}"`);
}

function checkRequest(name: string, adapter: string): Check {
  const manifest = findManifest('request', adapter);
  if (manifest) return ok(name, readManifest(manifest).version);
  return failed(name, `${ADAPTER} needs the package request but does not install it`, INSTALL_REQUEST);
}

/** The file in the current folder, which the tool has read already. Values are never shown. */
export function checkEnvFile(folder: string, env: NodeJS.ProcessEnv): Check {
  const name = '.env';
  let values: NodeJS.Dict<string>;
  try {
    values = parseEnv(readFileSync(path.join(folder, '.env'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT')
      return skipped(name, `there is none in ${folder}`);
    return failed(
      name,
      `it cannot be read: ${reasonOf(error).message}`,
      'Make it a file that this user can read.',
    );
  }
  const known = Object.keys(values).filter((variable) => VARIABLES.test(variable));
  const detail = known.length > 0 ? `it has ${known.join(', ')}` : "it sets none of this tool's variables";
  const overridden = known.filter((variable) => env[variable] !== values[variable]);
  if (overridden.length === 0) return ok(name, detail);
  return warning(
    name,
    `${detail}; the environment has other values for ${overridden.join(', ')}, which take precedence`,
    `Remove one of the two values, for example: unset ${overridden.join(' ')}`,
  );
}

/** Variables of the file whose names look as if they held a token. */
export function tokensInEnvFile(folder: string): string[] {
  try {
    const names = Object.keys(parseEnv(readFileSync(path.join(folder, '.env'), 'utf8')));
    return names.filter((name) => /token/i.test(name) && !/verify/i.test(name));
  } catch {
    return [];
  }
}

/** Is the variable in the file? */
export function isInEnvFile(folder: string, variable: string): boolean {
  try {
    return variable in parseEnv(readFileSync(path.join(folder, '.env'), 'utf8'));
  } catch {
    return false;
  }
}

/** @param from - A file of the program that would load the package. */
function findManifest(name: string, from: string): string | undefined {
  try {
    return createRequire(from).resolve(`${name}/package.json`);
  } catch {
    return undefined;
  }
}

function readManifest(file: string): Manifest {
  return JSON.parse(readFileSync(file, 'utf8')) as Manifest;
}

/** Of a range such as `>=20.18.1` or `^1.0.12`. */
function lowestOf(range: string): string {
  return /[\d.]+/.exec(range)?.[0] ?? '0';
}

function isAtLeast(version: string, least: string): boolean {
  return version.localeCompare(least, 'en', { numeric: true }) >= 0;
}

function majorOf(version: string): string | undefined {
  return version.split('.')[0];
}
