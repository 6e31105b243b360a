import assert from 'node:assert/strict';
import { SharedRuns } from '../../../src/source/shared-runs';

describe('SharedRuns', () => {
  let runs: SharedRuns<string>;
  let begun: { end: (result: string) => void; fail: (error: Error) => void }[];

  beforeEach(() => {
    runs = new SharedRuns();
    begun = [];
  });

  const ask = (key = 'tom'): Promise<string> =>
    runs.run(key, () => new Promise((end, fail) => begun.push({ end, fail })));

  const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it('is one for all who ask at the same time', async () => {
    const asked = [ask(), ask(), ask()];
    await nextTurn();
    assert.equal(begun.length, 1);
    begun[0]?.end('one');
    assert.deepEqual(await Promise.all(asked), ['one', 'one', 'one']);
  });

  it('is another one for all who ask after it has begun, and begins when that has ended', async () => {
    const first = ask();
    await nextTurn();
    const later = [ask()];
    await nextTurn();
    later.push(ask());
    assert.equal(begun.length, 1);
    begun[0]?.end('one');
    assert.equal(await first, 'one');
    await nextTurn();
    assert.equal(begun.length, 2);
    begun[1]?.end('two');
    assert.deepEqual(await Promise.all(later), ['two', 'two']);
  });

  it('is another one after a failure, and that is no failure of its own', async () => {
    const first = ask();
    await nextTurn();
    const second = ask();
    begun[0]?.fail(new Error('no'));
    await assert.rejects(first, /no/);
    await nextTurn();
    begun[1]?.end('yes');
    assert.equal(await second, 'yes');
  });

  it('begins at once when none is under way any more', async () => {
    const first = ask();
    await nextTurn();
    begun[0]?.end('one');
    await first;
    const asked = ask();
    await nextTurn();
    assert.equal(begun.length, 2);
    begun[1]?.end('two');
    assert.equal(await asked, 'two', 'and not what the other one brought');
  });

  it('never runs twice at a time', async () => {
    const asked = [ask()];
    for (let n = 0; n < 5; n++) {
      await nextTurn();
      asked.push(ask());
      await nextTurn();
      assert.equal(begun.length, n + 1);
      begun[n]?.end(String(n));
    }
    await nextTurn();
    begun[5]?.end('5');
    assert.deepEqual(await Promise.all(asked), ['0', '1', '2', '3', '4', '5']);
  });

  it('is apart for each key', async () => {
    const asked = [ask('tom'), ask('mia')];
    await nextTurn();
    begun[0]?.end('Tom');
    begun[1]?.end('Mia');
    assert.deepEqual(await Promise.all(asked), ['Tom', 'Mia']);
  });
});
