import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { UploadPause } from '../../../src/graph/upload-pause';
import { graphError } from '../../support/checks/sample-errors';
import { fakeTime } from '../../support/checks/fake-time';

const LIMIT = graphError(613);

describe('UploadPause', () => {
  let clock: SinonFakeTimers;
  let pause: UploadPause;

  beforeEach(() => {
    clock = fakeTime();
    pause = new UploadPause();
  });
  afterEach(() => {
    sinon.restore();
  });

  const works = (): Promise<string> => pause.run(() => Promise.resolve('id'));

  /** An upload that meets the limit, as the client tells it. */
  const isLimited = (error = LIMIT, asked = 0): Promise<void> =>
    assert.rejects(
      pause.run(() => {
        pause.begin(error, asked);
        return Promise.reject(error);
      }),
      (thrown) => thrown === error,
    );

  /** An upload that ends when the test says so. */
  function slow(): { readonly result: Promise<string>; readonly end: () => Promise<string> } {
    let resolve: (id: string) => void = () => undefined;
    const result = pause.run(() => new Promise<string>((done) => (resolve = done)));
    return {
      result,
      end: () => {
        resolve('id');
        return result;
      },
    };
  }

  const isPaused = (error = LIMIT): Promise<void> => assert.rejects(works(), (thrown) => thrown === error);

  it('lets uploads go while there is no limit', async () => {
    assert.equal(pause.check(), undefined);
    assert.equal(pause.remainingMs, 0);
    assert.equal(await works(), 'id');
    await assert.rejects(
      pause.run(() => Promise.reject(new Error('Another'))),
      { message: 'Another' },
    );
    assert.equal(pause.check(), undefined);
    const [first, second] = [slow(), slow()];
    await first.end();
    await second.end();
  });

  it('pauses for 5 s after a rate limit, and gives its error to whoever asks', async () => {
    await isLimited();
    assert.equal(pause.check(), LIMIT);
    assert.equal(pause.remainingMs, 5_000);
    clock.tick(4_999);
    await isPaused();
    assert.equal(pause.remainingMs, 1);
    clock.tick(1);
    assert.equal(pause.check(), undefined);
    assert.equal(pause.remainingMs, 0);
    assert.equal(await works(), 'id');
  });

  it('doubles the pause, up to 5 min, and begins anew after a success', async () => {
    const pauses: number[] = [];
    for (let count = 0; count < 9; count++) {
      await isLimited();
      pauses.push(pause.remainingMs / 1000);
      clock.tick(pause.remainingMs);
    }
    assert.deepEqual(pauses, [5, 10, 20, 40, 80, 160, 300, 300, 300]);
    await works();
    await isLimited();
    assert.equal(pause.remainingMs, 5_000);
  });

  it('pauses as long as the platform asks, if that is longer', async () => {
    await isLimited(LIMIT, 3_600_000);
    assert.equal(pause.remainingMs, 3_600_000);
    clock.tick(3_600_000);
    await isLimited(LIMIT, 1_000);
    assert.equal(pause.remainingMs, 10_000);
  });

  it('counts the limits of uploads that were under way together as one, and keeps its first error', async () => {
    pause.begin(LIMIT, 0);
    clock.tick(1_000);
    pause.begin(graphError(4), 0);
    assert.equal(pause.remainingMs, 4_000);
    assert.equal(pause.check(), LIMIT);
    pause.begin(graphError(4), 60_000);
    assert.equal(pause.remainingMs, 60_000);
    assert.equal(pause.check(), LIMIT);
    clock.tick(60_000);
    await isLimited();
    assert.equal(pause.remainingMs, 10_000);
  });

  it('lets one upload at a time go after a pause, until one has succeeded', async () => {
    await isLimited();
    clock.tick(5_000);
    const trial = slow();
    assert.equal(pause.check(), LIMIT);
    assert.equal(pause.remainingMs, 1_000);
    await isPaused();
    await trial.end();
    assert.equal(pause.check(), undefined);
    const [first, second] = [slow(), slow()];
    assert.equal(await first.end(), 'id');
    assert.equal(await second.end(), 'id');
  });

  it('does not take the end of an upload that began before the pause for that of the trial', async () => {
    const early = slow();
    clock.tick(1);
    await isLimited();
    clock.tick(5_000);
    const trial = slow();
    await early.end();
    await isPaused();
    await trial.end();
    assert.equal(await works(), 'id');
  });

  it('lets the next upload try when the first ends in another error', async () => {
    await isLimited();
    clock.tick(5_000);
    await assert.rejects(
      pause.run(() => Promise.reject(new Error('Reset'))),
      { message: 'Reset' },
    );
    const trial = slow();
    await isPaused();
    await trial.end();
    assert.equal(await works(), 'id');
  });

  it('does not take the success of an upload that began before the pause for its end', async () => {
    const early = slow();
    clock.tick(1);
    await isLimited();
    assert.equal(await early.end(), 'id');
    await isPaused();
    const [late, limited] = [slow, isLimited];
    clock.tick(5_000);
    const trial = late();
    await isPaused();
    await trial.end();
    await limited();
    assert.equal(pause.remainingMs, 5_000);
  });

  it('ends the pause by an upload that began the moment it was over', async () => {
    await isLimited();
    clock.tick(5_000);
    await works();
    await isLimited();
    assert.equal(pause.remainingMs, 5_000);
  });
});
