#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import { InputError } from './base/check';
import { problemOf } from './base/thrown';
import { addInitCommand } from './config/init';
import { ConfigError } from './config/schema';
import { addConformanceCommand } from './conformance/command';
import { ENVIRONMENT_FORMATS } from './launch/environment';
import { DEMO_PAGE, type PageOptions } from './platform/model';
import { defineReplay } from './replay';
import { run, type RunOptions } from './run';

/** Printed after an error, instead of the whole help, which would push the cause out of sight. */
const HELP_HINT = '(--help lists all options)';

void main(process.argv.slice(2));

/** Ends with 2 for what the command line cannot mean, with 1 for what goes wrong. */
async function main(args: string[]): Promise<void> {
  const program = createProgram();
  addInitCommand(program);
  defineReplay(addSimulatorOptions(program.command('replay')));
  addConformanceCommand(program);
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // commander has printed its own errors, and the help that was asked for.
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : 2;
      return;
    }
    console.error(problemOf(error));
    process.exitCode = error instanceof InputError || error instanceof ConfigError ? 2 : 1;
    if (error instanceof InputError) console.error(HELP_HINT);
  }
}

function createProgram(): Command {
  const program = new Command('messenger-platform-simulator');
  program
    .usage('[options] [-- command…]')
    .description(
      'Simulates the Messenger Platform on this machine, for the bot that you develop.\n\n' +
        'With a command, such as "-- node bot.js", it starts the bot with variables that point it at the simulator, and ' +
        'ends when the bot ends.',
    )
    .argument('[command...]', 'starts the bot')
    // So that "init --page" does not suggest the program's own "--page".
    .enablePositionalOptions()
    .passThroughOptions();
  return (
    addSimulatorOptions(program)
      .option('--watch', 'restarts the command when a source file in this folder changes')
      .option('--open', 'opens the UI in the browser')
      .addOption(
        new Option('--env [format]', 'prints the variables for a bot that is started in another terminal')
          .choices(ENVIRONMENT_FORMATS)
          .preset(process.platform === 'win32' ? 'powershell' : 'sh'),
      )
      .helpOption('--help', 'prints this')
      .version(packageVersion(), '--version', 'prints the version')
      .showHelpAfterError(HELP_HINT)
      // An unknown option may be a misspelt one that holds a token: its value is not repeated.
      .configureOutput({
        outputError: (text, write) => {
          write(text.replace(/(?<=unknown option '[^=]+)=[^]*'/, "'"));
        },
      })
      .exitOverride()
      .action(async (command: string[], options: RunOptions) => {
        process.exitCode = await run(options, command);
      })
  );
}

/** What is simulated, and where the bot is. */
function addSimulatorOptions(command: Command): Command {
  return command
    .option(
      '--page <id:token[:secret]>',
      "a page and its token; with the app's secret, calls need a proof and webhooks are signed. " +
        `Can be given several times (default: ${DEMO_PAGE.id}:${DEMO_PAGE.token})`,
      (value, pages: PageOptions[] | undefined) => [...(pages ?? []), parsePage(value)],
    )
    .option(
      '--config <file>',
      'configuration (default: messenger.config.json, .js, .cjs or .mjs in this folder, if there is one)',
    )
    .option(
      '--webhook <url>',
      'where the bot listens (default with a command: found on the port in PORT, or 3000)',
    )
    .option(
      '--verify-token <token>',
      'for the verification of the webhook, which a bot that is started here has to pass',
      parseVerifyToken,
    )
    .option(
      '--port <port>',
      'for HTTPS; 0: any free port (default: 8443, if it is free)',
      parsePort('--port'),
    )
    .option(
      '--http-port <port>',
      'for HTTP and the UI; 0: any free port (default: 8080, if it is free)',
      parsePort('--http-port'),
    )
    .option(
      '--host <address>',
      'the address to listen at; the default, 127.0.0.1, cannot be reached from other machines',
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
    .option('--ca-file <path>', 'saves the certificate authority that the bot must trust for HTTPS');
}

function packageVersion(): string {
  const file = require.resolve('messenger-platform-simulator/package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** commander would repeat the value in its own error for an option, and this value holds a token. */
function parsePage(value: string): PageOptions {
  const [id, token, secret, ...more] = value.split(':');
  const refuse = (problem: string): never => {
    throw new InputError(`Expected --page to be ID:TOKEN or ID:TOKEN:SECRET; ${problem}`);
  };
  if (!id) return refuse('the ID is missing');
  if (!token) return refuse('the token is missing');
  if (secret === '') return refuse('the secret is missing');
  if (more.length > 0) return refuse(`got ${more.length + 3} parts`);
  return { id, token, secret };
}

function parseVerifyToken(value: string): string {
  if (value !== '') return value;
  throw new InputError('Expected --verify-token to be a token, got an empty string');
}

function parsePort(name: string): (value: string) => number {
  return (value) => {
    const port = Number(value);
    if (/^\d+$/.test(value) && port < 65536) return port;
    throw new InputError(`Expected ${name} to be a port from 0 to 65535, got "${value}"`);
  };
}
