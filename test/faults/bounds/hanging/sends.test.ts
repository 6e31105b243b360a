import assert from 'node:assert/strict';
import { assertAtMost, show, useBounds } from '../fixture';

/** Milliseconds that a call waits for its answer. */
const ANSWER_TIMEOUT = 90_000;
/** Milliseconds that a call waits for a place while nobody gets an answer. */
const STALLED = 30_000;
const GRACE = 8_000;

// In a folder of its own, because it takes long, and others can run meanwhile.
describe('Sends that the platform never answers', function () {
  this.timeout(180_000);
  const bounds = useBounds();

  it('are reported, each in time, and none is made again; then the bot goes on', async () => {
    const bot = await bounds.start();
    const source = await bounds.write('paw.png', 10_000);
    await bot.send([{ first: 1, source }], GRACE);
    await bounds.platform.follow({ call: 'send', times: 200, hang: 'answer' });
    const { sent } = await bot.send([{ first: 10_001, people: 200, source }], ANSWER_TIMEOUT + STALLED);
    const { calls, messages } = await bounds.platform.counts();
    show('sends hang', { sent, calls, messages });
    const [one] = sent;
    assert.ok(one);
    assert.deepEqual([one.failed, one.unfinished, messages], [200, 0, 1], one.errors.join());
    assertAtMost('ms until the last was reported', one.longest, ANSWER_TIMEOUT + GRACE);
    assertAtMost('calls', calls.send, 201);
    await bounds.platform.follow();
    const after = await bot.send([{ first: 20_001, people: 200, source }], STALLED);
    assert.equal(after.sent[0]?.arrived, 200);
  });
});
