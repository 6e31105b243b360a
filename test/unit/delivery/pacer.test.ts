import assert from 'node:assert/strict';
import { Pacer } from '../../../src/delivery/pacer';

describe('Pacer', () => {
  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('lets a few begin at once, in each turn of the event loop anew', async () => {
    const pacer = new Pacer();
    for (let turn = 0; turn < 3; turn++) {
      const waits = Array.from({ length: 50 }, () => pacer.wait());
      assert.deepEqual([...new Set(waits)], [undefined]);
      await nextTurn();
    }
  });

  it('lets many begin in groups, in order, and who comes later behind them', async () => {
    const pacer = new Pacer();
    const begun: number[] = [];
    const add = async (message: number): Promise<void> => {
      await pacer.wait();
      begun.push(message);
    };
    const all = Array.from({ length: 120 }, (_, message) => add(message));
    const groups: number[] = [];
    await Promise.resolve();
    while (begun.length < 120) {
      groups.push(begun.length);
      await nextTurn();
    }
    all.push(add(120));
    await Promise.all(all);
    assert.deepEqual(groups, [50, 100]);
    assert.deepEqual(
      begun,
      Array.from({ length: 121 }, (_, message) => message),
    );
  });

  it('takes what comes while others wait in its turn', async () => {
    const pacer = new Pacer();
    const begun: string[] = [];
    for (let message = 0; message < 60; message++) void pacer.wait()?.then(() => begun.push('first'));
    await nextTurn();
    assert.equal(begun.length, 10);
    void Array.from({ length: 45 }, () => pacer.wait()?.then(() => begun.push('later')));
    assert.equal(begun.length, 10);
    await nextTurn();
    assert.deepEqual(begun.slice(10), Array(5).fill('later'));
  });
});
