import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { NoAnswerError } from '../../../src/base/in-time';
import { StoreHealth } from '../../../src/cache/store-health';
import { fakeTime } from '../../support/checks/fake-time';

describe('StoreHealth', () => {
  let clock: SinonFakeTimers;
  let works: boolean;
  let checks: number;
  let reported: unknown[];
  let health: StoreHealth;

  beforeEach(() => {
    clock = fakeTime();
    works = true;
    checks = 0;
    reported = [];
    health = new StoreHealth({
      check: async () => {
        checks += 1;
        await new Promise((resolve) => setTimeout(resolve, 100));
        if (!works) throw new Error('broken');
      },
      onDown: (error) => reported.push(error),
      onChecked: () => undefined,
      runInBackground: (work) => void work,
    });
  });
  afterEach(() => {
    sinon.restore();
  });

  it('makes one check at a time, and says so while it lasts', async () => {
    assert.equal(health.checking, undefined);
    const both = Promise.all([health.check(), health.check()]);
    assert.ok(health.checking);
    await clock.tickAsync(100);
    await both;
    assert.deepEqual([checks, health.checking], [1, undefined]);
  });

  it('takes no further note of failures while the store is down', async () => {
    works = false;
    const late = new NoAnswerError(500);
    health.suspect(late);
    health.suspect(new Error('another'));
    health.suspect(new NoAnswerError(500));
    await clock.tickAsync(1_099);
    assert.equal(checks, 1);
    await clock.tickAsync(1);
    assert.deepEqual([checks, reported], [2, [late]]);
  });

  it('has the grace of the first call that was not answered in time, and no longer one by those after it', async () => {
    works = false;
    health.suspect(new NoAnswerError(500), 50);
    await clock.tickAsync(40);
    health.suspect(new NoAnswerError(500), 50);
    assert.equal(health.grace, 10);
  });

  it('is up again when a late call is answered', () => {
    health.suspect(new NoAnswerError(500));
    assert.deepEqual([health.isDown, health.isLate], [true, true]);
    health.answered();
    assert.deepEqual([health.isDown, health.isLate], [false, false]);
  });

  it('has a grace after a call that was not answered in time, until a check fails', async () => {
    assert.equal(health.grace, 0);
    works = false;
    health.suspect(new NoAnswerError(500), 1_500);
    assert.equal(health.grace, 1_500);
    await clock.tickAsync(99);
    assert.equal(health.grace, 1_401);
    await clock.tickAsync(1);
    assert.deepEqual([health.isDown, health.grace], [true, 0]);
  });

  it('has no grace after a call that failed', async () => {
    works = false;
    health.suspect(new Error('refused'), 1_500);
    await clock.tickAsync(100);
    assert.deepEqual([health.isDown, health.grace], [true, 0]);
  });

  it('checks a store that is down when it is resumed, and no other', async () => {
    health.stop();
    health.resume();
    assert.equal(checks, 0);
    health.stop();
    health.suspect(new NoAnswerError(500));
    await clock.tickAsync(60_000);
    assert.equal(checks, 0);
    health.resume();
    await clock.tickAsync(100);
    assert.deepEqual([checks, health.isDown], [1, false]);
  });
});
