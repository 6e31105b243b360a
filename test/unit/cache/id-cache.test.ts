import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { IdCache, type IdCacheOptions, type MakeId } from '../../../src/cache/id-cache';
import { IdStore } from '../../../src/cache/id-store';
import { keyOf, type SavedId } from '../../../src/cache/saved-id';
import { fakeTime } from '../../support/checks/fake-time';
import { badFile, graphError, transportError } from '../../support/checks/failures';
import { FaultyStore, hangs } from '../../support/stores/faulty-store';
import { savedId } from '../../support/stores/saved-id';

const TTL = 100_000;
const AHEAD = 10_000;
const KEY = keyOf('1001', 'image:TOM');
const OTHER_KEY = keyOf('1001', 'image:MIA');

/** Makes what it is told to, when it is told to. */
class Maker {
  readonly #waiting: { give: (saved: SavedId | undefined) => void; fail: (error: Error) => void }[] = [];
  calls = 0;

  readonly make: MakeId = () => {
    this.calls += 1;
    return new Promise((give, fail) => this.#waiting.push({ give, fail }));
  };

  give(saved: SavedId | undefined): void {
    this.#waiting.shift()?.give(saved);
  }

  fail(error: Error): void {
    this.#waiting.shift()?.fail(error);
  }
}

const never: MakeId = () => Promise.reject(new Error('Nobody was to make an ID'));

describe('IdCache', () => {
  let clock: SinonFakeTimers;
  let inner: FaultyStore;
  let store: IdStore;
  let ids: IdCache;
  let maker: Maker;

  beforeEach(() => {
    clock = fakeTime();
    inner = new FaultyStore();
    maker = new Maker();
    [store, ids] = openCache();
  });
  afterEach(() => {
    sinon.restore();
  });

  /** A process of its own over the same store. */
  function openCache(options: Partial<IdCacheOptions> = {}): [IdStore, IdCache] {
    const opened = new IdStore({
      store: inner,
      ttl: TTL,
      timeout: 500,
      maxUnsaved: 100,
      onError: () => undefined,
    });
    return [opened, new IdCache({ store: opened, ttl: TTL, refreshAhead: AHEAD, memory: 100, ...options })];
  }

  const settle = (): Promise<unknown> => clock.tickAsync(0);
  const reads = (): number => inner.calls.filter(({ action }) => action === 'get').length;

  /** What another process has put into the store. */
  async function putElsewhere(saved: SavedId, key = KEY): Promise<void> {
    const [other] = openCache();
    other.put(key, saved);
    await settle();
  }

  describe('get', () => {
    it('has an ID made when there is none', async () => {
      const saved = savedId('11');
      assert.equal(await ids.get(KEY, () => Promise.resolve(saved)), saved);
    });

    it('does not keep it by itself: whoever made it puts it', async () => {
      await ids.get(KEY, () => Promise.resolve(savedId('11')));
      assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('12'))))?.id, '12');
    });

    it('gives what was put, and asks nobody', async () => {
      const saved = savedId('11');
      ids.put(KEY, saved);
      assert.equal(await ids.get(KEY, never), saved);
      assert.equal(reads(), 0);
    });

    it('gives what another process has stored, and asks the store once', async () => {
      const saved = savedId('11');
      await putElsewhere(saved);
      assert.deepEqual(await ids.get(KEY, never), saved);
      assert.deepEqual(await ids.get(KEY, never), saved);
      assert.equal(reads(), 1);
    });

    it('has one made for all who ask at the same time', async () => {
      const all = Promise.all(Array.from({ length: 50 }, () => ids.get(KEY, maker.make)));
      await settle();
      const saved = savedId('11');
      maker.give(saved);
      assert.deepEqual(new Set(await all), new Set([saved]));
      assert.deepEqual([maker.calls, reads()], [1, 1]);
    });

    it('has another made for another asset at the same time', async () => {
      const both = Promise.all([ids.get(KEY, maker.make), ids.get(OTHER_KEY, maker.make)]);
      await settle();
      assert.equal(maker.calls, 2);
      maker.give(savedId('11'));
      maker.give(savedId('12'));
      assert.deepEqual(
        (await both).map((saved) => saved?.id),
        ['11', '12'],
      );
    });

    it('gives nothing when none was made, and has the next try', async () => {
      assert.equal(await ids.get(KEY, () => Promise.resolve(undefined)), undefined);
      assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('11'))))?.id, '11');
    });

    it('fails for all who wait, and has the next try', async () => {
      const error = transportError('ERR_GRAPH_INTERRUPTED');
      const all = Promise.allSettled([ids.get(KEY, maker.make), ids.get(KEY, maker.make)]);
      await settle();
      maker.fail(error);
      assert.deepEqual(await all, [
        { status: 'rejected', reason: error },
        { status: 'rejected', reason: error },
      ]);
      assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('11'))))?.id, '11');
    });

    it('trusts an ID for its ttl, and not for a millisecond more', async () => {
      ids.put(KEY, savedId('11'));
      clock.tick(TTL - 1);
      assert.equal((await ids.get(KEY, never))?.id, '11');
      clock.tick(1);
      assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('12'))))?.id, '12');
    });

    it('trusts a stored ID just as long', async () => {
      const old = savedId('11', { uploadedAt: Date.now() - TTL + 1 });
      inner.records.set(`facebook-attachments:${KEY}`, JSON.stringify({ value: { v: 2, ...old } }));
      assert.equal((await ids.get(KEY, never))?.id, '11');
      clock.tick(1);
      const [, other] = openCache();
      assert.equal((await other.get(KEY, () => Promise.resolve(savedId('12'))))?.id, '12');
    });

    it('keeps so many in memory, the last used, and finds the others in the store', async () => {
      const [, small] = openCache({ memory: 2 });
      for (const name of ['A', 'B', 'C']) small.put(keyOf('1001', `image:${name}`), savedId(name));
      await settle();
      const found = async (name: string): Promise<string | undefined> =>
        (await small.get(keyOf('1001', `image:${name}`), never))?.id;
      assert.deepEqual([await found('B'), await found('C'), reads()], ['B', 'C', 0]);
      assert.deepEqual([await found('A'), reads()], ['A', 1]);
    });

    it('goes on without the store', async () => {
      inner.fail({ get: hangs, set: hangs });
      const saved = savedId('11');
      const got = ids.get(KEY, () => Promise.resolve(saved));
      await clock.tickAsync(500);
      assert.equal(await got, saved);
    });
  });

  describe('what Facebook refuses for good', () => {
    const hopeless = graphError(100, 2018047);

    it('is refused for half a minute, without asking Facebook or the store', async () => {
      await assert.rejects(ids.get(KEY, () => Promise.reject(hopeless)));
      const asked = reads();
      await clock.tickAsync(29_999);
      await assert.rejects(ids.get(KEY, never), (error) => error === hopeless);
      assert.equal(reads(), asked);
      await clock.tickAsync(2);
      assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('11'))))?.id, '11');
    });

    it('is not refused any more when there is an ID', async () => {
      await assert.rejects(ids.get(KEY, () => Promise.reject(hopeless)));
      ids.put(KEY, savedId('11', { uploadedAt: Date.now() - TTL }));
      assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('12'))))?.id, '12');
    });

    it('is not refused any more when it was forgotten', async () => {
      await assert.rejects(ids.get(KEY, () => Promise.reject(hopeless)));
      await ids.forget(KEY);
      assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('12'))))?.id, '12');
    });

    it('does not keep another asset from being tried', async () => {
      await assert.rejects(ids.get(KEY, () => Promise.reject(hopeless)));
      assert.equal((await ids.get(OTHER_KEY, () => Promise.resolve(savedId('11'))))?.id, '11');
    });

    it('is remembered of many assets at once', async () => {
      const keys = Array.from({ length: 200 }, (_, n) => `${KEY}${n}`);
      for (const key of keys) await assert.rejects(ids.get(key, () => Promise.reject(hopeless)));
      for (const key of keys) await assert.rejects(ids.get(key, never), (error) => error === hopeless);
    });

    it('does not keep a known ID from being used', async () => {
      ids.put(KEY, savedId('11'));
      await assert.rejects(ids.refresh(KEY, savedId('11'), () => Promise.reject(hopeless)));
      assert.equal((await ids.get(KEY, never))?.id, '11');
    });

    const others = [graphError(4), graphError(10), transportError('ERR_GRAPH_UNREACHABLE'), badFile()];
    for (const error of others) {
      it(`is not what fails with ${error.message}`, async () => {
        await assert.rejects(ids.get(KEY, () => Promise.reject(error)));
        assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('11'))))?.id, '11');
      });
    }
  });

  describe('renew', () => {
    const dead = savedId('11', { uploadedAt: 0 });
    beforeEach(async () => {
      const now = { ...dead, uploadedAt: Date.now() };
      ids.put(KEY, now);
      await settle();
    });

    it('has a new ID made for all who met the dead one; the first need not wait for it', async () => {
      const [first, second, third] = [1, 2, 3].map(() => ids.renew(KEY, '11', maker.make));
      assert.deepEqual([first?.isFirst, second?.isFirst, third?.isFirst], [true, false, false]);
      assert.equal(await first?.found, undefined);
      assert.equal(await second?.found, undefined);
      await settle();
      const fresh = savedId('12');
      maker.give(fresh);
      assert.deepEqual(await Promise.all([first?.made, second?.made, third?.made]), [fresh, fresh, fresh]);
      assert.equal(maker.calls, 1);
    });

    it('gives the ID that has been made since, at once', async () => {
      const fresh = savedId('12');
      ids.put(KEY, fresh);
      const { isFirst, found, made } = ids.renew(KEY, '11', never);
      assert.deepEqual([isFirst, await found, await made], [false, fresh, fresh]);
    });

    it('gives the ID that another process has made since', async () => {
      const fresh = savedId('12');
      await putElsewhere(fresh);
      const { isFirst, found, made } = ids.renew(KEY, '11', never);
      assert.deepEqual([isFirst, await found, await made], [true, fresh, fresh]);
      assert.deepEqual(await ids.get(KEY, never), fresh);
    });

    it('joins whoever is making one already', async () => {
      ids.markDead(KEY, '11');
      const got = ids.get(KEY, maker.make);
      const { isFirst, found, made } = ids.renew(KEY, '11', never);
      await settle();
      const fresh = savedId('12');
      maker.give(fresh);
      assert.deepEqual([isFirst, await found, await made, await got], [false, undefined, fresh, fresh]);
    });

    it('fails for all who wait when none can be made', async () => {
      const error = graphError(4);
      const renewals = [ids.renew(KEY, '11', maker.make), ids.renew(KEY, '11', maker.make)];
      await settle();
      maker.fail(error);
      for (const { made } of renewals) await assert.rejects(made, (thrown) => thrown === error);
    });

    it('may fail without anybody listening', async () => {
      ids.renew(KEY, '11', () => Promise.reject(graphError(4)));
      await settle();
    });

    it('never gives the dead ID again, though the store goes on offering it', async () => {
      const { made } = ids.renew(KEY, '11', () => Promise.resolve(undefined));
      assert.equal(await made, undefined);
      assert.equal(inner.ids()[0]?.[1], '11');
      assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('12'))))?.id, '12');
    });

    it('leaves a newer ID alone when an old one is found dead', async () => {
      const fresh = savedId('12');
      ids.put(KEY, fresh);
      ids.markDead(KEY, '11');
      assert.equal(await ids.get(KEY, never), fresh);
    });
  });

  describe('peek', () => {
    it('gives what is in memory, and asks nobody', async () => {
      const saved = savedId('11');
      ids.put(KEY, saved);
      await settle();
      assert.equal(await ids.find(KEY), saved);
      assert.equal(reads(), 0);
    });

    it('gives what another process has stored', async () => {
      const saved = savedId('11');
      await putElsewhere(saved);
      assert.deepEqual(await ids.find(KEY), saved);
    });

    it('gives nothing when there is none, or none that is trusted any more', async () => {
      assert.equal(await ids.find(KEY), undefined);
      ids.put(KEY, savedId('11'));
      await clock.tickAsync(TTL);
      assert.equal(await ids.find(KEY), undefined);
    });
  });

  describe('isDue', () => {
    const age = (ms: number): SavedId => savedId('11', { uploadedAt: Date.now() - ms });

    it('is true in the last part of the ttl', () => {
      assert.equal(ids.isDue(KEY, age(TTL - AHEAD - 1)), false);
      assert.equal(ids.isDue(KEY, age(TTL - AHEAD)), true);
      assert.equal(ids.isDue(KEY, age(TTL)), true);
    });

    it('is never true without refreshAhead', () => {
      const [, plain] = openCache({ refreshAhead: 0 });
      assert.equal(plain.isDue(KEY, age(TTL)), false);
    });

    it('is false while one is being made', async () => {
      const got = ids.get(KEY, maker.make);
      assert.equal(ids.isDue(KEY, age(TTL)), false);
      assert.equal(ids.isDue(OTHER_KEY, age(TTL)), true);
      await settle();
      maker.give(undefined);
      await got;
      assert.equal(ids.isDue(KEY, age(TTL)), true);
    });

    it('is false for a minute after a refresh began, so that a failure is not repeated with every message', async () => {
      await assert.rejects(ids.refresh(KEY, age(TTL - 1), () => Promise.reject(graphError(4))));
      await clock.tickAsync(59_999);
      assert.equal(ids.isDue(KEY, age(TTL)), false);
      assert.equal(ids.isDue(OTHER_KEY, age(TTL)), true);
      await clock.tickAsync(2);
      assert.equal(ids.isDue(KEY, age(TTL)), true);
    });
  });

  describe('refresh', () => {
    let old: SavedId;
    beforeEach(async () => {
      old = savedId('11', { uploadedAt: Date.now() - TTL + 1_000 });
      ids.put(KEY, old);
      await settle();
    });

    it('has a new ID made, while all others use the old one', async () => {
      const refreshed = ids.refresh(KEY, old, maker.make);
      await settle();
      assert.equal(await ids.get(KEY, never), old);
      const fresh = savedId('12');
      maker.give(fresh);
      assert.equal(await refreshed, fresh);
    });

    it('takes the newer ID of another process instead', async () => {
      const fresh = savedId('12', { uploadedAt: old.uploadedAt + 1 });
      await putElsewhere(fresh);
      assert.deepEqual(await ids.refresh(KEY, old, never), fresh);
      assert.deepEqual(await ids.get(KEY, never), fresh);
    });

    it('does not take one that is just as old, or dead, or none', async () => {
      const made = (): Promise<SavedId> => Promise.resolve(savedId('13'));
      await putElsewhere(savedId('12', { uploadedAt: old.uploadedAt }));
      assert.equal((await ids.refresh(KEY, old, made))?.id, '13');
      await putElsewhere(savedId('12', { uploadedAt: old.uploadedAt + 1 }));
      ids.markDead(KEY, '12');
      assert.equal((await ids.refresh(KEY, old, made))?.id, '13');
      inner.records.clear();
      assert.equal((await ids.refresh(KEY, old, made))?.id, '13');
    });

    it('joins whoever is making one already', async () => {
      const renewal = ids.renew(KEY, '11', maker.make);
      const refreshed = ids.refresh(KEY, old, never);
      await settle();
      const fresh = savedId('12');
      maker.give(fresh);
      assert.deepEqual([await refreshed, await renewal.made], [fresh, fresh]);
    });
  });

  describe('put, forget and list', () => {
    it('put writes to the store', async () => {
      ids.put(KEY, savedId('11'));
      await store.close();
      assert.deepEqual(inner.ids(), [[`facebook-attachments:${KEY}`, '11']]);
    });

    it('forget forgets here and in the store', async () => {
      ids.put(KEY, savedId('11'));
      await settle();
      await ids.forget(KEY);
      assert.deepEqual(inner.ids(), []);
      assert.equal((await ids.get(KEY, () => Promise.resolve(savedId('12'))))?.id, '12');
    });

    it('list gives what is still trusted, and not dead', async () => {
      const records = new Map<string, unknown>();
      const listing = new IdStore({
        store: records,
        ttl: TTL,
        timeout: 500,
        maxUnsaved: 9,
        onError: () => undefined,
      });
      const cache = new IdCache({ store: listing, ttl: TTL, refreshAhead: AHEAD, memory: 9 });
      cache.put(KEY, savedId('11'));
      cache.put(OTHER_KEY, savedId('12', { uploadedAt: Date.now() - TTL + 1 }));
      cache.put(keyOf('1001', 'image:LEO'), savedId('13'));
      cache.markDead(keyOf('1001', 'image:LEO'), '13');
      const list = async (): Promise<string[]> => {
        const found: string[] = [];
        for await (const { id } of cache.list()) found.push(id);
        return found.sort();
      };
      await settle();
      assert.deepEqual(await list(), ['11', '12']);
      await clock.tickAsync(1);
      assert.deepEqual(await list(), ['11']);
    });
  });

  describe('idle', () => {
    it('waits until no ID is being made, whether that goes well or not', async () => {
      const all = Promise.allSettled([ids.get(KEY, maker.make), ids.get(OTHER_KEY, maker.make)]);
      let idle = false;
      const waiting = ids.idle().then(() => (idle = true));
      await settle();
      maker.give(savedId('11'));
      await settle();
      assert.equal(idle, false);
      maker.fail(graphError(4));
      await waiting;
      await all;
      await ids.idle();
    });
  });
});
