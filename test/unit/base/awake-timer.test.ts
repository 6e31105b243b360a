import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { awakeTimer } from '../../../src/base/awake-timer';

describe('awakeTimer', () => {
  let clock: SinonFakeTimers;
  let hasEnded: boolean;
  const onEnd = (): void => {
    hasEnded = true;
  };

  beforeEach(() => {
    clock = sinon.useFakeTimers();
    hasEnded = false;
  });
  afterEach(() => {
    sinon.restore();
  });

  it('ends after its time', () => {
    awakeTimer(5_000, onEnd);
    clock.tick(4_999);
    assert.equal(hasEnded, false);
    clock.tick(1);
    assert.equal(hasEnded, true);
    assert.equal(clock.countTimers(), 0);
  });

  it('ends after its time, also if that is a few milliseconds', () => {
    awakeTimer(3, onEnd);
    clock.tick(2);
    assert.equal(hasEnded, false);
    clock.tick(1);
    assert.equal(hasEnded, true);
  });

  it('keeps the process alive in each of its steps, unless nobody waits for it', () => {
    for (const holdsProcess of [true, false]) {
      const started = sinon.spy(globalThis, 'setTimeout');
      awakeTimer(1_000, onEnd, holdsProcess);
      const [timer] = started.returnValues;
      for (let step = 0; step < 10; step++) {
        assert.deepEqual([timer?.hasRef(), clock.countTimers()], [holdsProcess, 1]);
        clock.tick(100);
      }
      assert.equal(clock.countTimers(), 0);
      started.restore();
    }
  });

  it('counts a pause of the process, however long, for a tenth of its time', () => {
    awakeTimer(5_000, onEnd);
    clock.tick(1_000);
    clock.jump(60_000);
    clock.tick(3_499);
    assert.equal(hasEnded, false);
    clock.tick(1);
    assert.equal(hasEnded, true);
  });

  it('does nothing after it was cancelled, in whatever step', () => {
    const cancel = awakeTimer(5_000, onEnd);
    clock.tick(2_600);
    cancel();
    clock.tick(10_000);
    assert.equal(hasEnded, false);
    assert.equal(clock.countTimers(), 0);
  });
});
