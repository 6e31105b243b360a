import assert from 'node:assert/strict';
import type { Sending } from '../bot';
import { assertAllArrivedOnce, assertAtMost, DESCRIPTORS, LIMIT, MB, show, useBounds } from '../fixture';

describe('What messages wait for each other, on default options', function () {
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

  const tenPages = Array.from({ length: 10 }, (_, index) => `${1_001 + index}`);

  it('uploads that hang on ten pages hold up no picture of another page', async () => {
    const bot = await bounds.start({ pages: [...tenPages, '2001'] });
    await bounds.platform.follow(
      ...tenPages.map((page) => ({ call: 'upload', page, hang: 'answer' }) as const),
    );
    const usage = await bot.send(
      [
        ...tenPages.map((page, index) => ({
          first: 10_001 + 100 * index,
          people: 40,
          page,
          source: 'https://pictures.example/{}.png',
        })),
        { first: 8_001, page: '2001', source: await bounds.write('paw.png', 10_000), after: 1_000 },
      ],
      LIMIT,
    );
    const { sent, descriptors } = usage;
    const counts = await bounds.platform.counts();
    show('ten pages hang', { sent: sent.map(({ longest }) => longest), descriptors, ...counts });
    assertAllArrivedOnce(sent, counts);
    assertAtMost('ms that the picture took', sent.at(-1)?.longest ?? Infinity, 1_500);
    assert.equal(counts.delivered.id, 1, 'the picture by ID');
    assertAtMost('descriptors', descriptors, DESCRIPTORS);
  });

  for (const [call, once] of [
    ['upload', false],
    ['send', true],
  ] as const) {
    for (const [hang, files] of [
      ['answer', { count: 30, bytes: 5_000, name: 'png', as: 'image' }],
      ['body', { count: 3, bytes: 12 * MB, name: 'mp4', as: 'video' }],
    ] as const) {
      it(`files whose ${call} hangs, with its ${hang}, on ten pages hold up no file of another page`, async () => {
        const bot = await bounds.start({ pages: [...tenPages, '2001'] });
        await bounds.platform.expectFilesOf(files.bytes);
        await bounds.platform.follow(...tenPages.map((page) => ({ call, page, hang }) as const));
        const sources: string[] = [];
        for (let index = 0; index < files.count; index++) {
          sources.push(await bounds.write(`${index}.${files.name}`, files.bytes));
        }
        // One page after the other, so that the first one can take what it gets.
        const sendings = tenPages.flatMap((page) =>
          sources.map((source, index): Sending => ({
            first: 10_001 + index,
            page,
            source,
            as: files.as,
            once,
          })),
        );
        const source = await bounds.write('paw.png', 5_000);
        const { sent, descriptors } = await bot.send(
          [...sendings, { first: 8_001, page: '2001', source, once, after: 2_000 }],
          8_000,
        );
        show(`${call} ${hang}`, { sent: sent.at(-1), descriptors });
        assert.equal(sent.at(-1)?.arrived, 1);
        assertAtMost('ms that the picture took', sent.at(-1)?.longest ?? Infinity, 1_500);
        assertAtMost('descriptors', descriptors, DESCRIPTORS);
      });
    }
  }

  it('sends that hang on ten pages hold up no send of another page', async () => {
    const bot = await bounds.start({ pages: [...tenPages, '2001'] });
    const source = await bounds.write('paw.png', 10_000);
    const firsts = [...tenPages, '2001'].map((page, index) => ({ first: 1 + index, page, source }));
    await bot.send(firsts, LIMIT);
    await bounds.platform.follow(
      ...tenPages.map((page) => ({ call: 'send', page, hang: 'answer' }) as const),
    );
    const { sent, descriptors } = await bot.send(
      [
        ...tenPages.map((page, index) => ({ first: 10_001 + 100 * index, people: 100, page, source })),
        { first: 8_001, page: '2001', people: 20, source, after: 1_000 },
      ],
      8_000,
    );
    show('sends of ten pages hang', { sent: sent.map(({ longest }) => longest), descriptors });
    assert.deepEqual(
      sent.map(({ arrived }) => arrived),
      [...tenPages.map(() => 0), 20],
    );
    assertAtMost('ms that the twenty took', sent.at(-1)?.longest ?? Infinity, 2_000);
    assertAtMost('descriptors', descriptors, DESCRIPTORS);
  });
});
