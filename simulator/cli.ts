#!/usr/bin/env node
import { writeFile } from 'node:fs/promises';
import { Command, CommanderError } from 'commander';
import { InputError } from './base/check';
import { addConformanceCommand } from './conformance/command';
import { type Simulator, type SimulatorOptions, startSimulator } from './index';
import { DEMO_PAGE, type PageOptions } from './platform/model';

interface CliOptions {
  page?: PageOptions[];
  webhook?: string;
  verifyToken?: string;
  port: number;
  httpPort: number;
  host: string;
  allowHost?: string[];
  openWindows?: true;
  rateLimits?: true;
  idsInAttachments?: true;
  caFile?: string;
}

void main(process.argv.slice(2));

/** Ends with 2 for what the command line cannot mean, with 1 for what goes wrong. */
async function main(args: string[]): Promise<void> {
  const program = createProgram();
  addConformanceCommand(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // commander has printed its own errors, and the help that was asked for.
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = error instanceof InputError ? 2 : 1;
    if (error instanceof InputError) console.error(`\n${program.helpInformation()}`);
  }
}

function createProgram(): Command {
  const program = new Command('messenger-platform-simulator');
  return (
    program
      .usage('[options]')
      .description('The Messenger Platform on this machine, for the bot that you develop.')
      .option(
        '--page <id:token[:secret]>',
        "a page and its token; with the app's secret, calls need a proof and webhooks are signed. " +
          `Can be given several times (default: ${DEMO_PAGE.id}:${DEMO_PAGE.token})`,
        (value, pages: PageOptions[] | undefined) => [...(pages ?? []), parsePage(value)],
      )
      .option('--webhook <url>', 'where the bot listens')
      .option('--verify-token <token>', "makes the webhook's handshake at the start")
      .option('--port <port>', 'for HTTPS; 0: any free port', parsePort('--port'), 8443)
      .option('--http-port <port>', 'for HTTP; 0: any free port', parsePort('--http-port'), 8080)
      .option(
        '--host <address>',
        'the address to listen at; the default cannot be reached from other machines',
        '127.0.0.1',
      )
      .option(
        '--allow-host <name>',
        'a further name by which clients may call, such as graph.facebook.com; the certificate names it. ' +
          'Can be given several times',
        (value, names: string[] | undefined) => [...(names ?? []), value],
      )
      .option('--open-windows', 'lets a page write to everyone, whenever they last wrote')
      .option(
        '--rate-limits',
        'refuses more than 300 messages of a page in a second, and 10 of audio and video (80006)',
      )
      .option('--ids-in-attachments', 'takes IDs in message.attachments, as Instagram does')
      .option('--ca-file <path>', 'saves the certificate authority that the bot must trust for HTTPS')
      .helpOption('--help', 'prints this')
      .allowExcessArguments(false)
      .showHelpAfterError()
      // An unknown option may be a misspelt one that holds a token: its value is not repeated.
      .configureOutput({
        outputError: (text, write) => {
          write(text.replace(/(?<=unknown option '[^=]+)=[^]*'/, "'"));
        },
      })
      .exitOverride()
      .action(async (options: CliOptions) => {
        await run(options);
      })
  );
}

/** commander would repeat the value in its own error for an option, and this value holds a token. */
function parsePage(value: string): PageOptions {
  const [id, token, secret, ...more] = value.split(':');
  if (!id || !token || secret === '' || more.length > 0) {
    throw new InputError('Expected --page to be ID:TOKEN or ID:TOKEN:SECRET, got something else');
  }
  return { id, token, secret };
}

function parsePort(name: string): (value: string) => number {
  return (value) => {
    const port = Number(value);
    if (/^\d+$/.test(value) && port < 65536) return port;
    throw new InputError(`Expected ${name} to be a port from 0 to 65535, got "${value}"`);
  };
}

async function run({
  page,
  webhook,
  verifyToken,
  allowHost,
  openWindows,
  rateLimits,
  idsInAttachments,
  caFile,
  ...addresses
}: CliOptions): Promise<void> {
  if (verifyToken !== undefined && webhook === undefined) {
    throw new InputError('Expected --verify-token to come with --webhook');
  }
  const options: SimulatorOptions = {
    ...addresses,
    ...(page && { pages: page }),
    ...(allowHost && { allowHosts: allowHost }),
    ...(rateLimits && { rateLimits }),
    ...(openWindows && { windows: 'open' as const }),
    ...(idsInAttachments && { idsInAttachments: 'accepted' as const }),
    ...(webhook !== undefined && { webhook: { url: webhook, verifyToken } }),
  };
  const simulator = await startSimulator(options);
  const close = () => void simulator.close();
  process.once('SIGINT', close).once('SIGTERM', close);
  try {
    if (caFile !== undefined) await writeFile(caFile, simulator.ca);
  } catch (error) {
    await simulator.close();
    throw error;
  }
  console.log(greeting(simulator, options, caFile));
  if (verifyToken === undefined) return;
  const { delivered, error = '' } = await simulator.verifyWebhook();
  console.log(delivered ? 'The bot has confirmed its webhook.' : `The webhook is not confirmed: ${error}`);
}

function greeting(simulator: Simulator, { pages }: SimulatorOptions, caFile?: string): string {
  const { url, httpUrl, host } = simulator;
  const ids = simulator
    .state()
    .pages.map(({ id, hasSecret }) => (hasSecret ? `${id} (with an app secret)` : id));
  const demo = pages ? [] : [`Its token      ${DEMO_PAGE.token}`];
  const trust =
    caFile === undefined
      ? 'start again with --ca-file ca.pem'
      : `NODE_EXTRA_CA_CERTS=${caFile} for Node, --cacert ${caFile} for curl`;
  return [
    'The Messenger Platform is simulated at',
    `UI             ${httpUrl}`,
    `Graph API      ${url} and ${httpUrl}`,
    `For Botkit     api_host: '${host}'`,
    `To trust it    ${trust}`,
    `Control API    ${httpUrl}/_sim/state`,
    `Pages          ${ids.join(', ')}`,
    ...demo,
  ].join('\n');
}
