import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { PageQueues, type Leave } from '../../../src/delivery/page-queues';
import { fakeTime } from '../../support/checks/fake-time';

describe('PageQueues', () => {
  let clock: SinonFakeTimers;
  let begun: string[];
  let ends: Map<string, () => void>;
  let leaves: Map<string, Leave>;
  beforeEach(() => {
    clock = fakeTime();
    begun = [];
    ends = new Map();
    leaves = new Map();
  });
  afterEach(() => {
    sinon.restore();
  });

  const settle = (): Promise<unknown> => clock.tickAsync(0);

  function work(name: string): (leave: Leave) => Promise<string> {
    return (leave) => {
      begun.push(name);
      leaves.set(name, leave);
      return new Promise((resolve) =>
        ends.set(name, () => {
          resolve(name);
        }),
      );
    };
  }

  it('begins as many at a time as a page has places, in order', async () => {
    const queues = new PageQueues(2);
    const results = ['a', 'b', 'c', 'd'].map((name) => queues.run('1', work(name)));
    await settle();
    assert.deepEqual(begun, ['a', 'b']);
    ends.get('b')?.();
    await settle();
    assert.deepEqual(begun, ['a', 'b', 'c']);
    for (const name of ['a', 'c']) ends.get(name)?.();
    await settle();
    ends.get('d')?.();
    assert.deepEqual(await Promise.all(results), ['a', 'b', 'c', 'd']);
  });

  it('lets no page wait for another', async () => {
    const queues = new PageQueues(1);
    for (const [page, name] of [
      ['1', 'a'],
      ['1', 'b'],
      ['2', 'c'],
    ] as const)
      void queues.run(page, work(name));
    await settle();
    assert.deepEqual(begun, ['a', 'c']);
  });

  it('has a place free again when the work leaves it, though it goes on, and once only', async () => {
    const queues = new PageQueues(1);
    for (const name of ['a', 'b', 'c']) void queues.run('1', work(name));
    await settle();
    leaves.get('a')?.();
    await settle();
    assert.deepEqual(begun, ['a', 'b']);
    ends.get('a')?.();
    await settle();
    assert.deepEqual(begun, ['a', 'b'], 'its end frees no second place');
  });

  it('keeps the places of a page as long as any of its work goes on', async () => {
    const queues = new PageQueues(1);
    for (const name of ['a', 'b']) void queues.run('1', work(name));
    await settle();
    ends.get('a')?.();
    await settle();
    void queues.run('1', work('c'));
    await settle();
    assert.deepEqual(begun, ['a', 'b'], 'the third waits for the second');
    ends.get('b')?.();
    await settle();
    assert.deepEqual(begun, ['a', 'b', 'c']);
  });

  it('fails as the work fails, and goes on with the next', async () => {
    const queues = new PageQueues(1);
    const failing = queues.run('1', () => Promise.reject(new Error('broken')));
    const next = queues.run('1', work('b'));
    await assert.rejects(failing, { message: 'broken' });
    await settle();
    ends.get('b')?.();
    assert.equal(await next, 'b');
  });

  it('begins without a place when its patience ends, once', async () => {
    const queues = new PageQueues(1, 30_000);
    for (const name of ['a', 'b']) void queues.run('1', work(name));
    await clock.tickAsync(29_999);
    assert.deepEqual(begun, ['a']);
    await clock.tickAsync(1);
    assert.deepEqual(begun, ['a', 'b']);
    ends.get('a')?.();
    await settle();
    assert.deepEqual(begun, ['a', 'b'], 'its turn comes, and is passed on');
    void queues.run('1', work('c'));
    await settle();
    assert.deepEqual(begun, ['a', 'b', 'c']);
  });

  it('leaves no timer behind when the place came in time', async () => {
    const queues = new PageQueues(1, 30_000);
    void queues.run('1', work('a'));
    await settle();
    assert.equal(clock.countTimers(), 0);
  });
});
