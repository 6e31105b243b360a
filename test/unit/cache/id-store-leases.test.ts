import assert from 'node:assert/strict';
import sinon from 'sinon';
import { countActiveTimers } from '../../support/checks/fake-time';
import { IdCache } from '../../../src/cache/id-cache';
import { keyOf } from '../../../src/cache/saved-id';
import { savedId } from '../../support/stores/saved-id';
import { FaultyStore, hangs, throws } from '../../support/stores/faulty-store';
import { IdStoreHarness } from '../../support/stores/id-store-harness';
import type { IdStore } from '../../../src/cache/id-store';
import type { Lease } from '../../../src/cache/leases';

const KEY = keyOf('1001', 'image:TOM');

const isUrgent = (): boolean => true;
const canWait = (): boolean => false;

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
    const lease = await from.lease(KEY, 3_000, canWait);
    assert.ok(lease !== undefined && lease !== 'held');
    return lease;
  }

  it('are given to one process at a time, until they are released', async () => {
    const other = harness.open({ store: inner });
    const lease = await take();
    assert.equal(await other.lease(KEY, 3_000, canWait), 'held');
    await lease.release();
    await take(other);
  });

  it('end by themselves, unless they are renewed', async () => {
    const other = harness.open({ store: inner });
    const lease = await take();
    await harness.clock.tickAsync(2_000);
    assert.equal(await lease.renew(3_000), true);
    await harness.clock.tickAsync(2_000);
    assert.equal(await other.lease(KEY, 3_000, canWait), 'held');
    await harness.clock.tickAsync(1_000);
    await take(other);
    assert.equal(await lease.renew(3_000), false);
  });

  it('come with a look for an ID, which finds one that is not written yet before an older one', async () => {
    void store.put(KEY, savedId('11'));
    await harness.settle();
    inner.fail({ set: throws() });
    void store.put(KEY, savedId('12'));
    await harness.settle();
    assert.equal((await store.getBeforeUpload(KEY))?.id, '12');
  });

  it('come with a look for an ID, which notices that the store cannot be read', async () => {
    inner.fail({ get: throws() });
    assert.equal(store.canLease, true);
    assert.equal(await store.getBeforeUpload(KEY), undefined);
    await harness.settle();
    assert.equal(store.canLease, false);
  });

  it('keep the process alive while a message waits for one', async () => {
    sinon.restore();
    inner.client.hangs = true;
    await new Promise(setImmediate);
    const before = countActiveTimers();
    const leased = harness.open({ store: inner, timeout: 20 }).lease(KEY, 3_000, canWait);
    assert.equal(countActiveTimers() - before, 1);
    assert.equal(await leased, undefined);
    await harness.close();
  });

  it('are not there in a store that has none', async () => {
    const plain = harness.open();
    assert.equal(plain.canLease, false);
    assert.equal(await plain.lease(KEY, 3_000, canWait), undefined);
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
    assert.equal(await store.lease(KEY, 3_000, canWait), undefined);
    assert.equal(inner.client.leases.size, 0);
  });

  it('are not there while the store cannot be written', async () => {
    inner.fail({ set: throws() });
    void store.put(KEY, harness.waiting.saved);
    await harness.settle();
    assert.equal(store.canLease, false);
    assert.equal(await store.lease(KEY, 3_000, canWait), undefined);
  });

  it('are waited for four times as long as a message waits for the store, and then not until it gives one again', async () => {
    inner.client.hangs = true;
    const asked = store.lease(KEY, 3_000, canWait);
    await harness.clock.tickAsync(1_999);
    assert.equal(store.canLease, true);
    await harness.clock.tickAsync(1);
    assert.equal(await asked, undefined);
    assert.equal(store.canLease, false);
    inner.client.hangs = false;
    await harness.clock.tickAsync(5_000 + 1_000);
    assert.ok(await take());
    assert.deepEqual(harness.errors, [], 'what it means for IDs is told by reading and writing them');
  });

  it('are waited for as long as a message waits for the store, if they are urgent', async () => {
    inner.client.hangs = true;
    const asked = store.lease(KEY, 3_000, isUrgent);
    let isOver = false;
    void asked.finally(() => {
      isOver = true;
    });
    await harness.clock.tickAsync(499);
    assert.equal(isOver, false);
    await harness.clock.tickAsync(1);
    assert.equal(await asked, undefined);
    assert.equal(await store.lease(KEY, 3_000, isUrgent), undefined, 'the next one is not waited for');
    assert.equal(store.canLease, true, 'others wait a little longer');
    await harness.clock.tickAsync(1_500);
    assert.equal(store.canLease, false);
  });

  it('are waited for longer if they are urgent no more when that time is over', async () => {
    const answer = answerLate(1_200);
    let urgent = true;
    const asked = store.lease(KEY, 3_000, () => urgent);
    await harness.clock.tickAsync(400);
    urgent = false;
    await harness.clock.tickAsync(799);
    assert.equal(answer.callCount, 2, 'it was tried when the time was over');
    await store.getBeforeUpload(KEY);
    assert.equal(inner.countCalls('get'), 0);
    await harness.clock.tickAsync(1);
    assert.ok(await asked);
    await store.getBeforeUpload(KEY);
    assert.equal(inner.countCalls('get'), 1, 'what has answered is asked again');
  });

  it('are released if one that was urgent comes too late', async () => {
    answerLate(600);
    const scripts = sinon.spy(inner.client, 'eval');
    const asked = store.lease(KEY, 3_000, isUrgent);
    await harness.clock.tickAsync(500);
    assert.equal(await asked, undefined);
    sinon.assert.notCalled(scripts);
    await harness.clock.tickAsync(100);
    sinon.assert.calledOnce(scripts);
    assert.equal(inner.client.leases.size, 0);
  });

  it('are asked for in a store that is late, if another message of the same moment waits', async () => {
    inner.fail({ get: hangs });
    const got = store.get(KEY);
    await harness.clock.tickAsync(500);
    await got;
    let urgent = true;
    const asked = store.lease(KEY, 3_000, () => urgent);
    urgent = false;
    await harness.clock.tickAsync(1);
    assert.ok(await asked);
  });

  /** Has the store give leases so many milliseconds after they were asked for. */
  function answerLate(ms: number): sinon.SinonStub {
    const set = sinon.stub(inner.client, 'set');
    return set.callsFake(async (...call) => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return set.wrappedMethod.apply(inner.client, call);
    });
  }

  it('keep uploads from asking for an ID while they are late, and not while they are refused', async () => {
    inner.client.fails = true;
    await store.lease(KEY, 3_000, isUrgent);
    await harness.settle();
    assert.equal(store.canLease, false);
    await store.getBeforeUpload(KEY);
    assert.equal(inner.countCalls('get'), 1);
    inner.client.fails = false;
    await harness.clock.tickAsync(1_000);
    inner.client.hangs = true;
    const asked = store.lease(KEY, 3_000, isUrgent);
    await harness.clock.tickAsync(500);
    await asked;
    await store.getBeforeUpload(KEY);
    assert.equal(inner.countCalls('get'), 1);
  });

  it('are waited for until a store has not answered for that long, from the first call on', async () => {
    inner.client.hangs = true;
    inner.fail({ get: hangs, set: hangs });
    const got = store.get(KEY);
    await harness.clock.tickAsync(500);
    assert.equal(await got, undefined);
    await harness.clock.tickAsync(200);
    assert.equal(store.canLease, true);
    assert.equal(await store.lease(KEY, 3_000, isUrgent), undefined, 'an urgent one is not waited for');
    const asked = [store.lease(KEY, 3_000, canWait), store.getBeforeUpload(KEY)];
    let isOver = false;
    const answers = Promise.all(asked).finally(() => {
      isOver = true;
    });
    await harness.clock.tickAsync(1_299);
    assert.equal(isOver, false);
    await harness.clock.tickAsync(1);
    assert.deepEqual(await answers, [undefined, undefined]);
    assert.equal(store.canLease, false);
    assert.equal(await store.lease(KEY, 3_000, canWait), undefined);
    assert.equal(await store.getBeforeUpload(KEY), undefined);
  });

  it('are given while a store is late, when it answers again', async () => {
    inner.fail({ get: hangs });
    const got = store.get(KEY);
    await harness.clock.tickAsync(500);
    assert.equal(await got, undefined);
    assert.ok(await take());
  });

  it('are released if they come too late, because nobody would use them', async () => {
    const take = sinon.stub(inner.client, 'set');
    take.callsFake(async (key, owner) => {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      inner.client.leases.set(key, { owner, end: Date.now() + 3_000 });
      return 'OK';
    });
    const asked = store.lease(KEY, 3_000, canWait);
    await harness.clock.tickAsync(2_000);
    assert.equal(await asked, undefined);
    await harness.clock.tickAsync(1_000);
    assert.equal(inner.client.leases.size, 0);
  });

  it('are not asked for when one has failed, until the store gives one again', async () => {
    inner.client.fails = true;
    assert.equal(await store.lease(KEY, 3_000, canWait), undefined);
    await harness.settle();
    assert.equal(store.canLease, false);
    inner.client.fails = false;
    await harness.clock.tickAsync(999);
    assert.equal(store.canLease, false);
    await harness.clock.tickAsync(1);
    assert.ok(await take());
    assert.deepEqual([inner.client.leases.size, harness.errors], [1, []], 'what was tried is given back');
  });

  it('are asked for again when the one that is tried is held, which is an answer as well', async () => {
    const set = sinon.stub(inner.client, 'set');
    set.onFirstCall().rejects(new Error('reset'));
    set.onSecondCall().resolves(null);
    set.callThrough();
    assert.equal(await store.lease(KEY, 3_000, canWait), undefined);
    await harness.settle();
    assert.ok(await take());
  });

  it('are asked for when one has failed and the next one has not', async () => {
    sinon.stub(inner.client, 'set').onFirstCall().rejects(new Error('reset')).callThrough();
    assert.equal(await store.lease(KEY, 3_000, canWait), undefined);
    await harness.settle();
    assert.ok(await take());
  });
});
