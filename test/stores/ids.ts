import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import Keyv from 'keyv';
import { audio, file, image } from '../../src';
import type { PlainAdapter } from '../support/bot/plain-adapter';
import { countUploads } from '../support/platform/received';
import { openWebsite } from '../support/platform/website';
import type { StoreKind } from './kinds';
import { NAMES, type StoreFixture } from './use-store';

const HOUR = 60 * 60 * 1000;

/** Databases limit keys to this. */
const LONGEST_KEY = 255;

/** MySQL's TEXT. */
const LONGEST_VALUE = 65_535;

export function promisesOnIds(kind: StoreKind, fixture: StoreFixture): void {
  const { openBot, openStore, close, arrivals } = fixture;

  it('keeps an ID over a restart: the next bot uploads nothing', async () => {
    const first = openBot();
    await first.send('7001', image('paw.png'));
    await close(first);
    const second = openBot();
    await second.send('7002', image('paw.png'));
    assert.equal(countUploads(fixture.sim), 1);
    assert.deepEqual([arrivals('7001'), arrivals('7002')], [1, 1]);
    assert.deepEqual([...first.errors, ...second.errors], []);
  });

  it('is told how long an ID is good for', async () => {
    const bot = openBot({ ttl: HOUR });
    await bot.send('7001', image('paw.png'));
    await close(bot);
    const [row, ...more] = await openStore().rows(fixture.page.id);
    assert.deepEqual(more, []);
    assert.ok(row, 'there is no row');
    assert.ok(row.left <= HOUR && row.left > HOUR - 60_000, `${row.left} ms are left`);
  });

  it('forgets an ID at its end: it is uploaded anew', async () => {
    const bot = openBot({ ttl: 2_000, refreshAhead: 0 });
    await bot.send('7001', image('paw.png'));
    await close(bot);
    await wait(2_100);
    // This bot would trust the ID for longer: it is the store that no longer gives it.
    await openBot().send('7001', image('paw.png'));
    assert.equal(countUploads(fixture.sim), 2);
  });

  it('holds every key and value as it is, within the limits of databases', async () => {
    const site = await openWebsite();
    fixture.closeAfterTest(site);
    const messages = [
      ...NAMES.map((name) => image(name)),
      ...NAMES.map((name) => file(name)),
      file('paw.png', { filename: `${'x'.repeat(1_000)}.png` }),
      image(`${site.url}/paw.png?${'signature'.repeat(300)}`),
      audio('lullaby.mp3'),
    ];
    const bot = openBot();
    for (const message of messages) await bot.send('7001', message);
    await close(bot);
    const rows = await openStore().rows(fixture.page.id);
    // The three pictures are one asset.
    assert.equal(rows.length, messages.length - 2);
    for (const { key, value } of rows) {
      assert.match(key, /^[\x21-\x7e]+$/);
      assert.ok(key.length <= LONGEST_KEY, `${key.length} characters`);
      assert.ok(Buffer.byteLength(value) <= LONGEST_VALUE, `${Buffer.byteLength(value)} bytes`);
    }
    const uploads = countUploads(fixture.sim);
    const next = openBot();
    for (const message of messages) await next.send('7001', message);
    assert.equal(countUploads(fixture.sim), uploads);
    assert.deepEqual([...bot.errors, ...next.errors], []);
  });

  it('keeps two bots apart by their namespaces', async () => {
    // Where a store cannot be shared, both have to use the same one.
    const only = kind.isShared ? undefined : openStore();
    const openIn = (namespace: string): PlainAdapter => {
      const { adapter } = only ?? openStore();
      return openBot({ store: new Keyv({ store: adapter, namespace, throwOnErrors: true }) });
    };
    const [one, other] = [openIn('bot-one'), openIn('bot-two')];
    await one.send('7001', image('paw.png'));
    await other.send('7002', image('paw.png'));
    assert.equal(countUploads(fixture.sim), 2);
    await close(one);
    await close(other);
    const keys = (await openStore().rows(fixture.page.id)).map(({ key }) => key);
    assert.equal(keys.length, 2);
    for (const namespace of ['bot-one', 'bot-two']) {
      assert.equal(keys.filter((key) => key.includes(namespace)).length, 1, keys.join('\n'));
    }
    await openIn('bot-one').plugin.forget(image('paw.png'));
    await openIn('bot-two').send('7002', image('paw.png'));
    assert.equal(countUploads(fixture.sim), 2, 'the other one’s ID is still there');
    await openIn('bot-one').send('7001', image('paw.png'));
    assert.equal(countUploads(fixture.sim), 3);
  });
}
