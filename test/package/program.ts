import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inTime } from '../support/checks/waiting';

/** Milliseconds until a program says what is expected of it, and until it has ended. */
const TIMEOUT = 60_000;

export interface ProgramOptions {
  /** Default: the Node that is in use */
  readonly node?: string;
  readonly cwd: string;
  /** Beyond this process's own. */
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a program of another folder for as long as `use` takes, once it has printed what `ready` matches. */
export async function withProgram(
  args: readonly string[],
  { node = process.execPath, cwd, env }: ProgramOptions,
  ready: RegExp,
  use: (match: RegExpExecArray) => Promise<void>,
): Promise<void> {
  const child = spawn(node, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close');
  let output = '';
  const said = new Promise<RegExpExecArray>((resolve, reject) => {
    const add = (text: string) => {
      output += text;
      const match = ready.exec(output);
      if (match) resolve(match);
    };
    child.stdout.setEncoding('utf8').on('data', add);
    child.stderr.setEncoding('utf8').on('data', add);
    child.once('close', () => {
      reject(new Error('It has ended'));
    });
  });
  try {
    await use(await inTime('the program is ready', said, TIMEOUT));
  } catch (error) {
    throw new Error(`${String(error)}\nThe program wrote:\n${output}`, { cause: error });
  } finally {
    child.kill('SIGTERM');
    await inTime('the program ends', ended, TIMEOUT).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
  }
}
