import assert from 'node:assert/strict';
import Keyv from 'keyv';
import { keyOf, toRecord } from '../../src/cache/saved-id';
import type { PlainAdapter } from '../support/bot/plain-adapter';
import { until } from '../support/checks/waiting';
import { savedId } from '../support/stores/saved-id';
import { PREFIX, type StoreKind } from './kinds';
import type { StoreFixture } from './use-store';

const MANY = Number(process.env.IDS ?? 100_000);
/** Where the store itself has shown that it can. */
const FEWER = Math.min(10_000, MANY);
const ENDED = 20;

/** How many are written at a time. */
const BATCH = 1_000;

const TIMEOUT = 200_000;

const HOUR = 60 * 60 * 1000;

export function promisesOnListing(kind: StoreKind, fixture: StoreFixture): void {
  const many = kind.isKnown ? FEWER : MANY;
  it(`lists ${many} IDs, without those that came to their end`, async function () {
    this.timeout(600_000);
    await fill(fixture, many);
    const bot = fixture.openBot();
    if (kind.skipsWhenRowsEnd) await listUntilAllEnded(bot, fixture, many - ENDED);
    const cpu = process.cpuUsage();
    const begun = performance.now();
    const listed = await bot.plugin.list({ page: fixture.page.id });
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    const { user, system } = process.cpuUsage(cpu);
    console.log(
      `      ${kind.name}: ${seconds} s, ${((user + system) / 1e6).toFixed(1)} s of them computing`,
    );
    assert.equal(listed.length, many - ENDED);
    assert.equal(new Set(listed.map(({ attachmentId }) => attachmentId)).size, many - ENDED);
  });
}

/** Each row that ended hides another one, which can have ended as well; Keyv 6 deletes them in the background. */
async function listUntilAllEnded(
  { plugin }: PlainAdapter,
  { page }: StoreFixture,
  expected: number,
): Promise<void> {
  await until(
    'all that ended are gone',
    async () => {
      const { length } = await plugin.list({ page: page.id });
      assert.ok(length >= expected - ENDED, `only ${length} are listed`);
      return length === expected;
    },
    TIMEOUT,
  );
}

/** Some of them end at once. */
async function fill({ page, openStore }: StoreFixture, many: number): Promise<void> {
  const { adapter, keyv, prefix = PREFIX, insert } = openStore();
  const uploadedAt = Date.now();
  const entries = Array.from({ length: many }, (_, index) => {
    const saved = savedId(`${index}`, { page: page.id, asset: `image ${index}.png`, uploadedAt });
    // Spread over all, as uploads are.
    const ttl = index % (many / ENDED) === 0 ? 1 : HOUR;
    const key = keyOf(page.id, `image:${index}`);
    return { key, value: toRecord(key, saved), ttl };
  });
  if (insert) {
    const rows = entries.map(({ key, value, ttl }) => ({
      key: prefix + key,
      value: JSON.stringify({ value, expires: uploadedAt + ttl }),
      ttl,
    }));
    return insert(rows);
  }
  const writer = keyv ?? new Keyv({ store: adapter, namespace: PREFIX.slice(0, -1), throwOnErrors: true });
  for (let from = 0; from < many; from += BATCH) {
    await Promise.all(
      entries.slice(from, from + BATCH).map(({ key, value, ttl }) => writer.set(key, value, ttl)),
    );
  }
}
