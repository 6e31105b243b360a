import assert from 'node:assert/strict';
import { assertAtMost, show, useBounds } from '../fixture';

/** Milliseconds that a media template waits for its ID. */
const TEMPLATE_WAIT = 60_000;
const GRACE = 8_000;

// In a folder of its own, because it takes long, and others can run meanwhile.
describe('A media template whose upload hangs', function () {
  this.timeout(150_000);
  const bounds = useBounds();

  it('is reported after 60 s, because nothing else can be sent in its place', async () => {
    const bot = await bounds.start();
    const source = await bounds.write('paw.png', 10_000);
    await bounds.platform.follow({ call: 'upload', hang: 'answer' });
    const { sent } = await bot.send([{ first: 7_001, source, as: 'template' }], TEMPLATE_WAIT + GRACE);
    const counts = await bounds.platform.counts();
    show('template hangs', { sent, ...counts });
    const [one] = sent;
    assert.ok(one);
    assert.deepEqual([one.failed, one.unfinished, counts.messages], [1, 0, 0], one.errors.join());
    assertAtMost('ms until it was reported', one.longest, TEMPLATE_WAIT + GRACE);
  });
});
