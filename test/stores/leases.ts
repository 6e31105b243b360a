import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { leasesOf, type Leases } from '../../src/cache/leases';
import { POSTGRES, type StoreKind } from './kinds';
import { botStore, type StoreFixture } from './use-store';

/** Longer than a test takes. */
const LONG = 60_000;

/** Shorter than a database takes for its answer, on a machine that is busy. */
const SHORT = 50;

/** What one process does at a time, by leases in the store. */
export function promisesOnLeases(kind: StoreKind, fixture: StoreFixture): void {
  function open(): Leases {
    const leases = leasesOf(botStore(fixture.openStore()));
    assert.ok(leases, 'the store has leases');
    return leases;
  }

  const key = () => `fb-attachment:2:${fixture.page.id}:image:a`;

  it('gives a lease to one process at a time', async () => {
    const takers = Array.from({ length: 8 }, open);
    const taken = await Promise.all(takers.map((leases) => leases.take(key(), LONG)));
    assert.equal(taken.filter((lease) => lease !== undefined).length, 1);
    for (const lease of taken) await lease?.release();
  });

  it('gives a lease to the next process when it was released, and one of another name at any time', async () => {
    const [one, other] = [open(), open()];
    const lease = await one.take(key(), LONG);
    const second = await other.take(`${key()}b`, LONG);
    assert.ok(lease && second);
    assert.equal(await other.take(key(), LONG), undefined);
    await lease.release();
    const next = await other.take(key(), LONG);
    assert.ok(next);
    await Promise.all([next.release(), second.release()]);
  });

  it('gives a lease to the next process when it has ended, and the first can neither renew nor release it', async () => {
    const [one, other] = [open(), open()];
    const lease = await one.take(key(), SHORT);
    assert.ok(lease);
    await wait(2 * SHORT);
    const next = await other.take(key(), LONG);
    assert.ok(next);
    assert.equal(await lease.renew(LONG), false);
    await lease.release();
    assert.equal(await one.take(key(), LONG), undefined);
    await next.release();
  });

  it('keeps a lease that is renewed', async () => {
    const [one, other] = [open(), open()];
    const lease = await one.take(key(), 500);
    assert.ok(lease);
    assert.equal(await lease.renew(LONG), true);
    await wait(600);
    assert.equal(await other.take(key(), LONG), undefined);
    await lease.release();
  });

  it('leaves nothing behind, and lists no lease among the IDs', async () => {
    const store = fixture.openStore();
    const leases = leasesOf(botStore(store));
    const bot = fixture.openBot({ store: botStore(fixture.openStore()) });
    const before = await bot.plugin.list();
    const lease = await leases?.take(key(), LONG);
    assert.deepEqual(await bot.plugin.list(), before);
    await lease?.release();
    assert.deepEqual(await store.rows('fb-lease:'), []);
  });

  if (kind === POSTGRES) {
    it('does not wait until a lease is on the disk', async () => {
      const store = fixture.openStore();
      const leases = leasesOf(botStore(store));
      const database = store.adapter as unknown as { query(sql: string): Promise<{ waits: boolean }[]> };
      let unwritten = 0;
      for (let times = 0; times < 20; times++) {
        const lease = await leases?.take(key(), LONG);
        const [log] = await database.query(
          'SELECT pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn() AS waits',
        );
        if (log?.waits) unwritten += 1;
        await lease?.release();
      }
      // The database writes them by itself, a few times a second.
      assert.ok(unwritten > 0);
    });
  }
}
