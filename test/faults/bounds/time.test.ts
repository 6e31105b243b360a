import assert from 'node:assert/strict';
import { ERRORS } from '../../support/platform/outside/rules';
import type { Sending, SentMessage } from './bot';
import { assertAllArrivedOnce, assertAtMost, MB, show, useBounds } from './fixture';

/** Milliseconds that a message waits for an ID, by default. */
const UPLOAD_WAIT = 10_000;

/** What a bot may have open on default options, whatever it sends. */
const DESCRIPTORS = 200;

/** What the one-step send takes after that, on a busy machine. */
const GRACE = 5_000;

/** After this many milliseconds a test sees what is unfinished. */
const LIMIT = 30_000;

describe('What a message waits for, on default options', function () {
  this.timeout(120_000);
  const bounds = useBounds();

  const assertEachWithin = (sent: readonly SentMessage[], limit: number): void => {
    for (const { longest } of sent) assertAtMost('ms that a message took', longest, limit);
  };

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
      assertEachWithin(sent, UPLOAD_WAIT + GRACE);
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
    assertEachWithin(sent, UPLOAD_WAIT + GRACE);
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
    assertEachWithin(sent, UPLOAD_WAIT + GRACE);
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

  it('GET /me that hangs: each message arrives within uploadWait', async () => {
    const bot = await bounds.start();
    const source = await bounds.write('paw.png', 10_000);
    await bounds.platform.follow({ call: 'page', hang: 'answer' });
    const { sent } = await bot.send([{ first: 7_001, people: 20, source }], LIMIT);
    const counts = await bounds.platform.counts();
    show('GET /me hangs', { sent, ...counts });
    assertAllArrivedOnce(sent, counts);
    assertEachWithin(sent, UPLOAD_WAIT + GRACE);
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
    assertEachWithin(sent.slice(0, 1), UPLOAD_WAIT + GRACE);
    assertEachWithin(sent.slice(-1), 1_000);
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
