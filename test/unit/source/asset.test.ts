import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { readyContent, type Asset, type ReadyContent } from '../../../src/source/asset';
import { fakeTime } from '../../support/checks/fake-time';

const ready: ReadyContent = { type: 'image', content: { url: 'https://example.com/a.png' }, bytes: 1 };

const asset = (prepare?: Asset['prepare']): Asset => ({
  ...ready,
  label: 'image a.png',
  key: 'image:a',
  attempt: 'a',
  source: undefined,
  ...(prepare && { prepare }),
});

describe('readyContent', () => {
  let clock: SinonFakeTimers;
  let moves: number;
  const onMove = (): void => {
    moves += 1;
  };

  beforeEach(() => {
    clock = fakeTime();
    moves = 0;
  });
  afterEach(() => {
    sinon.restore();
  });

  it('is what there is, at once, if nothing is to be made', async () => {
    assert.deepEqual(await readyContent(asset(), onMove), ready);
    assert.equal(moves, 0);
  });

  it('gives a sign of life each second while it is made, and none afterwards', async () => {
    const making = readyContent(
      asset(async () => {
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        return ready;
      }),
      onMove,
    );
    await clock.tickAsync(2_500);
    assert.equal(await making, ready);
    await clock.tickAsync(10_000);
    assert.deepEqual([moves, clock.countTimers()], [3, 0]);
  });

  it('gives no sign after it has failed', async () => {
    const making = readyContent(
      asset(() => Promise.reject(new Error('no'))),
      onMove,
    );
    await assert.rejects(making, /no/);
    assert.deepEqual([moves, clock.countTimers()], [1, 0]);
  });
});
