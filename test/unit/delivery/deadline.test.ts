import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import sinon, { type SinonFakeTimers } from 'sinon';
import { Deadline } from '../../../src/delivery/deadline';
import { fakeTime } from '../../support/checks/fake-time';

const never = new Promise<string>(() => undefined);

describe('Deadline', () => {
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = fakeTime();
  });
  afterEach(() => {
    sinon.restore();
  });

  /** When the wait ended, in milliseconds from now, and with what. */
  async function endOf(wait: Promise<unknown>, limit = 200_000): Promise<{ ms: number; value: unknown }> {
    const begun = performance.now();
    let end: { ms: number; value: unknown } | undefined;
    void wait.then((value) => {
      end = { ms: performance.now() - begun, value };
    });
    for (let ms = 0; ms <= limit && !end; ms += 50) await clock.tickAsync(50);
    return end ?? { ms: Infinity, value: 'still waiting' };
  }

  it('gives what comes in time', async () => {
    assert.equal(await new Deadline(100).within(Promise.resolve('now')), 'now');
    const soon = new Promise((resolve) => setTimeout(resolve, 50, 'soon'));
    assert.deepEqual(await endOf(new Deadline(100).within(soon)), { ms: 50, value: 'soon' });
  });

  it('gives what is there already although the time is over', async () => {
    const deadline = new Deadline(100);
    await clock.tickAsync(500);
    assert.equal(await deadline.within(Promise.resolve('now')), 'now');
    const afterSomeSteps = async (): Promise<string> => {
      for (let step = 0; step < 10; step++) await Promise.resolve();
      return 'now';
    };
    assert.equal(await deadline.within(afterSomeSteps()), 'now');
  });

  it('fails as the work fails', async () => {
    await assert.rejects(new Deadline(100).within(Promise.reject(new Error('broken'))), {
      message: 'broken',
    });
  });

  it('ends the wait when the time is over', async () => {
    const { value, ms } = await endOf(new Deadline(10_000).within(never));
    assert.deepEqual([value, ms], [undefined, 10_000]);
  });

  it('counts all waits of one message together', async () => {
    const deadline = new Deadline(10_000);
    await clock.tickAsync(9_900);
    assert.equal(deadline.left, 100);
    assert.equal((await endOf(deadline.within(never))).ms, 100);
    assert.equal(deadline.left, 0);
    assert.equal((await endOf(deadline.within(never))).ms, 0);
  });

  it('waits longer while bytes are moving, and no longer than that', async () => {
    const begun = performance.now();
    const { ms } = await endOf(new Deadline(10_000).within(never, () => performance.now() - begun < 15_000));
    assert.ok(ms >= 15_000 && ms <= 15_300, `it waited ${ms} ms`);
  });

  it('waits 60 s longer at most, however long bytes are moving', async () => {
    const { ms } = await endOf(new Deadline(10_000).within(never, () => true));
    assert.ok(ms >= 70_000 && ms <= 70_300, `it waited ${ms} ms`);
  });

  it('gives a media template 60 s from when the message came, whether bytes are moving or not', async () => {
    const deadline = new Deadline(10_000);
    await clock.tickAsync(4_000);
    const { ms, value } = await endOf(deadline.forTemplate().within(never, () => true));
    assert.deepEqual([ms, value], [56_000, undefined]);
  });

  it('is patient if there is no one-step send instead', () => {
    assert.equal(new Deadline(10_000).isPatient, false);
    assert.equal(new Deadline(10_000).forTemplate().isPatient, true);
    assert.equal(new Deadline(Infinity).isPatient, true);
  });

  it('may have no end, and keeps the process alive until the work ends', async () => {
    const waiting = new Deadline(Infinity).within(never);
    assert.equal((await endOf(waiting, 300_000)).ms, Infinity);
    assert.equal(clock.countTimers(), 1);
  });

  it('leaves no timer behind', async () => {
    await new Deadline(10_000).within(Promise.resolve());
    assert.equal(clock.countTimers(), 0);
  });

  describe('with a signal', () => {
    let controller: AbortController;
    let deadline: Deadline;
    beforeEach(() => {
      controller = new AbortController();
      deadline = new Deadline(10_000, { signal: controller.signal });
    });

    it('ends the wait with its reason, and leaves no timer behind', async () => {
      const waiting = deadline.within(never);
      assert.equal(clock.countTimers(), 1);
      controller.abort(new Error('given up'));
      await assert.rejects(waiting, { message: 'given up' });
      assert.equal(clock.countTimers(), 0);
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    });

    it('does not wait after it, and leaves no timer behind', async () => {
      controller.abort(new Error('given up'));
      await assert.rejects(deadline.within(never), { message: 'given up' });
      await assert.rejects(deadline.within(Promise.resolve('now')), { message: 'given up' });
      assert.equal(clock.countTimers(), 0);
    });

    it('gives what comes before it, and leaves no timer or listener behind', async () => {
      assert.equal(await deadline.within(Promise.resolve('now')), 'now');
      assert.equal(clock.countTimers(), 0);
      assert.equal(getEventListeners(controller.signal, 'abort').length, 0);
    });

    it('ends the wait when the time is over', async () => {
      assert.deepEqual(await endOf(deadline.within(never)), { ms: 10_000, value: undefined });
    });
  });
});
