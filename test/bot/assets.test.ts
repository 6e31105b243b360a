import assert from 'node:assert/strict';
import { stat, utimes } from 'node:fs/promises';
import { audio, file, image, type AttachmentCacheOptions, type AttachmentMessage } from '../../src';
import { useFolder } from '../support/files/folder';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, callCounts } from '../support/platform/received';
import { readAsset } from '../support/files/assets';
import { openWebsite } from '../support/platform/website';

const TOM = readAsset('cats/tom.jpg');
const MIA = readAsset('cats/mia.jpg');

describe('an asset', () => {
  const platform = useSimulator();
  const folder = useFolder();

  async function openBot(options: AttachmentCacheOptions = {}) {
    const botkit = await platform.openBotkit({ root: folder.path, ...options });
    return { sim: botkit.sim, bot: await botkit.bot() };
  }

  /** The names that each attachment was sent under, and its ID. */
  const shown = () =>
    arrived(platform.sim).map(({ attachments: [one] }) => ({ name: one?.name, id: one?.attachmentId }));

  it('is its content, whatever paths it has', async () => {
    const { sim, bot } = await openBot();
    await folder.write('one.jpg', TOM);
    await folder.write('deep/down/two.jpg', TOM);
    const sources = ['one.jpg', 'deep/down/two.jpg', TOM, new Uint8Array(TOM)];
    for (const source of sources) await bot.say(image(source));
    assert.equal(arrived(sim).length, sources.length);
    assert.deepEqual(callCounts(sim), { 'upload-file': 1, 'send-id': sources.length });
  });

  it('of type file is shown by its name, so that counts too', async () => {
    const { sim, bot } = await openBot();
    await folder.write('menu.pdf', readAsset('cat-care.pdf'));
    await folder.write('today.pdf', readAsset('cat-care.pdf'));
    for (const path of ['menu.pdf', 'today.pdf', 'menu.pdf']) await bot.say(file(path));
    await bot.say(file('menu.pdf', { filename: 'today.pdf' }));
    assert.deepEqual(
      shown().map(({ name }) => name),
      ['menu.pdf', 'today.pdf', 'menu.pdf', 'today.pdf'],
    );
    assert.deepEqual(callCounts(sim), { 'upload-file': 2, 'send-id': 4 });
  });

  it('is another one for each type', async () => {
    const { sim, bot } = await openBot();
    const messages: AttachmentMessage[] = [image(TOM), file(TOM), image(TOM), file(TOM)];
    for (const message of messages) await bot.say(message);
    assert.equal(arrived(sim).length, 4);
    assert.deepEqual(callCounts(sim), { 'upload-file': 2, 'send-id': 4 });
  });

  it('is a new one when the file has changed, and the old one when it is as before', async () => {
    const { sim, bot } = await openBot();
    for (const bytes of [TOM, MIA, TOM]) {
      await folder.write('cat.jpg', bytes);
      await bot.say(image('cat.jpg'));
    }
    const sent = arrived(sim).map(({ attachments: [one] }) => one?.bytes);
    assert.deepEqual(sent, [TOM.length, MIA.length, TOM.length]);
    assert.deepEqual(callCounts(sim), { 'upload-file': 2, 'send-id': 3 });
  });

  it('is a new one even when the changed file shows the same size and time', async () => {
    const { sim, bot } = await openBot();
    const path = await folder.write('sound.mp3', Buffer.alloc(1000, 'a'));
    const { atime, mtime } = await stat(path);
    await bot.say(audio('sound.mp3'));
    await folder.write('sound.mp3', Buffer.alloc(1000, 'b'));
    await utimes(path, atime, mtime);
    await bot.say(audio('sound.mp3'));
    const [first, second] = arrived(sim).map(({ attachments: [one] }) => one?.sha256);
    assert.notEqual(first, second);
    assert.deepEqual(calls(sim), ['upload-file', 'send-id', 'upload-file', 'send-id']);
  });

  it('of bytes is what they were when the message left, although the author goes on using the buffer', async () => {
    const { sim, bot } = await openBot();
    const bytes = Buffer.from(TOM);
    await bot.say(image(bytes));
    MIA.copy(bytes);
    await bot.say(image(bytes));
    const [first, second] = arrived(sim).map(({ attachments: [one] }) => one?.sha256);
    assert.notEqual(first, second);
    assert.deepEqual(callCounts(sim), { 'upload-file': 2, 'send-id': 2 });
  });

  it('on the web is its whole address', async () => {
    const website = platform.closeAfterTest(await openWebsite());
    const { sim, bot } = await openBot();
    for (const query of ['?v=1', '?v=2', '?v=1']) await bot.say(image(`${website.url}/cats/tom.jpg${query}`));
    assert.deepEqual(website.fetched, ['/cats/tom.jpg?v=1', '/cats/tom.jpg?v=2']);
    assert.deepEqual(callCounts(sim), { 'upload-url': 2, 'send-id': 3 });
  });

  it('on the web is what `cacheKey` makes of its address; the platform fetches it with its signature', async () => {
    const website = platform.closeAfterTest(await openWebsite());
    const { sim, bot } = await openBot({ cacheKey: (url) => url.origin + url.pathname });
    for (const query of ['?sig=1', '?sig=2', '?sig=3']) {
      await bot.say(image(`${website.url}/cats/tom.jpg${query}`));
    }
    assert.deepEqual(website.fetched, ['/cats/tom.jpg?sig=1']);
    assert.deepEqual(callCounts(sim), { 'upload-url': 1, 'send-id': 3 });
  });
});
