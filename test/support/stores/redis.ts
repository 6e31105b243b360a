import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { freePort } from '../platform/listen';
import { until } from '../checks/waiting';

/** A Redis server of our own, which can be stopped, killed and started again. */
export interface Redis {
  readonly url: string;
  /** Carries a command out, and resolves with the first line of the answer. */
  ask(command: string): Promise<string>;
  /** From now on nothing is answered, and no connection is closed. */
  stop(): void;
  resume(): void;
  kill(): Promise<void>;
  /** At the same place as before, empty. */
  start(): Promise<void>;
  /** Kills it, and takes away what it left. */
  close(): Promise<void>;
}

/** Whether this machine has a `redis-server`. */
export function hasRedis(): boolean {
  try {
    execFileSync('redis-server', ['--version']);
    return true;
  } catch {
    return false;
  }
}

export async function openRedis(): Promise<Redis> {
  const folder = await mkdtemp(path.join(tmpdir(), 'redis-'));
  const port = await freePort();
  let server: ChildProcess | undefined;

  const start = async () => {
    const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder];
    server = spawn('redis-server', options, { stdio: 'ignore' });
    await once(server, 'spawn');
    await until('Redis answers', () =>
      ask(port, 'PING').then(
        () => true,
        () => false,
      ),
    );
  };
  const kill = async () => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
  };
  await start();
  return {
    url: `redis://127.0.0.1:${port}`,
    ask: (command) => ask(port, command),
    stop: () => void server?.kill('SIGSTOP'),
    resume: () => void server?.kill('SIGCONT'),
    kill,
    start,
    close: async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** https://redis.io/docs/latest/develop/reference/protocol-spec/#inline-commands */
async function ask(port: number, command: string): Promise<string> {
  const connection = connect(port, '127.0.0.1');
  try {
    await once(connection, 'connect');
    connection.write(`${command}\r\n`);
    const [answer] = (await once(connection, 'data')) as [Buffer];
    return answer.toString().trimEnd();
  } finally {
    connection.destroy();
  }
}
