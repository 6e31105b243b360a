import { parseArgs } from 'node:util';
import { InputError } from './base/check';
import { type SimulatorOptions } from './index';
import { DEMO_PAGE, type PageOptions } from './platform/model';

export const USAGE = `Usage: npm run simulator -- [options]

The Messenger Platform on this machine, for the bot that you develop.

  --page ID:TOKEN[:SECRET]  a page and its token; with the app's secret, calls need a proof and webhooks are signed.
                            Can be given several times. Default: ${DEMO_PAGE.id}:${DEMO_PAGE.token}
  --webhook URL             where the bot listens
  --verify-token TOKEN      makes the webhook's handshake at the start
  --port PORT               for HTTPS. Default: 8443; 0: any free port
  --http-port PORT          for HTTP. Default: 8080; 0: any free port
  --host ADDRESS            to listen at. Default: 127.0.0.1, which no other machine reaches
  --ca-file PATH            saves the certificate authority that the bot must trust for HTTPS
  --help                    prints this
`;

/** What the command line asks for. */
export interface Settings {
  options: SimulatorOptions;
  verify: boolean;
  caFile: string | undefined;
}

/** Throws an `InputError` for what it cannot take. */
export function readArguments(args: string[]): Settings | 'help' {
  const values = parse(args);
  if (values.help) return 'help';
  const { page, host, webhook, 'verify-token': verifyToken, 'ca-file': caFile } = values;
  if (verifyToken !== undefined && webhook === undefined) {
    throw new InputError('Expected --verify-token to come with --webhook');
  }
  const options: SimulatorOptions = {
    port: port('--port', values.port ?? '8443'),
    httpPort: port('--http-port', values['http-port'] ?? '8080'),
    ...(page && { pages: page.map(pageFrom) }),
    ...(host !== undefined && { host }),
    ...(webhook !== undefined && { webhook: { url: webhook, verifyToken } }),
  };
  return { options, verify: verifyToken !== undefined, caFile };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    const { values } = parseArgs({
      args,
      options: {
        page: { type: 'string', multiple: true },
        webhook: text,
        'verify-token': text,
        port: text,
        'http-port': text,
        host: text,
        'ca-file': text,
        help: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    throw new InputError(error instanceof Error ? error.message : String(error));
  }
}

function port(name: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number < 65536) return number;
  throw new InputError(`Expected ${name} to be a port from 0 to 65535, got "${value}"`);
}

function pageFrom(value: string): PageOptions {
  const [id, token, secret, ...more] = value.split(':');
  // The value holds a token: only its form is shown.
  if (!id || !token || secret === '' || more.length > 0) {
    throw new InputError('Expected --page to be ID:TOKEN or ID:TOKEN:SECRET, got something else');
  }
  return { id, token, secret };
}
