import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { TYPESCRIPT } from './typescript';

/** A program in a process of its own. */
export interface Child {
  /** What it has printed, line by line. */
  readonly lines: readonly string[];
  /** What it has printed to stderr. */
  readonly stderrLines: readonly string[];
  /** Resolves with its exit code; null if it was killed. */
  readonly ended: Promise<number | null>;
  /** At once, without a chance to clean up. */
  kill(): void;
}

/**
 * Starts a TypeScript program; `ca` is whom it trusts, as Node itself lets it be told, and `env` is added to its
 * environment.
 */
export function startChild(
  program: string,
  argument: object,
  { ca, env = {} }: { ca: string; env?: NodeJS.ProcessEnv },
): Child {
  const child = spawn(process.execPath, [...TYPESCRIPT, program, JSON.stringify(argument)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_EXTRA_CA_CERTS: ca, ...env },
  });
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return {
    lines: linesOf(child.stdout),
    stderrLines: linesOf(child.stderr),
    ended,
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

function linesOf(stream: NodeJS.ReadableStream): string[] {
  const lines: string[] = [];
  createInterface({ input: stream }).on('line', (line) => lines.push(line));
  return lines;
}
