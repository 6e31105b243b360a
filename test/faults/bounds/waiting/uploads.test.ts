import assert from 'node:assert/strict';
import { ERRORS } from '../../../support/platform/outside/rules';
import type { Sending } from '../bot';
import { assertAllArrivedOnce, assertWaitedAtMost, LIMIT, MB, show, useBounds } from '../fixture';

describe('What a message waits for its upload, on default options', function () {
  this.timeout(120_000);
  const bounds = useBounds();

  for (const pictures of [1, 20]) {
    it(`uploads of ${pictures} pictures that hang: each arrives in one step after uploadWait`, async () => {
      const bot = await bounds.start();
      const sendings: Sending[] = [];
      for (let index = 0; index < pictures; index++) {
        sendings.push({ first: 7_001 + index, source: await bounds.write(`${index}.png`, 50_000) });
      }
      await bounds.platform.follow({ call: 'upload', hang: 'answer' });
      const { sent } = await bot.send(sendings, LIMIT);
      const counts = await bounds.platform.counts();
      show(`${pictures} hang`, { sent: sent.map(({ longest }) => longest), ...counts });
      assertAllArrivedOnce(sent, counts);
      assert.equal(counts.delivered.file, pictures, 'in one step');
      assertWaitedAtMost(sent);
    });
  }

  it('uploads whose bytes are not taken hold up messages for uploadWait at most', async () => {
    const bot = await bounds.start();
    const source = await bounds.write('film.mp4', 12 * MB);
    await bounds.platform.follow({ call: 'upload', hang: 'body' });
    const { sent } = await bot.send([{ first: 7_001, people: 2, source, as: 'video' }], LIMIT);
    const counts = await bounds.platform.counts();
    show('bytes not taken', { sent, ...counts });
    assertAllArrivedOnce(sent, counts);
    assertWaitedAtMost(sent);
  });

  it('an upload that is refused before its bytes are taken delays no message for longer', async () => {
    const bot = await bounds.start();
    const source = await bounds.write('film.mp4', 12 * MB);
    await bounds.platform.expectFilesOf(12 * MB);
    await bounds.platform.follow({ call: 'upload', error: ERRORS.temporary, status: 500, early: true });
    const { sent } = await bot.send([{ first: 7_001, people: 5, source, as: 'video' }], LIMIT);
    const counts = await bounds.platform.counts();
    show('refused early', { sent, ...counts });
    assertAllArrivedOnce(sent, counts);
    assertWaitedAtMost(sent);
  });

  for (const [how, rate] of [
    ['at full speed', undefined],
    ['over a slow line, which takes longer than uploadWait', 1.5 * MB],
  ] as const) {
    it(`25 MB to 1,000 people go up once, ${how}`, async () => {
      const bot = await bounds.start();
      const source = await bounds.write('film.mp4', 25 * MB - 1);
      await bounds.platform.follow(
        // 1,000 times 25 MB would be too much for this machine: who brings the file along is refused at its begin.
        { call: 'send', content: 'file', error: ERRORS.temporary, early: true },
        ...(rate === undefined ? [] : [{ call: 'upload', bytesPerSecond: rate } as const]),
      );
      const { sent } = await bot.send([{ first: 10_001, people: 1_000, source, as: 'video' }], 2 * LIMIT);
      const counts = await bounds.platform.counts();
      show(`25 MB ${how}`, { sent, ...counts });
      assertAllArrivedOnce(sent, counts);
      assert.equal(counts.fileBytes, 25 * MB - 1, 'bytes that went up');
    });
  }
});
