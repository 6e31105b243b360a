import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import sinon, { type SinonFakeTimers } from 'sinon';
import { IdCache, type IdCacheOptions } from '../../../src/cache/id-cache';
import { IdStore } from '../../../src/cache/id-store';
import { keyOf, type SavedId } from '../../../src/cache/saved-id';
import { fakeTime } from '../../support/checks/fake-time';
import { FaultyStore, isSlow, type StoreBehavior } from '../../support/stores/faulty-store';
import { savedId } from '../../support/stores/saved-id';

const TTL = 100_000;
const AHEAD = 10_000;
const KEY = keyOf('1001', 'image:TOM');
const OTHER_KEY = keyOf('1001', 'image:MIA');

describe('IdCache', () => {
  let clock: SinonFakeTimers;
  let inner: FaultyStore;
  let store: IdStore;
  let ids: IdCache;

  beforeEach(() => {
    clock = fakeTime();
    inner = new FaultyStore();
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
  const reads = (): number => inner.countCalls('get');

  /** What another process has put into the store. */
  async function putElsewhere(saved: SavedId, key = KEY): Promise<void> {
    const [other] = openCache();
    void other.put(key, saved);
    await settle();
  }

  describe('find', () => {
    it('gives nothing when there is nothing', async () => {
      assert.equal(await ids.find(KEY), undefined);
      assert.equal(ids.known(KEY), undefined);
    });

    it('gives what was put, and asks nobody', async () => {
      void ids.put(KEY, savedId('11'));
      assert.equal((await ids.find(KEY))?.id, '11');
      assert.equal(ids.known(KEY)?.id, '11');
      assert.equal(reads(), 0);
    });

    it('gives what another process has stored, and asks the store once', async () => {
      await putElsewhere(savedId('12'));
      const found = await Promise.all([ids.find(KEY), ids.find(KEY), ids.find(OTHER_KEY)]);
      assert.deepEqual(
        found.map((saved) => saved?.id),
        ['12', '12', undefined],
      );
      assert.equal((await ids.find(KEY))?.id, '12');
      assert.equal(reads(), 2, 'one for each key');
    });

    it('trusts an ID for its ttl, and not for a millisecond more', async () => {
      void ids.put(KEY, savedId('11', { uploadedAt: Date.now() }));
      await clock.tickAsync(TTL - 1);
      assert.equal(ids.known(KEY)?.id, '11');
      await clock.tickAsync(1);
      assert.equal(ids.known(KEY), undefined);
      assert.equal(await ids.find(KEY), undefined);
    });

    it('trusts a stored ID just as long', async () => {
      await putElsewhere(savedId('12', { uploadedAt: Date.now() }));
      await clock.tickAsync(TTL - 1);
      assert.equal((await openCache()[1].find(KEY))?.id, '12');
      await clock.tickAsync(1);
      assert.equal(await openCache()[1].find(KEY), undefined);
    });

    it('keeps as many in memory as it may, those used last, and finds the others in the store', async () => {
      const [, small] = openCache({ memory: 1 });
      void small.put(KEY, savedId('11'));
      void small.put(OTHER_KEY, savedId('12', { type: 'image' }));
      assert.equal(small.known(KEY), undefined);
      await settle();
      assert.equal((await small.find(KEY))?.id, '11');
    });

    it('works without a store: memory is all there is', async () => {
      const alone = new IdCache({ store: undefined, ttl: TTL, refreshAhead: AHEAD, memory: 2 });
      for (const n of [1, 2, 3]) void alone.put(keyOf('1001', `image:${n}`), savedId(String(n)));
      const listed: string[] = [];
      for await (const [, { id }] of alone.list()) listed.push(id);
      assert.deepEqual(listed.sort(), ['2', '3']);
      await alone.forget(keyOf('1001', 'image:3'));
      assert.equal(await alone.find(keyOf('1001', 'image:3')), undefined);
      await alone.close();
    });
  });

  describe('findNewest', () => {
    it('takes over the newer ID of another process, and no other', async () => {
      void ids.put(KEY, savedId('11', { uploadedAt: Date.now() - 10 }));
      await putElsewhere(savedId('12', { uploadedAt: Date.now() }));
      assert.equal((await ids.findNewest(KEY))?.id, '12');
      assert.equal(ids.known(KEY)?.id, '12');
      await putElsewhere(savedId('10', { uploadedAt: Date.now() - 20 }));
      assert.equal((await ids.findNewest(KEY))?.id, '12');
      await putElsewhere(savedId('13', { uploadedAt: Date.now() }));
      assert.equal((await ids.findNewest(KEY))?.id, '12', 'as new as the other');
    });
  });

  describe('put', () => {
    it('resolves when the store has it', async () => {
      inner.fail({ set: isSlow(100) });
      let isStored = false;
      void ids.put(KEY, savedId('11')).then(() => (isStored = true));
      await clock.tickAsync(99);
      assert.equal(isStored, false);
      await clock.tickAsync(1);
      assert.equal(isStored, true);
    });

    it('resolves without a store, too', async () => {
      const [, alone] = openCache({ store: undefined });
      const put = alone.put(KEY, savedId('11'));
      assert.ok(put instanceof Promise);
      await put;
    });
  });

  describe('isRefreshDue', () => {
    const due = (cache: IdCache, left: number): boolean =>
      cache.isRefreshDue(savedId('11', { uploadedAt: Date.now() - (TTL - left) }));

    it('is true from a random moment on in the first half of refreshAhead, if others share the store', () => {
      for (const [random, first] of [
        [0, AHEAD],
        [0.5, 0.75 * AHEAD],
        [1, 0.5 * AHEAD],
      ] as const) {
        sinon.stub(Math, 'random').returns(random);
        const [, cache] = openCache();
        assert.deepEqual([due(cache, first + 1), due(cache, first)], [false, true], `${random}`);
        sinon.restore();
        clock = fakeTime();
      }
    });

    it('is true for all of it without a store', () => {
      const [, alone] = openCache({ store: undefined });
      assert.deepEqual([due(alone, AHEAD + 1), due(alone, AHEAD)], [false, true]);
    });
  });

  describe('markDead', () => {
    it('keeps an ID from being given again, though the store goes on offering it', async () => {
      await putElsewhere(savedId('11'));
      await ids.find(KEY);
      ids.markDead(KEY, '11');
      assert.equal(ids.known(KEY), undefined);
      assert.equal(await ids.find(KEY), undefined);
    });

    it('leaves a newer ID of the same asset alone', async () => {
      void ids.put(KEY, savedId('12'));
      ids.markDead(KEY, '11');
      assert.equal((await ids.find(KEY))?.id, '12');
    });
  });

  describe('isNearEnd', () => {
    it('is true in the last part of the ttl', () => {
      assert.equal(ids.isNearEnd(savedId('11', { uploadedAt: Date.now() - (TTL - AHEAD - 1) })), false);
      assert.equal(ids.isNearEnd(savedId('11', { uploadedAt: Date.now() - (TTL - AHEAD) })), true);
    });

    it('is never true without refreshAhead', () => {
      const [, never] = openCache({ refreshAhead: 0 });
      assert.equal(never.isNearEnd(savedId('11', { uploadedAt: Date.now() - TTL })), false);
    });
  });

  describe('forget', () => {
    it('keeps a look-up under way from bringing the ID back', async () => {
      await putElsewhere(savedId('11'));
      inner.fail({ get: isSlow(100) });
      const lookUp = ids.find(KEY);
      const forgetting = ids.forget(KEY);
      await clock.tickAsync(100);
      await forgetting;
      assert.equal(await lookUp, undefined);
      assert.equal(ids.known(KEY), undefined);
    });

    it('keeps a look-up that begins before the store has deleted it from bringing it back', async () => {
      await putElsewhere(savedId('11'));
      inner.fail({ delete: isSlow(100) });
      const forgetting = ids.forget(KEY);
      assert.equal(await ids.find(KEY), undefined);
      await clock.tickAsync(100);
      await forgetting;
      assert.equal(await ids.find(KEY), undefined);
    });

    /** The store reads at once, and its answer is on its way for 200 ms. */
    const answersLate: StoreBehavior = async (carryOut) => {
      const answer = carryOut();
      await wait(200);
      return answer;
    };

    it('keeps the late answer to a look-up of several keys from bringing the ID back', async () => {
      await putElsewhere(savedId('11'));
      await putElsewhere(savedId('12'), OTHER_KEY);
      inner.fail({ get: answersLate });
      const lookUp = ids.findNewestOf([KEY, OTHER_KEY]);
      await settle();
      await ids.forget(KEY);
      await clock.tickAsync(200);
      assert.deepEqual(
        (await lookUp).map((saved) => saved?.id),
        [undefined, '12'],
      );
      assert.equal(ids.known(KEY), undefined);
    });

    it('keeps a look-up of several keys that begins before the store has deleted it from bringing it back', async () => {
      await putElsewhere(savedId('11'));
      await putElsewhere(savedId('12'), OTHER_KEY);
      inner.fail({ get: answersLate, delete: isSlow(100) });
      const forgetting = ids.forget(KEY);
      const lookUp = ids.findNewestOf([KEY, OTHER_KEY]);
      await clock.tickAsync(100);
      await forgetting;
      await clock.tickAsync(100);
      assert.deepEqual(
        (await lookUp).map((saved) => saved?.id),
        [undefined, '12'],
      );
      assert.equal(ids.known(KEY), undefined);
    });

    it('lets a look-up that begins afterwards find the ID that another process has stored since', async () => {
      await putElsewhere(savedId('11'));
      inner.fail({ get: answersLate });
      const before = Promise.all([ids.find(KEY), ids.findNewestOf([KEY])]);
      await settle();
      await ids.forget(KEY);
      await putElsewhere(savedId('21'));
      const after = Promise.all([ids.find(KEY), ids.findNewestOf([KEY])]);
      await clock.tickAsync(200);
      await before;
      const [single, [several]] = await after;
      assert.deepEqual([single?.id, several?.id], ['21', '21']);
    });
  });

  describe('forget, while another look-up or another forget is under way,', () => {
    it('leaves the look-up that began afterwards to all who look for the ID', async () => {
      await putElsewhere(savedId('11'));
      inner.fail({ get: isSlow(200) });
      const before = ids.find(KEY);
      await clock.tickAsync(100);
      await ids.forget(KEY);
      const after = ids.find(KEY);
      await clock.tickAsync(100);
      await before;
      const shared = ids.find(KEY);
      await clock.tickAsync(200);
      await Promise.all([after, shared]);
      assert.equal(reads(), 2);
    });

    it('keeps the ID out until the last of them has deleted it, and asks the store for nothing', async () => {
      await putElsewhere(savedId('11'));
      inner.fail({ delete: isSlow(100) });
      const first = ids.forget(KEY);
      await clock.tickAsync(50);
      const second = ids.forget(KEY);
      await clock.tickAsync(50);
      await first;
      void putElsewhere(savedId('11'));
      assert.deepEqual([await ids.find(KEY), reads()], [undefined, 0]);
      await clock.tickAsync(100);
      await second;
      await putElsewhere(savedId('21'));
      assert.equal((await ids.find(KEY))?.id, '21');
    });
  });

  describe('when the store has lost what was in it', () => {
    const stored = (): string[] =>
      inner
        .ids()
        .map(([, id]) => id)
        .sort();

    beforeEach(async () => {
      void ids.put(KEY, savedId('11'));
      void ids.put(OTHER_KEY, savedId('12'));
      await settle();
      assert.deepEqual(stored(), ['11', '12']);
    });

    it('it gets back all that is known, once an ID is missed', async () => {
      await clock.tickAsync(5_000);
      inner.clear();
      await ids.find(keyOf('1001', 'image:LEO'));
      await settle();
      assert.deepEqual(stored(), ['11', '12']);
    });

    it('it gets back all that is known within a minute, though only known IDs are sent', async () => {
      inner.clear();
      const before = inner.calls.length;
      for (let second = 0; second < 59; second++) {
        await ids.find(KEY);
        await clock.tickAsync(1_000);
      }
      assert.equal(inner.calls.length, before, 'no send asks the store');
      await clock.tickAsync(1_000);
      assert.deepEqual(stored(), ['11', '12']);
    });

    it('it gets back all that is known when it is back from an outage', async () => {
      inner.fail({ get: () => Promise.reject(new Error('killed')) });
      await ids.find(keyOf('1001', 'image:LEO'));
      await settle();
      inner.clear();
      inner.heal();
      await clock.tickAsync(1_000);
      assert.deepEqual(stored(), ['11', '12']);
    });

    it('it gets back what each process knows, though another has noticed it before', async () => {
      const [, other] = openCache();
      const third = keyOf('1001', 'image:LEO');
      void other.put(third, savedId('13'));
      await settle();
      inner.clear();
      await clock.tickAsync(60_000);
      assert.deepEqual(stored(), ['11', '12', '13']);
    });

    it('it does not get an ID in place of a newer one, which memory takes over', async () => {
      inner.clear();
      await putElsewhere(savedId('21', { uploadedAt: Date.now() + 1 }));
      await clock.tickAsync(60_000);
      assert.deepEqual(stored(), ['12', '21']);
      assert.equal(ids.known(KEY)?.id, '21');
    });

    it('it gets the ID that memory has in place of an older one', async () => {
      inner.clear();
      await putElsewhere(savedId('10', { uploadedAt: Date.now() - 1 }));
      await clock.tickAsync(60_000);
      assert.deepEqual(stored(), ['11', '12']);
    });

    it('it does not get what was forgotten, is dead, or ends', async () => {
      inner.clear();
      inner.fail({
        get: (carryOut, key) => {
          // Its mark is found missing; the IDs go when they are about to be put back.
          if (key.endsWith(KEY)) ids.markDead(KEY, '11');
          if (key.endsWith(OTHER_KEY)) void ids.forget(OTHER_KEY);
          return carryOut();
        },
      });
      await clock.tickAsync(60_000);
      assert.deepEqual(stored(), []);
      inner.heal();
      void ids.put(KEY, savedId('13', { uploadedAt: Date.now() - TTL + 30_000 }));
      await settle();
      inner.clear();
      await clock.tickAsync(60_000);
      assert.deepEqual(stored(), []);
    });

    it('keeps no ID that memory does not hold any more', async () => {
      const [, small] = openCache({ memory: 1 });
      void small.put(KEY, savedId('31'));
      void small.put(OTHER_KEY, savedId('32'));
      await ids.close();
      await settle();
      inner.clear();
      await clock.tickAsync(60_000);
      assert.deepEqual(stored(), ['32']);
    });

    it('a store that lost nothing is asked for its mark alone, once a minute', async () => {
      const before = inner.calls.length;
      await clock.tickAsync(59_999);
      assert.equal(inner.calls.length, before);
      await clock.tickAsync(1);
      assert.deepEqual(inner.calls.slice(before), [
        { action: 'get', key: 'facebook-attachments:fb-attachment:mark' },
      ]);
    });

    it('misses ask for the mark every five seconds at most', async () => {
      await clock.tickAsync(5_000);
      const before = inner.calls.length;
      for (let n = 0; n < 100; n++) await ids.find(keyOf('1001', `image:${n}`));
      await settle();
      assert.equal(inner.calls.length - before, 100 + 1);
    });

    it('a store that keeps nothing is not written again and again', async () => {
      const forgetful = new FaultyStore();
      forgetful.fail({ set: () => true });
      const opened = new IdStore({
        store: forgetful,
        ttl: 1e9,
        timeout: 500,
        maxUnsaved: 9,
        onError: () => undefined,
      });
      const cache = new IdCache({ store: opened, ttl: 1e9, refreshAhead: 0, memory: 9 });
      void cache.put(KEY, savedId('11'));
      await clock.tickAsync(600_000);
      assert.equal(forgetful.countCalls('set'), 1);
      await cache.close();
    });
  });

  describe('put, forget and list', () => {
    it('put writes to the store', async () => {
      void ids.put(KEY, savedId('11'));
      await store.close();
      assert.deepEqual(inner.ids(), [[`facebook-attachments:${KEY}`, '11']]);
    });

    it('forget forgets here and in the store', async () => {
      void ids.put(KEY, savedId('11'));
      await settle();
      await ids.forget(KEY);
      assert.deepEqual(inner.ids(), []);
      assert.equal(await ids.find(KEY), undefined);
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
      void cache.put(KEY, savedId('11'));
      void cache.put(OTHER_KEY, savedId('12', { uploadedAt: Date.now() - TTL + 1 }));
      void cache.put(keyOf('1001', 'image:LEO'), savedId('13'));
      cache.markDead(keyOf('1001', 'image:LEO'), '13');
      const list = async (): Promise<string[]> => {
        const found: string[] = [];
        for await (const [, { id }] of cache.list()) found.push(id);
        return found.sort();
      };
      await settle();
      assert.deepEqual(await list(), ['11', '12']);
      await clock.tickAsync(1);
      assert.deepEqual(await list(), ['11']);
    });
  });
});
