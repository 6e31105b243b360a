import assert from 'node:assert/strict';
import { ERRORS } from '../../../support/platform/outside/rules';
import { assertAllArrivedOnce, assertAtMost, assertWaitedAtMost, LIMIT, show, useBounds } from '../fixture';

describe('What a message waits for the ID of its page, on default options', function () {
  this.timeout(120_000);
  const bounds = useBounds();

  it('GET /me that hangs: each message arrives within uploadWait', async () => {
    const bot = await bounds.start();
    const source = await bounds.write('paw.png', 10_000);
    await bounds.platform.follow({ call: 'page', hang: 'answer' });
    const { sent } = await bot.send([{ first: 7_001, people: 20, source }], LIMIT);
    const counts = await bounds.platform.counts();
    show('GET /me hangs', { sent, ...counts });
    assertAllArrivedOnce(sent, counts);
    assertWaitedAtMost(sent);
  });

  it('GET /me that fails is not asked again for each message, and no message waits for it', async () => {
    const bot = await bounds.start();
    const source = await bounds.write('paw.png', 10_000);
    await bounds.platform.follow({ call: 'page', error: ERRORS.temporary, status: 503 });
    const sendings = Array.from({ length: 20 }, (_, index) => ({
      first: 7_001 + index,
      source,
      after: index * 500,
    }));
    const { sent } = await bot.send(sendings, LIMIT);
    const counts = await bounds.platform.counts();
    show('GET /me fails', { sent: sent.map(({ longest }) => longest), ...counts });
    assertAllArrivedOnce(sent, counts);
    assertAtMost('calls of GET /me', counts.calls.page, 4);
    assertWaitedAtMost(sent.slice(0, 1));
    assertWaitedAtMost(sent.slice(-1), 1_000);
  });

  it('GET /me that fails once loses no media template', async () => {
    const bot = await bounds.start();
    const source = await bounds.write('paw.png', 10_000);
    await bounds.platform.follow({ call: 'page', error: ERRORS.temporary, status: 503, times: 1 });
    const { sent } = await bot.send([{ first: 7_001, source, as: 'template' }], LIMIT);
    const counts = await bounds.platform.counts();
    show('GET /me fails once, template', { sent, ...counts });
    assertAllArrivedOnce(sent, counts);
    assert.equal(counts.delivered.id, 1);
  });
});
