import assert from 'node:assert/strict';
import type { Sending } from '../bot';
import { assertAllArrivedOnce, assertAtMost, DESCRIPTORS, LIMIT, MB, show, useBounds } from '../fixture';

describe('What pages wait for each other, on default options', function () {
  this.timeout(120_000);
  const bounds = useBounds();

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
    it(`files whose ${call} hangs and waits on ten pages hold up no file of another kind, nor of another page`, async () => {
      const bot = await bounds.start({ pages: [...tenPages, '2001'] });
      await bounds.platform.follow(
        ...tenPages.map((page) => ({ call, page, content: 'file', hang: 'answer' }) as const),
      );
      // More than have a place: the others wait for one.
      const hanging = await Promise.all(
        Array.from({ length: 30 }, (_, index) => bounds.write(`${index}.png`, 5_000)),
      );
      const source = await bounds.write('paw.png', 5_000);
      const { sent, descriptors } = await bot.send(
        [
          ...[...tenPages, '2001'].map((page, index) => ({
            first: 8_001 + index,
            page,
            source,
            once: page === '2001' ? once : !once,
            after: 1_500,
          })),
          ...tenPages.flatMap((page) =>
            hanging.map((source, index) => ({ first: 10_001 + index, page, source, once })),
          ),
        ],
        6_000,
      );
      const pictures = sent.slice(0, 11);
      show(`${call}s hang and wait`, { pictures, descriptors });
      for (const { arrived, longest } of pictures) {
        assert.equal(arrived, 1);
        assertAtMost('ms that the picture took', longest, 1_500);
      }
      assertAtMost('descriptors', descriptors, DESCRIPTORS);
    });

    it(`files that nobody reads in ${call}s of ten pages hold up no file of another page`, async () => {
      const bot = await bounds.start({ pages: [...tenPages, '2001'] });
      await bounds.platform.follow(...tenPages.map((page) => ({ call, page, hang: 'body' }) as const));
      const films = await Promise.all([0, 1, 2].map((index) => bounds.write(`${index}.mp4`, 12 * MB)));
      // One page after the other, so that the first one can take what it gets.
      const sendings = tenPages.flatMap((page) =>
        films.map((source, index): Sending => ({ first: 10_001 + index, page, source, as: 'video', once })),
      );
      const source = await bounds.write('paw.png', 5_000);
      const { sent, descriptors } = await bot.send(
        [...sendings, { first: 8_001, page: '2001', source, once, after: 2_000 }],
        6_000,
      );
      show(`${call} body`, { sent: sent.at(-1), descriptors });
      assert.equal(sent.at(-1)?.arrived, 1);
      assertAtMost('ms that the picture took', sent.at(-1)?.longest ?? Infinity, 1_500);
      assertAtMost('descriptors', descriptors, DESCRIPTORS);
    });
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
