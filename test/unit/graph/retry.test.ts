import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { retry, type RetryOptions } from '../../../src/graph/retry';
import { graphError, transportError } from '../../support/checks/sample-errors';
import { countActiveTimers } from '../../support/checks/fake-time';

const ALWAYS: RetryOptions = { attempts: 3, mayTryAgain: () => true };

describe('retry', () => {
  let clock: SinonFakeTimers;
  let random: sinon.SinonStub;
  let tries: number[];

  beforeEach(() => {
    clock = sinon.useFakeTimers();
    random = sinon.stub(Math, 'random').returns(1);
    tries = [];
  });
  afterEach(() => {
    sinon.restore();
  });

  /** Fails with these errors, one after the other, and then works. Notes when it is tried. */
  const failing =
    (...errors: Error[]) =>
    (attempt: number): Promise<string> => {
      tries.push(clock.now);
      assert.equal(attempt, tries.length);
      const error = errors[attempt - 1];
      return error === undefined ? Promise.resolve('fine') : Promise.reject(error);
    };

  const busy = (retryAfter?: number): Error =>
    graphError(4, undefined, retryAfter === undefined ? {} : { retryAfter });

  it('tries once when that works', async () => {
    assert.equal(await retry(failing(), ALWAYS), 'fine');
    assert.deepEqual(tries, [0]);
  });

  it('pauses before a second try, and longer before a third', async () => {
    const result = retry(failing(busy(), busy()), ALWAYS);
    await clock.runAllAsync();
    assert.equal(await result, 'fine');
    assert.deepEqual(tries, [0, 500, 1_500]);
  });

  it('doubles the pause, up to half a minute', async () => {
    const errors = Array.from({ length: 9 }, () => busy());
    const result = retry(failing(...errors), { ...ALWAYS, attempts: 10 });
    await clock.runAllAsync();
    await result;
    const pauses = tries.slice(1).map((time, index) => time - (tries[index] ?? 0));
    assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('pauses for a random part of that, so that processes do not come back together', async () => {
    random.returns(0.25);
    const result = retry(failing(busy(), busy()), ALWAYS);
    await clock.runAllAsync();
    await result;
    assert.deepEqual(tries, [0, 125, 375]);
  });

  it('gives up after so many tries, with the last error', async () => {
    const last = busy();
    const result = assert.rejects(retry(failing(busy(), busy(), last), ALWAYS), (error) => error === last);
    await clock.runAllAsync();
    await result;
    assert.equal(tries.length, 3);
  });

  it('tries once when it may only once', async () => {
    const error = busy();
    await assert.rejects(retry(failing(error), { ...ALWAYS, attempts: 1 }), (thrown) => thrown === error);
    assert.equal(tries.length, 1);
  });

  it('gives up at once when it may not try again', async () => {
    const asked: unknown[] = [];
    const mayTryAgain = (error: unknown): boolean => {
      asked.push(error);
      return false;
    };
    const error = busy();
    await assert.rejects(retry(failing(error), { attempts: 3, mayTryAgain }), (thrown) => thrown === error);
    assert.equal(tries.length, 1);
    assert.deepEqual(asked, [error]);
  });

  for (const error of [busy(7_000), transportError('ERR_GRAPH_BAD_ANSWER', { retryAfter: 7_000 })]) {
    it(`waits as long as the platform asks by a ${error.name}, and a random pause longer`, async () => {
      const result = retry(failing(error), ALWAYS);
      await clock.runAllAsync();
      await result;
      assert.deepEqual(tries, [0, 7_500]);
    });
  }

  it('hears no Retry-After in other errors', async () => {
    const result = retry(
      failing(Object.assign(new Error('No'), { retryAfter: 7_000 }), new Error('No')),
      ALWAYS,
    );
    await clock.runAllAsync();
    await result;
    assert.deepEqual(tries, [0, 500, 1_500]);
  });

  it('waits for half a minute if asked to', async () => {
    const result = retry(failing(busy(30_000)), ALWAYS);
    await clock.runAllAsync();
    await result;
    assert.deepEqual(tries, [0, 30_500]);
  });

  it('does not try again when the platform asks for more: somebody waits for the message', async () => {
    const error = busy(30_001);
    await assert.rejects(retry(failing(error), ALWAYS), (thrown) => thrown === error);
    assert.equal(tries.length, 1);
  });

  describe('the end of the process', () => {
    for (const background of [undefined, false, true]) {
      it(`${background ? 'waits for no pause in the background' : 'waits for a pause'} (${String(background)})`, async () => {
        sinon.restore();
        sinon.stub(Math, 'random').returns(0.1);
        // Mocha sets a timer of its own in the meantime.
        await new Promise(setImmediate);
        const before = countActiveTimers();
        const result = retry(failing(busy()), { ...ALWAYS, ...(background !== undefined && { background }) });
        await new Promise(setImmediate);
        assert.equal(countActiveTimers() - before, background ? 0 : 1);
        assert.equal(await result, 'fine');
      });
    }
  });
});
