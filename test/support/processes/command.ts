import { execFile, type ExecFileException } from 'node:child_process';
import { promisify } from 'node:util';

const execute = promisify(execFile);

export interface CommandOptions {
  readonly cwd: string;
  /** Beyond this process's own. */
  readonly env?: NodeJS.ProcessEnv;
  /** Milliseconds. */
  readonly timeout: number;
}

/**
 * Runs a program to its end.
 *
 * @returns What it wrote.
 * @throws With the end of whatever it wrote, if it failed or took too long.
 */
export async function runCommand(
  program: string,
  args: readonly string[],
  { cwd, env, timeout }: CommandOptions,
): Promise<{ stdout: string; stderr: string }> {
  try {
    return await execute(program, args, {
      cwd,
      timeout,
      env: { ...process.env, ...env },
      maxBuffer: 64 * 1024 * 1024,
    });
  } catch (error) {
    const { code, signal, stdout, stderr } = error as ExecFileException & { stdout: string; stderr: string };
    const how = signal ? `ended by ${signal}, after ${timeout} ms at most` : `exit code ${code ?? '?'}`;
    const printed = `${stdout}\n${stderr}`.trim().slice(-4_000);
    throw new Error(`${program} ${args.join(' ')} (${how}):\n${printed}`, { cause: error });
  }
}
