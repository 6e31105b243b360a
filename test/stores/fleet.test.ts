import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { arrived } from '../support/platform/received';
import { useFolder } from '../support/files/folder';
import { until } from '../support/checks/waiting';
import { hasRedis, openRedis } from '../support/stores/redis';
import { READY, type FleetOrders, type FleetReport } from './fleet-bot';
import { POSTGRES, REDIS } from './kinds';
import { useStore, type StoreFixture } from './use-store';

const PROCESSES = 6;
const ASSETS = Number(process.env.ASSETS ?? 200);

/** Milliseconds that the platform takes for an upload. */
const UPLOAD = 100;

const PATIENCE = 300_000;

/** Milliseconds. */
const OUTAGE = 10_000;

/** A picture, how large it is, and how often each process sends it. */
const LARGE = 'large.png';
const LARGE_BYTES = 5 * 1024 * 1024;
const SENDS = 100;

/** A bot in a process of its own. */
interface Bot {
  readonly user: string;
  readonly process: ChildProcess;
  readonly lines: Interface;
  /** Its last line. Undefined: it was killed. */
  readonly report: Promise<FleetReport | undefined>;
}

/** Six processes that start cold, on one store. */
describe(`Six processes that send the same ${ASSETS} pictures`, function () {
  this.timeout(PATIENCE);
  const folder = useFolder();
  const pictures = Array.from({ length: ASSETS }, (_, n) => `${n}.png`);
  let bots: Bot[] = [];

  beforeEach(async () => {
    for (const picture of pictures) await folder.write(picture, `The picture ${picture}`);
  });
  afterEach(() => {
    for (const { process } of bots) process.kill('SIGKILL');
    bots = [];
  });

  async function start(
    fixture: StoreFixture,
    order: (pictures: string[], process: number) => string[],
    place = fixture.place,
  ): Promise<void> {
    const { sim, page } = fixture;
    sim.openWindow({ page: page.id });
    sim.addFaults({ purpose: 'upload-file', delayMs: UPLOAD, times: PROCESSES * ASSETS });
    bots = Array.from({ length: PROCESSES }, (_, n) => {
      const user = String(7001 + n);
      const orders: FleetOrders = {
        place,
        sim: { host: sim.host, ca: sim.ca },
        page,
        root: folder.path,
        user,
        pictures: order([...pictures], n),
      };
      return openBot(user, orders);
    });
    await Promise.all(bots.map(({ lines }) => once(lines, 'line')));
    for (const bot of bots) bot.process.stdin?.end();
  }

  /** What all that were not killed report; each of their messages has arrived. */
  async function end(fixture: StoreFixture, messages = ASSETS): Promise<FleetReport[]> {
    const reports: FleetReport[] = [];
    for (const { user, report } of bots) {
      const ended = await report;
      if (!ended) continue;
      assert.deepEqual(ended.lost, []);
      assert.equal(arrived(fixture.sim, user, fixture.page.id).length, messages, `messages to ${user}`);
      reports.push(ended);
    }
    const longest = Math.max(...reports.map(({ longest }) => longest));
    console.log(
      `      ${uploadsOf(fixture)} uploads; no message waited longer than ${Math.round(longest)} ms`,
    );
    return reports;
  }

  const inOrder = (names: string[]): string[] => names;
  const shuffled = (names: string[], process: number): string[] => {
    let seed = process + 1;
    // https://en.wikipedia.org/wiki/Lehmer_random_number_generator
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647);
    return names
      .map((name) => ({ name, at: random() }))
      .sort((a, b) => a.at - b.at)
      .map(({ name }) => name);
  };

  describe('on Redis', () => {
    const fixture = useStore(REDIS);

    it('upload each once, and hardly any twice', async () => {
      await start(fixture, inOrder);
      await end(fixture);
      assertUploads(fixture, 1.05);
    });

    it('do so in whatever order', async () => {
      await start(fixture, shuffled);
      await end(fixture);
      assertUploads(fixture, 1.05);
    });

    it('lose nothing when one of them is killed, but what it held', async () => {
      await start(fixture, inOrder);
      await until('some are uploaded', () => uploadsOf(fixture) > ASSETS / 4, PATIENCE);
      bots[0]?.process.kill('SIGKILL');
      const reports = await end(fixture);
      assert.equal(reports.length, PROCESSES - 1);
      assertUploads(fixture, 1.12);
    });

    it('lose nothing while Redis stops for 10 s midway, and upload each four times at most', async function () {
      if (!hasRedis()) this.skip();
      const redis = await openRedis();
      fixture.closeAfterTest(redis);
      await start(fixture, inOrder, { ...fixture.place, at: redis.url });
      const isMidway = (): boolean =>
        bots.every(({ user }) => arrived(fixture.sim, user, fixture.page.id).length >= ASSETS / 2);
      await until('half of the messages of each have arrived', isMidway, PATIENCE);
      redis.stop();
      await wait(OUTAGE);
      redis.resume();
      await end(fixture);
      assertUploads(fixture, 4);
    });

    it('send a large one whose ID is dead, 100 times each, for three uploads’ worth of bytes', async () => {
      const { sim } = fixture;
      await folder.write(LARGE, randomBytes(LARGE_BYTES));
      const warmed = fixture.openBot({ root: folder.path });
      assert.equal((await warmed.plugin.warm([LARGE])).uploaded, 1);
      await fixture.close(warmed);
      sim.revokeAll();
      const { bytes: before } = sim.totals();
      await start(fixture, () => Array.from({ length: SENDS }, () => LARGE));
      await end(fixture, SENDS);
      const times = (sim.totals().bytes - before) / LARGE_BYTES;
      console.log(`      ${times.toFixed(1)} times its bytes`);
      // A call by ID has some hundred bytes.
      assert.ok(times <= 3.1, `${times} times its bytes`);
    });
  });

  describe('on PostgreSQL', () => {
    const fixture = useStore(POSTGRES);

    it('upload each once, and hardly any twice', async () => {
      await start(fixture, inOrder);
      await end(fixture);
      assertUploads(fixture, 1.1);
    });
  });
});

/** Without what went in one step, because its process was too busy to wait for its ID. */
function uploadsOf({ sim }: StoreFixture): number {
  return sim.totals().byPurpose['upload-file'] ?? 0;
}

function assertUploads(fixture: StoreFixture, factor: number): void {
  const uploads = uploadsOf(fixture);
  assert.ok(uploads <= factor * ASSETS, `${uploads} uploads of ${ASSETS} pictures`);
}

function openBot(user: string, orders: FleetOrders): Bot {
  const program = path.join(__dirname, 'fleet-bot.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, JSON.stringify(orders)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  let last = '';
  lines.on('line', (line) => (last = line));
  const report = once(child, 'close').then(([code]) => {
    if (code === null) return undefined;
    assert.equal(code, 0, `its exit code`);
    assert.notEqual(last, READY, 'it ended before it had begun');
    return JSON.parse(last) as FleetReport;
  });
  return { user, process: child, lines, report };
}
