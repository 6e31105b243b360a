import assert from 'node:assert/strict';
import sinon from 'sinon';
import { FILE_LIMIT, LANE_LIMITS } from '../../../src/graph/connections';
import { Lane, type Leave } from '../../../src/graph/lane';
import { usedHeap } from '../../support/checks/heap';
import { fakeTime, countActiveTimers } from '../../support/checks/fake-time';

const PAGE = {};

const stalled = (waited: number): Error => new Error(`waited ${waited}`);

describe('Lane', () => {
  afterEach(() => {
    sinon.restore();
  });

  /** Calls that end, or leave their place, when the test says so. */
  function calls(lane: Lane): {
    readonly begun: string[];
    readonly run: (name: string, page?: object) => Promise<string>;
    readonly leave: (name: string) => Promise<void>;
    readonly end: (name: string, error?: Error) => Promise<void>;
  } {
    const begun: string[] = [];
    const ends = new Map<string, (error?: Error) => void>();
    const leaves = new Map<string, Leave>();
    return {
      begun,
      run: (name, page = PAGE) =>
        lane.run(
          page,
          (leave) => {
            begun.push(name);
            leaves.set(name, leave);
            return new Promise((resolve, reject) => {
              ends.set(name, (error) => {
                if (error) reject(error);
                else resolve(name);
              });
            });
          },
          stalled,
        ),
      leave: async (name) => {
        leaves.get(name)?.();
        await settled();
      },
      end: async (name, error) => {
        ends.get(name)?.(error);
        await settled();
      },
    };
  }

  it('begins as many calls as have a place, and the others in order when one ends, well or not', async () => {
    const { begun, run, end } = calls(new Lane(2));
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => run(name));
    assert.deepEqual(begun, ['a', 'b']);
    await end('b');
    assert.deepEqual(begun, ['a', 'b', 'c']);
    await end('a', new Error('No'));
    assert.deepEqual(begun, ['a', 'b', 'c', 'd']);
    await end('d');
    await end('c');
    await assert.rejects(a ?? assert.fail(), { message: 'No' });
    assert.deepEqual(await Promise.all([b, c, d]), ['b', 'c', 'd']);
  });

  it('keeps all who wait, in order, when others come after one of them has had its turn', async () => {
    const { begun, run, end } = calls(new Lane(1));
    const all = ['a', 'b', 'c', 'd'].map((name) => run(name));
    await end('a');
    all.push(run('e'));
    for (const name of ['b', 'c', 'd', 'e']) await end(name);
    assert.deepEqual(begun, ['a', 'b', 'c', 'd', 'e']);
    await Promise.all(all);
  });

  it('leaves no timer behind when nobody waits any more', async () => {
    const clock = fakeTime();
    const lane = new Lane(1);
    void lane.run(PAGE, () => new Promise(() => undefined), stalled);
    const waiting = lane.run(PAGE, () => assert.fail('it began'), stalled);
    await Promise.all([assert.rejects(waiting, /waited 30/), clock.tickAsync(30_000)]);
    assert.equal(clock.countTimers(), 0);
  });

  it('has all its places again when all is done', async () => {
    const { begun, run, end } = calls(new Lane(2));
    for (const round of ['1', '2', '3']) {
      const all = Promise.all(['a', 'b', 'c'].map((name) => run(name + round)));
      for (const name of ['a', 'b', 'c']) await end(name + round);
      await all;
    }
    assert.equal(begun.length, 9);
    void run('x');
    void run('y');
    assert.deepEqual(begun.slice(9), ['x', 'y']);
  });

  it('gives a place back when a call throws at once', async () => {
    const lane = new Lane(1);
    const thrown = (): never => {
      throw new Error('At once');
    };
    await assert.rejects(lane.run(PAGE, thrown, stalled), { message: 'At once' });
    assert.equal(await lane.run(PAGE, () => Promise.resolve('fine'), stalled), 'fine');
  });

  it('has a place free again when a call leaves it, though it goes on, and once only', async () => {
    const { begun, run, leave, end } = calls(new Lane(1));
    const first = run('a');
    void run('b');
    void run('c');
    await leave('a');
    assert.deepEqual(begun, ['a', 'b']);
    await leave('a');
    await end('a');
    assert.equal(await first, 'a');
    assert.deepEqual(begun, ['a', 'b']);
    await end('b');
    assert.deepEqual(begun, ['a', 'b', 'c']);
  });

  describe('with several pages', () => {
    const pages = Array.from({ length: 20 }, (_, number) => ({ number }));

    /** Runs so many calls of a page that never end, and tells how many have begun. */
    function hang(lane: Lane, page: object, count: number): () => number {
      let begun = 0;
      const call = (): Promise<never> => {
        begun += 1;
        return new Promise(() => undefined);
      };
      for (let calling = 0; calling < count; calling++) void lane.run(page, call, stalled);
      return () => begun;
    }

    afterEach(() => {
      sinon.restore();
    });

    it('leaves room beside a page whose calls hang, and beside several', () => {
      fakeTime();
      const lane = new Lane(60);
      const begun = pages.slice(0, 15).map((page) => hang(lane, page, 100)());
      assert.deepEqual(begun, [33, 3, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
    });

    for (const [name, places] of Object.entries({ ...LANE_LIMITS, file: FILE_LIMIT })) {
      it(`leaves room for an eleventh page beside ten whose calls hang, of kind "${name}"`, () => {
        fakeTime();
        const lane = new Lane(places);
        for (const page of pages.slice(0, 10)) hang(lane, page, 100);
        assert.ok(hang(lane, PAGE, 1)() > 0);
      });
    }

    it('lets no call of another page wait for one whose calls hang', async () => {
      fakeTime();
      const lane = new Lane(60);
      hang(lane, PAGE, 1_000);
      const { run, end } = calls(lane);
      for (let call = 0; call < 100; call++) {
        const done = run(`${call}`, pages[0]);
        await end(`${call}`);
        assert.equal(await done, `${call}`);
      }
    });

    it('has pages take turns, each in its own order', async () => {
      const { begun, run, end } = calls(new Lane(1));
      void run('first');
      for (const name of ['a1', 'a2', 'a3', 'a4']) void run(name, pages[0]);
      for (const name of ['b1', 'b2']) void run(name, pages[1]);
      void run('c1', pages[2]);
      for (const name of ['first', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']) await end(name);
      assert.deepEqual(begun, ['first', 'a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
    });

    it('fails a call that waits for others of its page although another page goes on', async () => {
      const clock = fakeTime();
      const lane = new Lane(5);
      hang(lane, PAGE, 3);
      const { run } = calls(lane);
      const failure = assert.rejects(run('waits'), { message: 'waited 30000' });
      await clock.tickAsync(20_000);
      lane.progress(pages[0] ?? PAGE);
      await clock.tickAsync(10_000);
      assert.equal(await stateOf(failure), 'done');
    });

    it('has a page without a place wait as long as any other goes on', async () => {
      const clock = fakeTime();
      const lane = new Lane(1);
      hang(lane, PAGE, 1);
      const { run } = calls(lane);
      const failure = assert.rejects(run('waits', pages[0]), { message: 'waited 50000' });
      await clock.tickAsync(20_000);
      lane.progress(PAGE);
      await clock.tickAsync(29_999);
      assert.equal(await stateOf(failure), 'pending');
      await clock.tickAsync(1);
      assert.equal(await stateOf(failure), 'done');
    });
  });

  it('fails a call that waited 30 s in which no call made progress', async () => {
    const clock = fakeTime();
    const { begun, run, end } = calls(new Lane(1));
    const first = run('hangs');
    const failure = assert.rejects(run('waits'), { message: 'waited 30000' });
    await clock.tickAsync(10_000);
    const later = assert.rejects(run('waits, too'), { message: 'waited 30000' });
    await clock.tickAsync(19_999);
    assert.equal(await stateOf(failure), 'pending');
    await clock.tickAsync(1);
    assert.equal(await stateOf(failure), 'done');
    assert.equal(await stateOf(later), 'pending');
    await clock.tickAsync(10_000);
    assert.equal(await stateOf(later), 'done');
    await end('hangs');
    assert.equal(await first, 'hangs');
    assert.deepEqual(begun, ['hangs']);
  });

  it('has them wait on while an answer or bytes come', async () => {
    const clock = fakeTime();
    const lane = new Lane(1);
    const { run, end, begun } = calls(lane);
    void run('slow');
    const waiting = run('waits');
    for (let minute = 0; minute < 4; minute++) {
      await clock.tickAsync(29_000);
      lane.progress(PAGE);
    }
    await end('slow');
    assert.deepEqual(begun, ['slow', 'waits']);
    await end('waits');
    assert.equal(await waiting, 'waits');
  });

  it('fails them 30 s after the last progress', async () => {
    const clock = fakeTime();
    const lane = new Lane(1);
    const { run } = calls(lane);
    void run('hangs');
    const failure = assert.rejects(run('waits'), { message: 'waited 42000' });
    await clock.tickAsync(12_000);
    lane.progress(PAGE);
    await clock.tickAsync(29_999);
    assert.equal(await stateOf(failure), 'pending');
    await clock.tickAsync(1);
    assert.equal(await stateOf(failure), 'done');
  });

  it('fails nobody because the process stood still: the answers have yet to be read', async () => {
    const clock = fakeTime();
    const { run, end } = calls(new Lane(1));
    void run('first');
    const waiting = run('waits');
    await clock.tickAsync(1_000);
    clock.jump(60_000);
    await clock.tickAsync(100);
    assert.equal(await stateOf(waiting.catch(() => undefined)), 'pending');
    await end('first');
    await end('waits');
    assert.equal(await waiting, 'waits');
  });

  it('forgets who has failed: the next place is for the next one', async () => {
    const clock = fakeTime();
    const { begun, run, end } = calls(new Lane(1));
    void run('hangs');
    const failures = ['a', 'b'].map((name) => assert.rejects(run(name)));
    await clock.tickAsync(30_000);
    await Promise.all(failures);
    void run('c');
    await end('hangs');
    assert.deepEqual(begun, ['hangs', 'c']);
    void run('d');
    await end('c');
    assert.deepEqual(begun, ['hangs', 'c', 'd']);
  });

  it('fails thousands in small groups, so that the process has its turn', async () => {
    const clock = fakeTime();
    const { run } = calls(new Lane(1));
    void run('hangs');
    let failed = 0;
    const count = (): void => {
      failed += 1;
    };
    for (let waiting = 0; waiting < 450; waiting++) run(`${waiting}`).catch(count);
    await clock.tickAsync(30_000);
    assert.equal(failed, 200);
    await clock.tickAsync(1);
    assert.equal(failed, 400);
    await clock.tickAsync(1);
    assert.equal(failed, 450);
  });

  it('has one timer while calls wait, and none otherwise', async () => {
    await settled();
    const before = countActiveTimers();
    const { run, end } = calls(new Lane(1));
    void run('a');
    assert.equal(countActiveTimers() - before, 0);
    void run('b');
    void run('c');
    assert.equal(countActiveTimers() - before, 1);
    await end('a');
    assert.equal(countActiveTimers() - before, 1);
    await end('b');
    assert.equal(countActiveTimers() - before, 0);
    await end('c');
  });

  it('keeps less than three times what any wait keeps, and takes next to no time, for a call that waits', async function () {
    // The machine may be busy.
    this.retries(4);
    const lane = new Lane(1);
    const { run, end } = calls(lane);
    void run('first');
    let done = 0;
    const call = (): Promise<void> => {
      done += 1;
      return Promise.resolve();
    };
    const beforeCalls = usedHeap();
    const usedBefore = process.cpuUsage();
    const all = Array.from({ length: 10_000 }, () => lane.run(PAGE, call, stalled));
    const { user, system } = process.cpuUsage(usedBefore);
    const ms = (user + system) / 1000;
    const keptByCalls = usedHeap() - beforeCalls;

    // A promise is several times larger while somebody uses an AsyncLocalStorage, so it is measured beside.
    const beforeWaits = usedHeap();
    const resolves: (() => void)[] = [];
    const waits = Array.from({ length: 10_000 }, async () => {
      await new Promise<void>((resolve) => resolves.push(resolve));
      await call();
    });
    const keptByWaits = usedHeap() - beforeWaits;

    await end('first');
    for (const resolve of resolves) resolve();
    await Promise.all([...all, ...waits]);
    assert.equal(done, 20_000);
    // At the end, so that no call of a try that fails is left over.
    assert.ok(ms < 300, `${ms} ms`);
    assert.ok(keptByCalls < 3 * keptByWaits, `${keptByCalls} bytes, and waits alone keep ${keptByWaits}`);
  });
});

/** After all that is to happen at once has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'done'> {
  return Promise.race([promise.then(() => 'done' as const), settled().then(() => 'pending' as const)]);
}
