import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Nothing here takes nearly so long, even on a busy machine. */
const TIMEOUT = 180_000;

/** Without the loader of ES modules, which has a thread of its own. */
const TYPESCRIPT = require.resolve('tsx/cjs');

/** Runs a module of the benchmark in a process of its own. */
export function start(
  module: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): ChildProcess {
  return fork(module, args, { execArgv: ['--require', TYPESCRIPT, '--expose-gc', ...flags] });
}

/** The first thing that a process has to say. */
export async function firstMessage<T>(child: ChildProcess): Promise<T> {
  const timer = setTimeout(() => child.kill(), TIMEOUT);
  const said = new AbortController();
  try {
    return await Promise.race([
      once(child, 'message', said).then(([message]) => message as T),
      once(child, 'exit', said).then(([code, signal]) => {
        throw new Error(`the process ended without a result (${String(code ?? signal)})`);
      }),
    ]);
  } finally {
    said.abort();
    clearTimeout(timer);
  }
}

/** What a module of the benchmark measures in a process of its own. */
export async function measureInChild<T>(
  module: string,
  args: readonly string[] = [],
  flags: readonly string[] = [],
): Promise<T> {
  return firstMessage<T>(start(module, args, flags));
}
