import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TYPESCRIPT } from '../support/processes/typescript';
import type { Simulator } from 'messenger-platform-simulator';
import type { ClientUnderTest, StepName } from './client';

export interface Task {
  readonly step: StepName;
  readonly args: readonly string[];
}

/** What came of a task. */
export type Outcome = { readonly result: unknown } | { readonly error: string };

/** A client for which graph.facebook.com is the simulator. */
export class RunningClient {
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(child: ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
  }

  /** The simulator has to allow the host graph.facebook.com. */
  static async start(
    { name }: ClientUnderTest,
    page: { id: string; token: string },
    simulator: Simulator,
  ): Promise<RunningClient> {
    const folder = await mkdtemp(path.join(tmpdir(), 'client-'));
    const caFile = path.join(folder, 'ca.pem');
    await writeFile(caFile, simulator.ca);
    const child = fork(path.join(__dirname, 'client-process.ts'), [name, page.id, page.token], {
      execArgv: [...TYPESCRIPT, '--require', path.join(__dirname, 'redirect.cjs')],
      env: { ...process.env, NODE_EXTRA_CA_CERTS: caFile, SIMULATOR_PORT: new URL(simulator.url).port },
      // Some print the errors that they get.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    return new RunningClient(child, folder);
  }

  /** Rejects with what the client said. */
  async take(step: StepName, ...args: string[]): Promise<unknown> {
    const answered = once(this.#child, 'message');
    this.#child.send({ step, args } satisfies Task);
    const ended = once(this.#child, 'exit').then(([code]) => {
      throw new Error(`The process has ended with ${String(code)}`);
    });
    const [outcome] = (await Promise.race([answered, ended])) as [Outcome];
    if ('error' in outcome) throw new Error(outcome.error);
    return outcome.result;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill();
      await ended;
    }
    await rm(this.#folder, { recursive: true });
  }
}
