import path from 'node:path';
import { mkdtemp, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { buildPackage } from '../../../support/processes/built-package';
import { ERRORS } from '../../../support/platform/outside/rules';
import { assertAllArrivedOnce, assertAtMost, DESCRIPTORS, MB, show, useBounds } from '../fixture';
import type { SentMessage } from '../bot';
import type { MeasuredBot, Usage } from '../measured-bot';

/** MB that a bot may add on default options, whatever it sends. */
const MEMORY = 300;

/** Milliseconds that its event loop may be stopped. */
const LONGEST_STOP = 200;

/** Milliseconds in which all have arrived, on a busy machine too. */
const LIMIT = 60_000;

describe('Sockets and memory of a bot on default options', function () {
  this.timeout(3 * LIMIT);
  const bounds = useBounds();
  let plugin = '';

  // As it is published: what a transpiler adds would be measured too.
  before(async () => {
    plugin = await mkdtemp(path.join(tmpdir(), 'package-'));
    await buildPackage(plugin);
  });
  after(() => rm(plugin, { recursive: true, force: true }));

  const assertBounded = ({ descriptors, memory }: Usage): void => {
    assertAtMost('descriptors', descriptors, DESCRIPTORS);
    assertAtMost('MB of memory added', memory, MEMORY);
  };

  for (const limit of [undefined, 1024, 256]) {
    const where = limit === undefined ? '' : `, with ulimit -n ${limit}`;
    it(`10,000 sends at once by known IDs all arrive within the bounds${where}`, async () => {
      const bot = await bounds.start({ plugin, ...(limit !== undefined && { descriptors: limit }) });
      const send = await warmUp(bot);
      const usage = await send(10_000);
      show(`10,000 by ID${where}`, usage);
      assertBounded(usage);
    });
  }

  it('10,000 sends at once by known IDs stop the event loop for 200 ms at most', async function () {
    // What others on a busy machine take from the processor's caches counts, too.
    this.retries(3);
    const bot = await bounds.start({ plugin });
    const send = await warmUp(bot);
    // The first thousands compile the code as well, and make the heap grow: some 50 ms more.
    await send(2_000);
    const { stop } = await send(10_000);
    show('10,000 by ID, event loop', stop);
    assertAtMost('ms that the event loop was stopped', stop.processor, LONGEST_STOP);
  });

  /** After it, the ID is known, and the code has been compiled as it is in a bot that runs. */
  const warmUp = async (bot: MeasuredBot): Promise<(people: number) => Promise<Usage>> => {
    const source = await bounds.write('paw.png', 10_000);
    const all: SentMessage[] = [];
    let next = 1;
    const send = async (people: number): Promise<Usage> => {
      const usage = await bot.send([{ first: next, people, source }], LIMIT);
      next += people;
      all.push(...usage.sent);
      assertAllArrivedOnce(all, await bounds.platform.counts());
      return usage;
    };
    await send(200);
    // For some seconds after a file was written, nothing is concluded from its time stamps.
    await wait(3_000);
    await send(200);
    return send;
  };

  it('400 who wait for an upload of 8 MB that is refused all get it in one step, within the bounds', async () => {
    const usage = await sendRefused('large.png', 8 * MB, { people: 400 });
    assertBounded(usage);
  });

  it('700 who wait for an upload that is refused all get it in one step with ulimit -n 1024', async () => {
    const usage = await sendRefused('middle.png', 0.5 * MB, { people: 700, descriptors: 1024 });
    assertBounded(usage);
  });

  it('1,000 who meet a dead ID all get it within the bounds, and the content goes up twice at most', async () => {
    const bot = await bounds.start({ plugin, descriptors: 256 });
    const source = await bounds.write('paw.png', 4 * MB);
    const { sent } = await bot.send([{ first: 1, source }], LIMIT);
    await bounds.platform.revokeIds();
    const usage = await bot.send([{ first: 10_001, people: 1_000, source }], LIMIT);
    const counts = await bounds.platform.counts();
    show('1,000 meet a dead ID', { ...usage, ...counts });
    assertAllArrivedOnce([...sent, ...usage.sent], counts);
    assertBounded(usage);
    // And once before.
    assertAtMost('bytes that went up', counts.fileBytes, 3 * 4 * MB);
  });

  const sendRefused = async (
    name: string,
    bytes: number,
    { people, descriptors }: { people: number; descriptors?: number },
  ): Promise<Usage> => {
    const bot = await bounds.start({ plugin, ...(descriptors !== undefined && { descriptors }) });
    await bot.send([{ first: 1, source: await bounds.write('paw.png', 10_000) }], LIMIT);
    await bounds.platform.reset();
    await bounds.platform.follow({ call: 'upload', error: ERRORS.temporary, status: 500 });
    const source = await bounds.write(name, bytes);
    await bounds.platform.expectFilesOf(bytes);
    const usage = await bot.send([{ first: 10_001, people, source }], 2 * LIMIT);
    const counts = await bounds.platform.counts();
    show(`${people} wait for a refused upload`, { ...usage, ...counts });
    assertAllArrivedOnce(usage.sent, counts);
    return usage;
  };

  it('a data: URI of 20 MB is hashed once: later sends by its ID stop the event loop for 20 ms at most', async () => {
    const bot = await bounds.start({ plugin });
    const { stop } = await bot.sendData(20 * MB, 5);
    show('data: URI of 20 MB', stop);
    assertAtMost('ms that the event loop was stopped', stop.processor, 20);
  });

  it('a file with a time stamp in the future is not read again at each send', async () => {
    const bot = await bounds.start({ plugin });
    const source = await bounds.write('future.png', 20 * MB);
    const nextYear = new Date(Date.now() + 365 * 24 * 60 * 60 * 1000);
    await utimes(bounds.root.at(source), nextYear, nextYear);
    await bot.send([{ first: 1, source }], LIMIT);
    // A file that has just been written may be written again, so for some seconds nothing is concluded from its time.
    await wait(4_000);
    const later = Array.from({ length: 10 }, (_, at) => ({ first: 2 + at, source, after: at * 50 }));
    const { read } = await bot.send(later, LIMIT);
    show('10 sends of a file of 20 MB with a future time stamp', { mbRead: read });
    assertAtMost('MB that were read', read, 30);
  });
});
