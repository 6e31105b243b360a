import assert from 'node:assert/strict';
import { audio, image, StoreError } from '../../src';
import { countUploads } from '../support/platform/received';
import type { StoreKind } from './kinds';
import { botStore, NAMES, type StoreFixture } from './use-store';

/** A store that takes the records of some assets and refuses those of others. */
export function promisesOnRefusedRecords(
  openWithoutEmoji: NonNullable<StoreKind['openWithoutEmoji']>,
  fixture: StoreFixture,
): void {
  it('sets aside the record of a name with an emoji that its table cannot hold, and keeps all others', async () => {
    const { sim, page, close, openBot, arrivals } = fixture;
    const store = await openWithoutEmoji(fixture.place);
    fixture.closeAfterTest(store);
    const [withEmoji = ''] = NAMES;
    const others = [image('blink.gif'), audio('lullaby.mp3')];
    const bot = openBot({ store: botStore(store) });
    await bot.send('7001', image(withEmoji));
    for (const message of others) await bot.send('7001', message);
    await bot.send('7001', image(withEmoji));
    await close(bot);
    assert.deepEqual(
      bot.errors.map((error) => error instanceof StoreError && [error.code, error.asset]),
      [['ERR_STORE_RECORD_REFUSED', `image "${withEmoji}"`]],
    );
    assert.equal(countUploads(sim), 3, 'memory keeps the ID');
    assert.equal((await store.rows(page.id)).length, 2);
    const next = openBot({ store: botStore(store) });
    for (const message of others) await next.send('7001', message);
    assert.equal(countUploads(sim), 3, 'the others are in the store');
    assert.equal(arrivals('7001'), 6);
    assert.deepEqual(next.errors, []);
  });
}
