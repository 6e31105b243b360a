import { CommanderError, type Command } from 'commander';
import { doctor } from './doctor/doctor';
import { Printer } from './printer';
import { createProgram, type CommandAction } from './program';
import { Session, type ProcessContext, type SessionOptions, type StoreAccess } from './session';
import { secretsOf } from './store';
import { EXIT } from './upload';

/**
 * The command-line tool.
 *
 * @returns The exit code. Whatever went wrong has been written to standard error.
 */
export async function run(args: readonly string[], context: ProcessContext): Promise<number> {
  const { stdout, stderr, env, folder } = context;
  const printer = new Printer(stdout, stderr, secretsIn(args, env));
  let exitCode: number = EXIT.good;
  const program = createProgram({
    env,
    folder,
    output: {
      writeOut: (text) => stdout.write(text),
      writeErr: (text) => stderr.write(text),
      outputError: (text) => {
        printer.problem(withoutOptionValue(text));
      },
    },
    diagnose: async (options) => {
      exitCode = await doctor(options, { context, printer });
    },
    execute: async (action, options, access) => {
      exitCode = await runCommand(action, { options, context, printer }, access);
    },
  });
  try {
    await program.parseAsync(toKnown(args, program), { from: 'user' });
    return exitCode;
  } catch (error) {
    // commander has printed it.
    if (error instanceof CommanderError) return isAnswer(error, args) ? EXIT.good : EXIT.usage;
    printer.problem(error);
    return EXIT.failed;
  }
}

async function runCommand(
  action: CommandAction,
  options: SessionOptions,
  access: StoreAccess,
): Promise<number> {
  const session = await Session.open(options, access);
  try {
    const exitCode = await action(session);
    const problems = await session.settle();
    if (problems.length === 0) return exitCode;
    for (const problem of problems) options.printer.problem(problem);
    return exitCode === EXIT.good ? EXIT.failed : exitCode;
  } catch (error) {
    throw session.toPrintedError(error);
  } finally {
    await session.close();
  }
}

/** Of `help wram` and `wram --help`, commander would print the general help, as if that were what was asked for. */
function toKnown(args: readonly string[], { commands }: Command): readonly string[] {
  const [first, second = first] = args;
  const name = first === 'help' ? second : first;
  const isKnown = name === undefined || name === 'help' || name.startsWith('-');
  return isKnown || commands.some((command) => command.name() === name) ? args : [name];
}

/** The help or the version that was asked for, and not the help that is printed when there is no command. */
function isAnswer({ code }: CommanderError, args: readonly string[]): boolean {
  if (code === 'commander.help') return args.length > 0;
  return code === 'commander.helpDisplayed' || code === 'commander.version';
}

/** An unknown option may be a misspelt one whose value is secret. */
function withoutOptionValue(text: string): string {
  return text.replace(/(?<=unknown option '[^=]*)=[^]*'/, "'");
}

/** From wherever they can come: a store may stand in any argument. */
function secretsIn(args: readonly string[], env: NodeJS.ProcessEnv): string[] {
  const { FACEBOOK_ACCESS_TOKEN: token, FACEBOOK_APP_SECRET: secret } = env;
  const urls = [...args, env.FACEBOOK_ATTACHMENTS_STORE].filter(isPresent);
  return [...urls.flatMap(secretsOf), ...[token?.trim(), secret?.trim()].filter(isPresent)];
}

function isPresent(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
