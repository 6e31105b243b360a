import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import Module from 'node:module';
import path from 'node:path';
import { Writable } from 'node:stream';
import { restore, stub } from 'sinon';
import { Agent } from 'undici';
import type { Simulator } from 'messenger-platform-simulator';
import { run } from '../../src/cli/run';
import { useFolder, type Folder } from '../support/files/folder';
import { until } from '../support/checks/waiting';
import { useSimulator, type SimulatorFixture } from '../support/bot/use-simulator';
import { ASSETS } from '../support/files/assets';
import { PAGE } from '../support/platform/pages';
import { TYPESCRIPT } from '../support/processes/typescript';

const MAIN = path.join(__dirname, '../../src/cli/main.ts');

/** No spawned tool outlives this. */
const LONGEST = 60_000;

/** What the tool left behind when it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  /** Instead of the page's token and the app's secret. The host of the Graph API is the simulator's. */
  readonly env?: NodeJS.ProcessEnv;
  /** The current folder. Default: the test's. */
  readonly folder?: string;
  readonly signal?: AbortSignal;
  /** The streams are a terminal's. */
  readonly terminal?: boolean;
}

/** A tool in a process of its own. */
export interface Spawned {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Until it has written something to either stream. */
  readonly written: (text: string | RegExp) => Promise<void>;
}

/** Everything that a test of the tool stands on; made anew for each. */
export interface Workbench extends Pick<SimulatorFixture, 'openBotkit' | 'closeAfterTest'> {
  readonly sim: Simulator;
  /** The current folder. */
  readonly folder: Folder;
  /** `STORE`, without any IDs. */
  createStore(): Promise<void>;
  /** Runs the tool in this process, against the simulator. */
  tool(args: readonly string[], options?: ToolOptions): Promise<Ended>;
  spawnTool(args: readonly string[], options?: ToolOptions): Promise<Spawned>;
  /** The program and its arguments, for whatever is to start it. */
  command(args: readonly string[]): { readonly line: readonly string[]; readonly env: NodeJS.ProcessEnv };
}

export const STORE = 'file://ids.json';

export const TOKEN = { FACEBOOK_ACCESS_TOKEN: PAGE.token, FACEBOOK_APP_SECRET: PAGE.secret };

/** For `--root`. */
export const IN_ASSETS = ['--root', ASSETS, '--store', STORE];

export function workbench(): Workbench {
  const platform = useSimulator();
  const folder = useFolder('project');
  const children: ChildProcess[] = [];
  let dispatcher: Agent | undefined;
  before(() => {
    dispatcher = new Agent({ connect: { ca: platform.sim.ca } });
  });
  beforeEach(() => writeFile(folder.at('..', 'ca.pem'), platform.sim.ca));
  afterEach(() => {
    restore();
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  after(() => dispatcher?.close());

  const command: Workbench['command'] = (args) => ({
    line: [process.execPath, ...TYPESCRIPT, MAIN, ...args],
    // Without what the machine itself sets: a proxy, CI.
    env: {
      PATH: process.env.PATH,
      NODE_EXTRA_CA_CERTS: folder.at('..', 'ca.pem'),
      FACEBOOK_API_HOST: platform.sim.host,
    },
  });

  return {
    get sim() {
      return platform.sim;
    },
    folder,
    openBotkit: (options) => platform.openBotkit(options),
    closeAfterTest: (thing) => platform.closeAfterTest(thing),
    command,
    createStore: async () => {
      await folder.write('ids.json', '{"cache":[]}');
    },
    tool: async (args, { env = TOKEN, folder: cwd = folder.path, signal, terminal = false } = {}) => {
      const [stdout, stderr] = [new Captured(terminal), new Captured(terminal)];
      const code = await run(args, {
        env: { FACEBOOK_API_HOST: platform.sim.host, ...env },
        folder: cwd,
        stdout,
        stderr,
        signal: signal ?? new AbortController().signal,
        ...(dispatcher && { dispatcher }),
      });
      return { code, stdout: stdout.text, stderr: stderr.text };
    },
    spawnTool: async (args, { env = TOKEN, folder: cwd = folder.path } = {}) => {
      const { line, env: basic } = command(args);
      const [program = '', ...rest] = line;
      const child = spawn(program, rest, { cwd, env: { ...basic, ...env }, timeout: LONGEST });
      children.push(child);
      const written = { stdout: '', stderr: '' };
      child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text));
      await once(child, 'spawn');
      return {
        child,
        ended: once(child, 'close').then(([code]): Ended => ({ code: code as number | null, ...written })),
        written: (text) =>
          until(`${String(text)} is written`, () => (written.stdout + written.stderr).search(text) !== -1),
      };
    },
  };
}

/** Until the end of the test, a package cannot be found, be it installed or not. */
export function hidePackage(name: string): void {
  const missing = Object.assign(new Error(`Cannot find module '${name}'`), { code: 'MODULE_NOT_FOUND' });
  stub(Module, '_load' as keyof typeof Module)
    .callThrough()
    .withArgs(name as never)
    .throws(missing);
}

class Captured extends Writable {
  text = '';
  readonly columns = 80;

  constructor(readonly isTTY: boolean) {
    super();
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** What `--json` prints of `warm`, `forget` and `refresh`. */
export interface Printed {
  readonly page: string;
  readonly interrupted: boolean;
  readonly results: readonly {
    readonly asset: string;
    readonly outcome: string;
    readonly attachmentId?: string;
    readonly error?: { readonly code: string; readonly message: string };
  }[];
  readonly kept?: readonly {
    readonly asset: string;
    readonly attachmentId: string;
    readonly reason: string;
  }[];
  readonly uploaded: number;
  readonly failed: number;
  readonly skipped: number;
  readonly bytesUploaded: number;
}

export function printed({ stdout }: Ended): Printed {
  return JSON.parse(stdout) as Printed;
}
