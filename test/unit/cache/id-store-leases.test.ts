import assert from 'node:assert/strict';
import sinon from 'sinon';
import { countActiveTimers } from '../../support/checks/fake-time';
import { IdCache } from '../../../src/cache/id-cache';
import { keyOf } from '../../../src/cache/saved-id';
import { FaultyStore, hangs, throws } from '../../support/stores/faulty-store';
import { IdStoreHarness } from '../../support/stores/id-store-harness';
import type { IdStore } from '../../../src/cache/id-store';
import type { Lease } from '../../../src/cache/leases';

const KEY = keyOf('1001', 'image:TOM');

/** What node-redis does for leases, by the clock of the test. The scripts are told apart by what they call. */
class FakeRedisClient {
  readonly leases = new Map<string, { owner: string; end: number }>();
  hangs = false;
  fails = false;

  async set(key: string, owner: string, { PX }: { NX: true; PX: number }): Promise<'OK' | null> {
    if (this.hangs) await new Promise(() => undefined);
    if (this.fails) throw new Error('READONLY');
    const held = this.leases.get(key);
    if (held && held.end > Date.now()) return null;
    this.leases.set(key, { owner, end: Date.now() + PX });
    return 'OK';
  }

  eval(script: string, { keys: [key = ''], arguments: [owner, ms] }: EvalOptions): Promise<number> {
    const held = this.leases.get(key);
    if (held?.owner !== owner || held === undefined || held.end <= Date.now()) return Promise.resolve(0);
    if (script.includes("'del'")) this.leases.delete(key);
    else held.end = Date.now() + Number(ms);
    return Promise.resolve(1);
  }
}

interface EvalOptions {
  readonly keys: string[];
  readonly arguments: string[];
}

/** As @keyv/redis is: a storage adapter with its client. */
class LeasingStore extends FaultyStore {
  readonly client = new FakeRedisClient();
}

describe('Leases of an IdStore', () => {
  let harness: IdStoreHarness;
  let inner: LeasingStore;
  let store: IdStore;

  beforeEach(() => {
    harness = new IdStoreHarness();
    inner = new LeasingStore();
    store = harness.open({ store: inner });
  });
  afterEach(() => {
    sinon.restore();
  });

  async function take(from = store): Promise<Lease> {
    const lease = await from.lease(KEY, 3_000);
    assert.ok(lease !== undefined && lease !== 'held');
    return lease;
  }

  it('are given to one process at a time, until they are released', async () => {
    const other = harness.open({ store: inner });
    const lease = await take();
    assert.equal(await other.lease(KEY, 3_000), 'held');
    await lease.release();
    await take(other);
  });

  it('end by themselves, unless they are renewed', async () => {
    const other = harness.open({ store: inner });
    const lease = await take();
    await harness.clock.tickAsync(2_000);
    assert.equal(await lease.renew(3_000), true);
    await harness.clock.tickAsync(2_000);
    assert.equal(await other.lease(KEY, 3_000), 'held');
    await harness.clock.tickAsync(1_000);
    await take(other);
    assert.equal(await lease.renew(3_000), false);
  });

  it('keep the process alive while a message waits for one', async () => {
    sinon.restore();
    inner.client.hangs = true;
    await new Promise(setImmediate);
    const before = countActiveTimers();
    const leased = harness.open({ store: inner, timeout: 20 }).lease(KEY, 3_000);
    assert.equal(countActiveTimers() - before, 1);
    assert.equal(await leased, undefined);
  });

  it('are not there in a store that has none', async () => {
    const plain = harness.open();
    assert.equal(plain.canLease, false);
    assert.equal(await plain.lease(KEY, 3_000), undefined);
    const cacheOf = (of: IdStore | undefined) =>
      new IdCache({ store: of, ttl: 100_000, refreshAhead: 0, memory: 10 });
    assert.deepEqual(
      [store, plain, undefined].map((of) => cacheOf(of).canLease),
      [true, false, false],
    );
  });

  it('are not there while the store cannot be read: nobody would find the ID', async () => {
    inner.fail({ get: throws() });
    await store.get(KEY);
    await harness.settle();
    assert.equal(store.canLease, false);
    assert.equal(await store.lease(KEY, 3_000), undefined);
    assert.equal(inner.client.leases.size, 0);
  });

  it('are not there while the store cannot be written', async () => {
    inner.fail({ set: throws() });
    void store.put(KEY, harness.waiting.saved);
    await harness.settle();
    assert.equal(store.canLease, false);
    assert.equal(await store.lease(KEY, 3_000), undefined);
  });

  it('are waited for as long as a message waits for the store, which then counts as down for writing', async () => {
    inner.client.hangs = true;
    inner.fail({ set: hangs });
    const asked = store.lease(KEY, 3_000);
    await harness.clock.tickAsync(499);
    assert.equal(store.canLease, true);
    await harness.clock.tickAsync(1);
    assert.equal(await asked, undefined);
    assert.equal(store.canLease, false);
    assert.deepEqual(
      harness.errors.map(({ operation }) => operation),
      ['write'],
    );
  });

  it('are released if they come too late, because nobody would use them', async () => {
    const take = sinon.stub(inner.client, 'set');
    take.callsFake(async (key, owner) => {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      inner.client.leases.set(key, { owner, end: Date.now() + 3_000 });
      return 'OK';
    });
    const asked = store.lease(KEY, 3_000);
    await harness.clock.tickAsync(500);
    assert.equal(await asked, undefined);
    await harness.clock.tickAsync(1_500);
    assert.equal(inner.client.leases.size, 0);
  });

  it('are not there when the store fails, and it is tried whether it can be written', async () => {
    inner.client.fails = true;
    assert.equal(await store.lease(KEY, 3_000), undefined);
    await harness.settle();
    assert.equal(inner.countProbes('set'), 1);
    assert.equal(store.canLease, true, 'it can');
    assert.deepEqual(harness.errors, []);
  });
});
