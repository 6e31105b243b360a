import assert from 'node:assert/strict';
import type { Sending } from '../bot';
import { assertAllArrivedOnce, assertAtMost, LIMIT, MB, show, useBounds } from '../fixture';

describe('What a picture waits for large uploads, on default options', function () {
  this.timeout(120_000);
  const bounds = useBounds();

  it('twelve videos of 3 s each on one page do not hold up a picture of another page', async () => {
    const bot = await bounds.start({ pages: ['1001', '1002'] });
    await bounds.platform.follow({ call: 'upload', page: '1001', content: 'url', delay: 3_000 });
    const { sent } = await bot.send(
      [
        ...Array.from({ length: 12 }, (_, index) => ({
          first: 7_001 + index,
          page: '1001',
          source: `https://films.example/${index}.mp4`,
          as: 'video' as const,
        })),
        { first: 8_001, page: '1002', source: await bounds.write('paw.png', 10_000), after: 300 },
      ],
      LIMIT,
    );
    const counts = await bounds.platform.counts();
    show('twelve videos', { sent: sent.map(({ longest }) => longest), ...counts });
    assertAllArrivedOnce(sent, counts);
    assertAtMost('ms that the picture took', sent.at(-1)?.longest ?? Infinity, 1_500);
    assert.equal(counts.delivered.id, 13, 'all of them by ID');
  });

  for (const [what, write, rule] of [
    [
      'films on a slow line',
      (index: number) => bounds.write(`${index}.mp4`, 10 * MB),
      { call: 'upload', content: 'file', times: 8, bytesPerSecond: 1.25 * MB },
    ],
    [
      'slow addresses',
      (index: number) => Promise.resolve(`https://films.example/${index}.mp4`),
      { call: 'upload', content: 'url', delay: 8_000 },
    ],
  ] as const) {
    it(`eight uploads of ${what} do not hold up a small picture of the same page`, async () => {
      const bot = await bounds.start();
      const sendings: Sending[] = [];
      for (let index = 0; index < 8; index++) {
        sendings.push({ first: 7_001 + index, source: await write(index), as: 'video' });
      }
      await bounds.platform.follow(rule);
      const { sent } = await bot.send(
        [...sendings, { first: 8_001, source: await bounds.write('paw.png', 10_000), after: 500 }],
        2 * LIMIT,
      );
      const counts = await bounds.platform.counts();
      show(`eight ${what}`, { sent: sent.map(({ longest }) => longest), ...counts });
      assertAllArrivedOnce(sent, counts);
      assertAtMost('ms that the picture took', sent.at(-1)?.longest ?? Infinity, 2_000);
    });
  }
});
