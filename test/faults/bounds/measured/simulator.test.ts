import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { Agent, request } from 'undici';
import { DEMO_PAGE } from 'messenger-platform-simulator';
import { assertAtMost, MB, show } from '../fixture';
import { type SimulatorMemory } from '../simulator-process';
import { TYPESCRIPT } from '../../../support/processes/typescript';

/** A run in CI takes fewer. */
const CALLS = Number(process.env['CALLS'] ?? 1_000_000);
const PEOPLE = 10_000;
/** Of a Graph batch. */
const BATCH = 50;
/** From here on the oldest calls and messages go. */
const FULL = 200_000;

describe('Memory of the simulator', function () {
  this.timeout(1_800_000);
  let simulator: ChildProcess;
  let url: string;
  let sent = 0;

  before(async () => {
    simulator = fork(path.join(__dirname, '../simulator-process.ts'), {
      execArgv: ['--expose-gc', ...TYPESCRIPT],
    });
    [url = ''] = (await once(simulator, 'message')) as [string];
  });
  after(() => simulator.kill('SIGKILL'));

  it(`is bounded at ${CALLS} calls`, async () => {
    const startedAt = performance.now();
    const memory: SimulatorMemory[] = [];
    for (const part of [1, 2, 3, 4, 5]) {
      await sendUntil((CALLS / 5) * part);
      memory.push(await measured());
    }
    const callsPerSecond = Math.round(sent / ((performance.now() - startedAt) / 1000));
    const mb = (name: keyof SimulatorMemory) => memory.map((one) => Math.round(one[name] / MB));
    show(`the simulator after each ${CALLS / 5} calls, in MB`, {
      used: mb('used'),
      resident: mb('resident'),
      callsPerSecond,
    });
    const [first, last] = [memory[0]?.used ?? 0, memory[4]?.used ?? 0];
    assertAtMost('MB in use', last / MB, 200);
    if (CALLS / 5 >= FULL) assertAtMost('bytes added by each call', (last - first) / (0.8 * CALLS), 5);
  });

  async function measured(): Promise<SimulatorMemory> {
    simulator.send('measure');
    const [memory] = (await once(simulator, 'message')) as [SimulatorMemory];
    return memory;
  }

  async function sendUntil(count: number): Promise<void> {
    // On a busy machine a connection that is kept may be closed just when the next request is written.
    const agent = new Agent({ connections: 4, pipelining: 0 });
    const sender = async () => {
      while (sent < count) {
        const from = sent;
        sent += BATCH;
        const batch = Array.from({ length: BATCH }, (_, at) => ({
          method: 'POST',
          relative_url: 'v25.0/me/messages',
          body: new URLSearchParams({
            recipient: `{"id":"${1 + ((from + at) % PEOPLE)}"}`,
            message: `{"text":"Message number ${from + at}"}`,
          }).toString(),
        }));
        const answer = await request(`${url}/?access_token=${DEMO_PAGE.token}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ batch, include_headers: false }),
          dispatcher: agent,
        });
        const parts = (await answer.body.json()) as { code: number }[];
        assert.equal(parts.filter(({ code }) => code === 200).length, BATCH);
      }
    };
    await Promise.all(Array.from({ length: 4 }, sender));
    await agent.close();
  }
});
