import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { LossWatch } from '../../../src/cache/loss-watch';
import { fakeTime } from '../../support/checks/fake-time';

describe('LossWatch', () => {
  let clock: SinonFakeTimers;
  let mark: unknown;
  let reads: number;
  let losses: number;
  let watch: LossWatch;

  beforeEach(() => {
    clock = fakeTime();
    mark = undefined;
    reads = 0;
    losses = 0;
    watch = new LossWatch({
      readMark: async () => {
        reads += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
        return mark;
      },
      writeMark: (written) => {
        mark = written;
        return Promise.resolve();
      },
      onLoss: () => {
        losses += 1;
      },
      runInBackground: (work) => void work,
    });
  });
  afterEach(() => {
    sinon.restore();
  });

  it('takes over the mark of another process, which is no loss', async () => {
    mark = 'of another process';
    watch.begin();
    await clock.tickAsync(100);
    assert.deepEqual([mark, losses], ['of another process', 0]);
  });

  it('takes a mark that is gone, or another one, for a loss', async () => {
    watch.begin();
    await clock.tickAsync(200);
    mark = 'of a new store';
    await clock.tickAsync(60_000);
    assert.equal(losses, 1);
    mark = undefined;
    await clock.tickAsync(60_000);
    assert.equal(losses, 2);
    assert.equal(typeof mark, 'string');
  });

  it('makes one check at a time', async () => {
    mark = 'a mark';
    watch.begin();
    watch.check();
    await clock.tickAsync(50);
    watch.check();
    assert.equal(reads, 1);
    await clock.tickAsync(50);
    watch.check();
    assert.equal(reads, 2);
  });

  it('checks nothing between stop and resume, and then at once', async () => {
    mark = 'a mark';
    watch.begin();
    await clock.tickAsync(100);
    watch.stop();
    watch.check();
    await clock.tickAsync(120_000);
    assert.equal(reads, 1);
    watch.resume();
    assert.equal(reads, 2);
  });
});
