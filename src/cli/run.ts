import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readArguments, UsageError, type Settings } from './arguments';
import { RUN } from './commands';
import { COMMANDS, isCommand, type CommandName } from './descriptions';
import { commandHelp, generalHelp, NAME } from './help';
import { Printer } from './printer';
import { Session, type Surroundings } from './session';
import { secretsOf } from './store';
import { EXIT } from './upload';

/**
 * The command-line tool.
 *
 * @returns The exit code. Whatever goes wrong has been written to standard error, on one line.
 */
export async function run(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { stdout, stderr, env } = surroundings;
  const [name = '', ...rest] = args;
  const printer = new Printer(stdout, stderr, secretsIn(args, env));
  try {
    if (name === '--version') return say(printer, version());
    if (name === '--help' || name === 'help') return say(printer, generalHelp());
    if (!isCommand(name)) throw unknownCommand(name);
    const settings = readArguments(name, rest, env, surroundings.folder);
    if (settings === 'help') return say(printer, commandHelp(name));
    return await runCommand(name, { settings, surroundings, printer });
  } catch (error) {
    printer.problem(error);
    if (!(error instanceof UsageError)) return EXIT.failed;
    printer.note(`More: ${NAME} ${isCommand(name) ? `${name} ` : ''}--help`);
    return EXIT.usage;
  }
}

async function runCommand(
  name: CommandName,
  options: { settings: Settings; surroundings: Surroundings; printer: Printer },
): Promise<number> {
  const writes = COMMANDS[name].needs !== 'nothing' && !options.settings.dryRun;
  const session = await Session.open(options, { writes });
  try {
    const code = await RUN[name](session);
    const problem = await session.settle();
    if (!problem) return code;
    options.printer.problem(problem);
    return code === EXIT.good ? EXIT.failed : code;
  } catch (error) {
    throw session.explain(error);
  } finally {
    await session.close();
  }
}

function say(printer: Printer, text: string): number {
  printer.print(text);
  return EXIT.good;
}

function unknownCommand(name: string): UsageError {
  const got = name === '' ? 'none' : JSON.stringify(name);
  return new UsageError(`Expected a command, one of ${Object.keys(COMMANDS).join(', ')}, got ${got}`);
}

/** From wherever they can come: a store may stand in any argument. */
function secretsIn(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const { FACEBOOK_ACCESS_TOKEN: token, FACEBOOK_APP_SECRET: secret } = env;
  const urls = [...args, env.FACEBOOK_ATTACHMENTS_STORE].filter(isGiven);
  return [...urls.flatMap(secretsOf), ...[token?.trim(), secret?.trim()].filter(isGiven)];
}

function version(): string {
  const file = path.join(__dirname, '../../package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
