import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
import sinon from 'sinon';
import { inTurn } from '../../../src/source/in-turn';

describe('inTurn', () => {
  afterEach(() => {
    sinon.restore();
  });

  it('gives the result, or the failure', async () => {
    assert.equal(await inTurn(() => 7), 7);
    await assert.rejects(
      inTurn(() => {
        throw new Error('no');
      }),
      /^Error: no$/,
    );
    assert.equal(await inTurn(() => 8), 8);
  });

  it('does nothing at once', async () => {
    const work = sinon.spy();
    const done = inTurn(work);
    await Promise.resolve();
    assert.equal(work.callCount, 0);
    await done;
    assert.equal(work.callCount, 1);
  });

  it('does what takes long in several turns of the event loop, in order', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance'] });
    const order: number[] = [];
    const all = Array.from({ length: 10 }, (_, n) =>
      inTurn(() => {
        order.push(n);
        clock.tick(2);
      }),
    );
    const perTurn: number[] = [];
    while (order.length < 10) {
      const before = order.length;
      await nextTurn();
      perTurn.push(order.length - before);
    }
    await Promise.all(all);
    assert.deepEqual(order, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    // Three take 6 ms, and with 5 ms a turn is over.
    assert.deepEqual(
      perTurn.filter((pieces) => pieces > 0),
      [3, 3, 3, 1],
    );
  });

  it('does at least one piece in a turn', async () => {
    const clock = sinon.useFakeTimers({ toFake: ['performance'] });
    let done = 0;
    const work = (): void => {
      done++;
      clock.tick(100);
    };
    const all = [inTurn(work), inTurn(work)];
    await nextTurn();
    assert.equal(done, 1);
    await nextTurn();
    assert.equal(done, 2);
    await Promise.all(all);
  });
});
