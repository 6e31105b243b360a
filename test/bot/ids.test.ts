import assert from 'node:assert/strict';
import Keyv from 'keyv';
import KeyvFile from 'keyv-file';
import { file, image } from '../../src';
import { useFolder } from '../support/files/folder';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { PAGE } from '../support/platform/pages';

const TOM = image('cats/tom.jpg');
const PICTURES = [TOM, image('cats/mia.jpg'), image('paw.png')];

/** A storage adapter, as Keyv takes any, that counts how often it is asked for an ID. */
class CountingMap extends Map<string, unknown> {
  asked = 0;

  override get(key: string): unknown {
    if (!key.endsWith('fb-attachment:mark')) this.asked++;
    return super.get(key);
  }
}

/** A storage adapter that counts all calls; with leases as those of ioredis. */
class CountingStore extends Map<string, unknown> {
  /** Their names, but those that look after the store. */
  readonly asked: string[] = [];
  readonly redis = {
    set: (): string => {
      this.asked.push('take');
      return 'OK';
    },
    eval: (script: string): number => {
      this.asked.push(script.includes('del') ? 'release' : 'renew');
      return 1;
    },
  };

  override get(key: string): unknown {
    if (!key.endsWith('fb-attachment:mark')) this.asked.push('get');
    return super.get(key);
  }

  override set(key: string, value: unknown): this {
    if (!key.endsWith('fb-attachment:mark')) this.asked.push('set');
    return super.set(key, value);
  }
}

describe('an attachment ID', () => {
  const platform = useSimulator();
  const folder = useFolder();

  it('takes one upload when fifty sends wait for it', async () => {
    const { sim, ...botkit } = await platform.openBotkit();
    const users = Array.from({ length: 50 }, (_, index) => String(8000 + index));
    const bots = await Promise.all(users.map((user) => botkit.bot(user)));
    await Promise.all(bots.map((bot) => bot.say(TOM) as Promise<unknown>));
    const [saved, ...more] = sim.assets();
    assert.deepEqual(more, []);
    for (const user of users) assert.equal(onlyArrival(sim, user).attachment.attachmentId, saved?.id);
    assert.deepEqual(callCounts(sim), { 'upload-file': 1, 'send-id': 50 });
  });

  it('takes three more calls of a store with leases at its upload, and none at later sends', async () => {
    const store = new CountingStore();
    const { plugin, ...botkit } = await platform.openBotkit({ store });
    const bot = await botkit.bot();
    await bot.say(TOM);
    await plugin.close();
    assert.deepEqual(store.asked.toSorted(), ['get', 'get', 'release', 'set', 'take']);
    store.asked.length = 0;
    await bot.say(TOM);
    await bot.say(TOM);
    assert.deepEqual(store.asked, []);
  });

  it('is shared by two bots on one store', async () => {
    const shared = new Map<string, unknown>();
    const one = await platform.openBotkit({ store: shared });
    const other = await platform.openBotkit({ store: shared });
    await (await one.bot('1')).say(TOM);
    await (await other.bot('2')).say(TOM);
    await (await other.bot('2')).say(PICTURES[1] ?? TOM);
    await (await one.bot('1')).say(PICTURES[1] ?? TOM);
    const ids = ['1', '2'].map((user) =>
      arrived(platform.sim, user).map(({ attachments: [shown] }) => shown?.attachmentId),
    );
    assert.deepEqual(ids[0], ids[1]);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 2, 'send-id': 4 });
  });

  for (const separatedFile of [false, true]) {
    it(`survives a restart in keyv-file${separatedFile ? ', a file for each entry' : ''}`, async () => {
      const openStore = () =>
        new Keyv({ store: new KeyvFile({ filename: folder.at('ids'), separatedFile, writeDelay: 1 }) });
      const before = openStore();
      const first = await platform.openBotkit({ store: before });
      for (const picture of PICTURES) await (await first.bot()).say(picture);
      await platform.close(first);
      await before.disconnect();

      const second = await platform.openBotkit({ store: openStore() });
      for (const picture of PICTURES) await (await second.bot()).say(picture);
      assert.equal(arrived(platform.sim).length, 6);
      assert.deepEqual(callCounts(platform.sim), { 'upload-file': 3, 'send-id': 6 });
    });
  }

  it('is read from the store once, and then known', async () => {
    const store = new CountingMap();
    const { sim, ...botkit } = await platform.openBotkit({ store });
    const bot = await botkit.bot();
    for (let count = 0; count < 5; count++) await bot.say(TOM);
    assert.equal(arrived(sim).length, 5);
    assert.equal(store.asked, 1);
  });

  it('is read from the store again, and not uploaded again, when memory is full', async () => {
    const store = new CountingMap();
    const { sim, ...botkit } = await platform.openBotkit({ store, memory: 2 });
    const bot = await botkit.bot();
    for (let round = 0; round < 3; round++) for (const picture of PICTURES) await bot.say(picture);
    assert.equal(arrived(sim).length, 9);
    assert.deepEqual(callCounts(sim), { 'upload-file': 3, 'send-id': 9 });
    // Three assets take turns in two places, so that none is ever still there.
    assert.equal(store.asked, 9);
  });

  it('is kept under a short ASCII key that tells the page and the type', async () => {
    const store = new Map<string, unknown>();
    const { plugin, ...botkit } = await platform.openBotkit({ store });
    const bot = await botkit.bot();
    const name = '猫'.repeat(80);
    const messages = [...PICTURES, file('cat-care.pdf', { filename: `${name}.pdf` })];
    for (const message of messages) await bot.say(message);
    await plugin.close();
    const mark = 'facebook-attachments:fb-attachment:mark';
    assert.ok(store.delete(mark), 'besides, there is a mark that tells whether the store has lost them');
    assert.equal(store.size, messages.length);
    for (const key of store.keys()) {
      assert.match(key, /^[\x21-\x7e]{20,200}$/);
      assert.ok(key.includes(`:${PAGE.id}:image:`) || key.includes(`:${PAGE.id}:file:`), key);
    }
  });

  it('is replaced after `forget`, and no other ID is', async () => {
    const { sim, plugin, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    const say = async () => {
      for (const picture of PICTURES) await bot.say(picture);
    };
    await say();
    await plugin.forget(TOM);
    await say();
    assert.deepEqual(callCounts(sim), { 'upload-file': 4, read: 1, 'send-id': 6 });
    const [first, , , again] = arrived(sim).map(({ attachments: [shown] }) => shown);
    assert.equal(first?.name, again?.name);
    assert.notEqual(first?.attachmentId, again?.attachmentId);
  });

  it('is counted in `stats`', async () => {
    const { plugin, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    await bot.say(TOM);
    await bot.say(TOM);
    await bot.say(TOM);
    const { uploads, sends, sendsById, bytesUploaded, bytesSaved, errors } = plugin.stats;
    const size = onlyCopy(platform.sim.assets()).bytes;
    assert.deepEqual(
      { uploads, sends, sendsById, bytesUploaded, bytesSaved, errors },
      { uploads: 1, sends: 3, sendsById: 3, bytesUploaded: size, bytesSaved: 2 * size, errors: 0 },
    );
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id', 'send-id', 'send-id']);
  });
});

function onlyCopy<T>([only, ...more]: T[]): T {
  assert.deepEqual(more, []);
  assert.ok(only);
  return only;
}
