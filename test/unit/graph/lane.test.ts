import assert from 'node:assert/strict';
import sinon from 'sinon';
import { Lane } from '../../../src/graph/lane';
import { fakeTime, countActiveTimers } from '../../support/checks/fake-time';

const stalled = (waited: number): Error => new Error(`waited ${waited}`);

describe('Lane', () => {
  afterEach(() => {
    sinon.restore();
  });

  /** Calls that end when the test says so. */
  function calls(lane: Lane): {
    readonly begun: string[];
    readonly run: (name: string) => Promise<string>;
    readonly end: (name: string, error?: Error) => Promise<void>;
  } {
    const begun: string[] = [];
    const ends = new Map<string, (error?: Error) => void>();
    return {
      begun,
      run: (name) =>
        lane.run(() => {
          begun.push(name);
          return new Promise((resolve, reject) => {
            ends.set(name, (error) => {
              if (error) reject(error);
              else resolve(name);
            });
          });
        }, stalled),
      end: async (name, error) => {
        ends.get(name)?.(error);
        await settled();
      },
    };
  }

  it('begins as many calls as have a place, and the others in order when one ends, well or not', async () => {
    const { begun, run, end } = calls(new Lane(2));
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(run);
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
    await assert.rejects(lane.run(thrown, stalled), { message: 'At once' });
    assert.equal(await lane.run(() => Promise.resolve('fine'), stalled), 'fine');
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
      lane.progress();
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
    lane.progress();
    await clock.tickAsync(29_999);
    assert.equal(await stateOf(failure), 'pending');
    await clock.tickAsync(1);
    assert.equal(await stateOf(failure), 'done');
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

  it('takes less than a kilobyte and next to no time for a call that waits', async function () {
    // Garbage is collected when it is, and the machine may be busy.
    this.retries(4);
    const lane = new Lane(1);
    const { run, end } = calls(lane);
    void run('first');
    const bytesBefore = process.memoryUsage().heapUsed;
    const begun = performance.now();
    let done = 0;
    const all = Array.from({ length: 10_000 }, () =>
      lane.run(() => {
        done += 1;
        return Promise.resolve();
      }, stalled),
    );
    const ms = performance.now() - begun;
    assert.ok(ms < 200, `${ms} ms`);
    const bytes = process.memoryUsage().heapUsed - bytesBefore;
    assert.ok(bytes < 20_000_000, `${bytes} bytes`);
    await end('first');
    await Promise.all(all);
    assert.equal(done, 10_000);
  });
});

/** After all that is to happen at once has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'done'> {
  return Promise.race([promise.then(() => 'done' as const), settled().then(() => 'pending' as const)]);
}
