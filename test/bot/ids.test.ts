import assert from 'node:assert/strict';
import Keyv from 'keyv';
import KeyvFile from 'keyv-file';
import { file, image } from '../../src';
import { useFolder } from '../support/files/folder';
import { scene } from '../support/bot/scene';
import { arrived, calls, onlyArrival, tally } from '../support/bot/seen';
import { PAGE } from '../support/bot/stage';

const TOM = image('cats/tom.jpg');
const PICTURES = [TOM, image('cats/mia.jpg'), image('paw.png')];

/** A storage adapter, as Keyv takes any, that counts how often it is asked for an ID. */
class CountingMap extends Map<string, unknown> {
  asked = 0;

  override get(key: string): unknown {
    this.asked++;
    return super.get(key);
  }
}

describe('an attachment ID', () => {
  const play = scene();
  const folder = useFolder();

  it('comes of one upload when fifty sends wait for it', async () => {
    const { sim, ...stage } = await play.open();
    const users = Array.from({ length: 50 }, (_, index) => String(8000 + index));
    const bots = await Promise.all(users.map((user) => stage.bot(user)));
    await Promise.all(bots.map((bot) => bot.say(TOM) as Promise<unknown>));
    const [saved, ...more] = sim.assets();
    assert.deepEqual(more, []);
    for (const user of users) assert.equal(onlyArrival(sim, user).attachment.attachmentId, saved?.id);
    assert.deepEqual(tally(sim), { 'upload-file': 1, 'send-id': 50 });
  });

  it('is shared by two bots on one store', async () => {
    const shared = new Map<string, unknown>();
    const one = await play.open({ store: shared });
    const other = await play.open({ store: shared });
    await (await one.bot('1')).say(TOM);
    await (await other.bot('2')).say(TOM);
    await (await other.bot('2')).say(PICTURES[1] ?? TOM);
    await (await one.bot('1')).say(PICTURES[1] ?? TOM);
    const ids = ['1', '2'].map((user) =>
      arrived(play.sim, user).map(({ attachments: [shown] }) => shown?.attachmentId),
    );
    assert.deepEqual(ids[0], ids[1]);
    assert.deepEqual(tally(play.sim), { 'upload-file': 2, 'send-id': 4 });
  });

  for (const separatedFile of [false, true]) {
    it(`is remembered over a restart by keyv-file${separatedFile ? ', a file for each entry' : ''}`, async () => {
      const openStore = () =>
        new Keyv({ store: new KeyvFile({ filename: folder.at('ids'), separatedFile, writeDelay: 1 }) });
      const before = openStore();
      const first = await play.open({ store: before });
      for (const picture of PICTURES) await (await first.bot()).say(picture);
      await play.close(first);
      await before.disconnect();

      const second = await play.open({ store: openStore() });
      for (const picture of PICTURES) await (await second.bot()).say(picture);
      assert.equal(arrived(play.sim).length, 6);
      assert.deepEqual(tally(play.sim), { 'upload-file': 3, 'send-id': 6 });
    });
  }

  it('is asked of the store once, and then known', async () => {
    const store = new CountingMap();
    const { sim, ...stage } = await play.open({ store });
    const bot = await stage.bot();
    for (let count = 0; count < 5; count++) await bot.say(TOM);
    assert.equal(arrived(sim).length, 5);
    assert.equal(store.asked, 1);
  });

  it('is asked of the store again, and not uploaded again, when memory is full', async () => {
    const store = new CountingMap();
    const { sim, ...stage } = await play.open({ store, memory: 2 });
    const bot = await stage.bot();
    for (let round = 0; round < 3; round++) for (const picture of PICTURES) await bot.say(picture);
    assert.equal(arrived(sim).length, 9);
    assert.deepEqual(tally(sim), { 'upload-file': 3, 'send-id': 9 });
    // Three assets take turns in two places, so that none is ever still there.
    assert.equal(store.asked, 9);
  });

  it('is kept under a short ASCII key that tells the page and the type', async () => {
    const store = new Map<string, unknown>();
    const { plugin, ...stage } = await play.open({ store });
    const bot = await stage.bot();
    const name = '猫'.repeat(80);
    const messages = [...PICTURES, file('cat-care.pdf', { filename: `${name}.pdf` })];
    for (const message of messages) await bot.say(message);
    await plugin.close();
    assert.equal(store.size, messages.length);
    for (const key of store.keys()) {
      assert.match(key, /^[\x21-\x7e]{20,200}$/);
      assert.ok(key.includes(`:${PAGE.id}:image:`) || key.includes(`:${PAGE.id}:file:`), key);
    }
  });

  it('is made anew after `forget`, and only that one', async () => {
    const { sim, plugin, ...stage } = await play.open();
    const bot = await stage.bot();
    const say = async () => {
      for (const picture of PICTURES) await bot.say(picture);
    };
    await say();
    await plugin.forget(TOM);
    await say();
    assert.deepEqual(tally(sim), { 'upload-file': 4, read: 1, 'send-id': 6 });
    const [first, , , again] = arrived(sim).map(({ attachments: [shown] }) => shown);
    assert.equal(first?.name, again?.name);
    assert.notEqual(first?.attachmentId, again?.attachmentId);
  });

  it('is counted', async () => {
    const { plugin, ...stage } = await play.open();
    const bot = await stage.bot();
    await bot.say(TOM);
    await bot.say(TOM);
    await bot.say(TOM);
    const { uploads, sends, sendsById, bytesUploaded, bytesSaved, errors } = plugin.stats;
    const size = onlyCopy(play.sim.assets()).bytes;
    assert.deepEqual(
      { uploads, sends, sendsById, bytesUploaded, bytesSaved, errors },
      { uploads: 1, sends: 3, sendsById: 3, bytesUploaded: size, bytesSaved: 2 * size, errors: 0 },
    );
    assert.deepEqual(calls(play.sim), ['upload-file', 'send-id', 'send-id', 'send-id']);
  });
});

function onlyCopy<T>([only, ...more]: T[]): T {
  assert.deepEqual(more, []);
  assert.ok(only);
  return only;
}
