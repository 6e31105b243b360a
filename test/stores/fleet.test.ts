import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { arrived } from '../support/platform/received';
import { useFolder } from '../support/files/folder';
import { inTime, until } from '../support/checks/waiting';
import { hasRedis, openRedis, type Redis } from '../support/stores/redis';
import { READY, type FleetOrders, type FleetReport } from './fleet-bot';
import { POSTGRES, REDIS } from './kinds';
import { useStore, type StoreFixture } from './use-store';
import { TYPESCRIPT } from '../support/processes/typescript';

const PROCESSES = 6;
const ASSETS = Number(process.env.ASSETS ?? 200);

/**
 * Uploads that a moment costs in which the machine or the store is busy with something else, however many pictures
 * there are: 10 % of 500.
 */
const MOMENT = 50;

/** Milliseconds that the platform takes for an upload. */
const UPLOAD = 100;

const PATIENCE = 300_000;

/** Milliseconds. */
const OUTAGE = 10_000;

/** Milliseconds. */
const PAUSE = 1_200;

/** Of few pictures, half are uploaded so soon that the other processes have hardly looked for their IDs. */
const OUTAGE_FACTOR = ASSETS < 500 ? 5 : 4;

const STOPS: readonly {
  readonly how: string;
  readonly stop: (redis: Redis) => unknown;
  readonly resume: (redis: Redis) => unknown;
}[] = [
  {
    how: 'does not answer',
    stop: (redis) => {
      redis.stop();
    },
    resume: (redis) => {
      redis.resume();
    },
  },
  // It comes back empty.
  { how: 'is not there', stop: (redis) => redis.kill(), resume: (redis) => redis.start() },
];

/**
 * Milliseconds that a message waits for an ID: the default of `uploadWait`, 5 s more if another process still uploads,
 * and what a busy machine adds.
 */
const LONGEST_WAIT = 30_000;

/** Milliseconds that a process may take to end. */
const ENDING = 10_000;

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
    const { sim, page, env } = fixture;
    sim.openWindow({ page: page.id });
    sim.addFaults({ purpose: 'upload-file', delayMs: UPLOAD, times: PROCESSES * ASSETS });
    bots = Array.from({ length: PROCESSES }, (_, n) => {
      const user = String(7001 + n);
      const orders: FleetOrders = {
        place,
        host: sim.host,
        page,
        root: folder.path,
        user,
        pictures: order([...pictures], n),
      };
      return openBot(user, orders, env);
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
    for (const [error, times] of countErrors(reports)) console.log(`      ${times} × ${error}`);
    console.log(
      `      ${uploadsOf(fixture)} uploads; no message waited for its ID for longer than ${Math.round(longest)} ms`,
    );
    assert.ok(longest <= LONGEST_WAIT, `a message waited for its ID for ${longest} ms`);
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
      assertUploads(fixture, 1.05 * ASSETS);
    });

    it('do so in whatever order', async () => {
      await start(fixture, shuffled);
      await end(fixture);
      assertUploads(fixture, 1.05 * ASSETS);
    });

    it('lose nothing when one of them is killed, but what it held', async () => {
      await start(fixture, inOrder);
      await until('some are uploaded', () => uploadsOf(fixture) > ASSETS / 4, PATIENCE);
      bots[0]?.process.kill('SIGKILL');
      const reports = await end(fixture);
      assert.equal(reports.length, PROCESSES - 1);
      assertUploads(fixture, 1.12 * ASSETS);
    });

    for (const { how, stop, resume } of STOPS) {
      it(`lose nothing while Redis ${how} for 10 s when half are uploaded, and upload each ${OUTAGE_FACTOR} times at most`, async function () {
        if (!hasRedis()) this.skip();
        const redis = await openRedis();
        fixture.closeAfterTest(redis);
        await start(fixture, inOrder, { ...fixture.place, at: redis.url });
        await until('half of them are uploaded', () => uploadsOf(fixture) >= ASSETS / 2, PATIENCE);
        await stop(redis);
        await wait(OUTAGE);
        await resume(redis);
        await end(fixture);
        assertUploads(fixture, OUTAGE_FACTOR * ASSETS);
      });
    }

    it('upload hardly any twice when Redis does not answer for a second', async function () {
      if (!hasRedis()) this.skip();
      const redis = await openRedis();
      fixture.closeAfterTest(redis);
      await start(fixture, inOrder, { ...fixture.place, at: redis.url });
      await until('some are uploaded', () => uploadsOf(fixture) >= ASSETS / 4, PATIENCE);
      redis.stop();
      await wait(PAUSE);
      redis.resume();
      await end(fixture);
      // Without waiting, they repeat most of what is left.
      assertUploads(fixture, ASSETS + MOMENT);
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

    beforeEach('a fleet finds its table, and does not create it at each start', async () => {
      await fixture.openStore().adapter.get('any');
    });

    it('upload each once, and hardly any twice', async () => {
      await start(fixture, inOrder);
      await end(fixture);
      assertUploads(fixture, ASSETS + MOMENT);
    });
  });
});

/** Without what went in one step, because its process was too busy to wait for its ID. */
function uploadsOf({ sim }: StoreFixture): number {
  return sim.totals().byPurpose['upload-file'] ?? 0;
}

/** How often each failure was reported, without what it concerns: that tells why there was an upload too many. */
function countErrors(reports: readonly FleetReport[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const error of reports.flatMap(({ errors }) => errors))
    counts.set(error, (counts.get(error) ?? 0) + 1);
  return counts;
}

function assertUploads(fixture: StoreFixture, most: number): void {
  const uploads = uploadsOf(fixture);
  assert.ok(uploads <= most, `${uploads} uploads of ${ASSETS} pictures, and the limit is ${most}`);
}

function openBot(user: string, orders: FleetOrders, env: NodeJS.ProcessEnv): Bot {
  const program = path.join(__dirname, 'fleet-bot.ts');
  const child = spawn(process.execPath, [...TYPESCRIPT, program, JSON.stringify(orders)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: child.stdout });
  let last = '';
  const hasReported = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      last = line;
      if (line !== READY) resolve();
    });
  });
  const closed = once(child, 'close') as Promise<[code: number | null]>;
  const report = Promise.race([hasReported, closed]).then(async () => {
    const [code] = await inTime('the process ends by itself', closed, ENDING);
    if (code === null) return undefined;
    assert.equal(code, 0, `its exit code`);
    assert.notEqual(last, READY, 'it ended before it had begun');
    return JSON.parse(last) as FleetReport;
  });
  return { user, process: child, lines, report };
}
