import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import Keyv from 'keyv';
import sinon from 'sinon';
import { keyOf } from '../../../src/cache/saved-id';
import { countActiveTimers } from '../../support/checks/fake-time';
import { hangs, isSlow, throws } from '../../support/stores/faulty-store';
import { savedId } from '../../support/stores/saved-id';
import { IdStoreHarness, storeErrorMessage } from '../../support/stores/id-store-harness';

const KEY = keyOf('1001', 'image:TOM');
const keys = Array.from({ length: 5 }, (_, n) => keyOf('1001', `image:${n}`));

describe('IdStore, after an outage and at the end', () => {
  let harness: IdStoreHarness;

  beforeEach(() => {
    harness = new IdStoreHarness();
  });
  afterEach(() => {
    sinon.restore();
  });

  describe('when it is back', () => {
    it('it gets all that waited', async () => {
      const store = await harness.openDown();
      for (const key of keys) store.put(key, savedId(`id of ${key}`));
      harness.inner.heal();
      await harness.clock.tickAsync(1_000);
      assert.deepEqual(
        new Map(harness.inner.ids()),
        new Map(keys.map((key) => [`facebook-attachments:${key}`, `id of ${key}`])),
      );
      assert.deepEqual([harness.countCalls('set'), harness.errors.length], [5, 1]);
      // Nothing waits any more, so the store is asked.
      const get = harness.countCalls('get');
      assert.equal((await store.get(KEY))?.id, undefined);
      assert.equal((await store.get(keys[0] ?? ''))?.id, `id of ${keys[0] ?? ''}`);
      assert.equal(harness.countCalls('get'), get + 2);
    });

    it('it gets all that waited, though one of them is asked for meanwhile', async () => {
      const store = await harness.openDown();
      for (const key of keys) store.put(key, savedId(`id of ${key}`));
      harness.inner.heal();
      harness.inner.fail({ set: isSlow(10) });
      await harness.clock.tickAsync(1_005);
      await store.get(keys[0] ?? '');
      await harness.clock.tickAsync(1_000);
      assert.equal(harness.inner.ids().length, 5);
    });

    it('it gets the last of two IDs of an asset', async () => {
      const store = await harness.openDown();
      store.put(KEY, savedId('11'));
      store.put(KEY, savedId('12'));
      harness.inner.heal();
      await harness.clock.tickAsync(1_000);
      assert.deepEqual(
        harness.inner.ids().map(([, id]) => id),
        ['12'],
      );
      assert.equal(harness.countCalls('set'), 1);
    });

    it('it gets nothing that came to its end meanwhile', async () => {
      const store = await harness.openDown({ ttl: 1_000 });
      store.put(KEY, savedId('11'));
      harness.inner.heal();
      await harness.clock.tickAsync(1_000);
      assert.deepEqual([harness.countCalls('set'), await store.get(KEY)], [0, undefined]);
    });

    it('it gets no more than memory holds: the last ones', async () => {
      const store = await harness.openDown({ maxUnsaved: 2 });
      for (const key of keys) store.put(key, savedId(key));
      harness.inner.heal();
      await harness.clock.tickAsync(1_000);
      assert.deepEqual(
        harness.inner
          .ids()
          .map(([, id]) => id)
          .sort(),
        keys.slice(-2).sort(),
      );
    });

    it('it does not get what was deleted meanwhile', async () => {
      const store = await harness.openDown();
      store.put(KEY, savedId('11'));
      harness.inner.heal();
      await store.delete(KEY);
      await harness.clock.tickAsync(1_000);
      assert.deepEqual(harness.inner.ids(), []);
    });

    it('and fails again while it gets them, it gets the rest the next time', async () => {
      const store = await harness.openDown();
      for (const key of keys) store.put(key, savedId(key));
      harness.inner.heal();
      harness.inner.fail({
        set: (carryOut) =>
          harness.countCalls('set') === 3 ? Promise.reject(new Error('again')) : carryOut(),
      });
      await harness.clock.tickAsync(1_000);
      assert.deepEqual([harness.inner.ids().length, harness.countCalls('set')], [2, 3]);
      harness.inner.heal();
      await harness.clock.tickAsync(1_999);
      assert.equal(harness.inner.ids().length, 2);
      await harness.clock.tickAsync(1);
      assert.equal(harness.inner.ids().length, 5);
    });

    it('it gets what it had not written, and had told so by an event alone', async () => {
      const adapter = Object.assign(new EventEmitter(), {
        written: 0,
        get: () => undefined,
        set: () => {
          if (++adapter.written === 1) adapter.emit('error', new Error('disk full'));
          return true;
        },
        delete: () => true,
        clear: () => undefined,
      });
      const store = harness.open({ store: new Keyv({ store: adapter }) });
      const saved = savedId('11');
      store.put(KEY, saved);
      await harness.clock.tickAsync(999);
      assert.deepEqual([adapter.written, await store.get(KEY)], [1, saved]);
      await harness.clock.tickAsync(1);
      assert.deepEqual([adapter.written, await store.get(KEY)], [2, undefined]);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('disk full', 'write')]);
    });

    it('and goes down again, that is told again, and looked at after a second again', async () => {
      const store = await harness.openDown();
      await harness.clock.tickAsync(1_000);
      harness.inner.heal();
      await harness.clock.tickAsync(2_000);
      harness.failAll(throws('gone again'));
      await store.get(KEY);
      assert.deepEqual(harness.errorMessages, [
        storeErrorMessage('The store is broken'),
        storeErrorMessage('gone again'),
      ]);
      harness.inner.heal();
      const get = harness.countCalls('get');
      await harness.clock.tickAsync(999);
      assert.equal(harness.countCalls('get'), get);
      await harness.clock.tickAsync(1);
      assert.equal(harness.countCalls('get'), get + 1);
    });

    it('to be read but not to be written, that is one outage, and told once', async () => {
      const store = harness.open();
      harness.inner.fail({ set: throws('read only') });
      store.put(KEY, savedId('11'));
      await harness.clock.tickAsync(60_000);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('read only', 'write')]);
    });
  });

  describe('close', () => {
    it('waits for what is being written', async () => {
      const store = harness.open();
      harness.inner.fail({ set: isSlow(100) });
      store.put(KEY, savedId('11'));
      let closed = false;
      const closing = store.close().then(() => (closed = true));
      await harness.clock.tickAsync(99);
      assert.equal(closed, false);
      await harness.clock.tickAsync(1);
      await closing;
      assert.equal(harness.inner.ids().length, 1);
    });

    it('looks no more after a store that is down', async () => {
      const store = await harness.openDown();
      await store.close();
      assert.equal(harness.clock.countTimers(), 0);
      await harness.clock.tickAsync(60_000);
      assert.equal(harness.countCalls('get'), 1);
    });

    it('lets no later message wait for a store that is down, and tells of it once', async () => {
      const store = await harness.openDown();
      await store.close();
      await store.get(KEY);
      await store.get(KEY);
      assert.equal(harness.countCalls('get'), 1);
      assert.equal(harness.errorMessages.length, 1);
    });

    it('looks no more after a store that goes down while it waits', async () => {
      const store = harness.open();
      harness.inner.fail({
        set: async () => {
          await isSlow(100)(() => undefined, KEY);
          throw new Error('disk full');
        },
      });
      store.put(KEY, savedId('11'));
      const closing = store.close();
      await harness.clock.tickAsync(100);
      await closing;
      await harness.clock.tickAsync(60_000);
      assert.equal(harness.countCalls('get'), 0);
    });

    it('looks no more after a store that is just being looked at', async () => {
      const store = await harness.openDown();
      harness.failAll(hangs);
      await harness.clock.tickAsync(1_000);
      const get = harness.countCalls('get');
      const closing = store.close();
      await harness.clock.tickAsync(5_000);
      await closing;
      await harness.clock.tickAsync(60_000);
      assert.equal(harness.countCalls('get'), get);
    });
  });

  describe('the end of the process', () => {
    beforeEach(async () => {
      sinon.restore();
      // Mocha sets a timer of its own for each test.
      await new Promise(setImmediate);
    });

    it('waits for what a message waits for', async () => {
      await new Promise(setImmediate);
      const before = countActiveTimers();
      harness.failAll(hangs);
      const got = harness.open({ timeout: 20 }).get(KEY);
      assert.equal(countActiveTimers() - before, 1);
      await got;
    });

    it('waits for what somebody wants to have deleted, also behind a write', async () => {
      const before = countActiveTimers();
      harness.failAll(hangs);
      const store = harness.open({ timeout: 20 });
      const deleted = [assert.rejects(store.delete(KEY))];
      store.put(KEY, savedId('11'));
      deleted.push(assert.rejects(store.delete(KEY)));
      assert.equal(countActiveTimers() - before, 2);
      await Promise.all(deleted);
      await store.close();
    });

    it('waits for nothing that is done in the background: writes, looks', async () => {
      await new Promise(setImmediate);
      const before = countActiveTimers();
      harness.failAll(hangs);
      const store = harness.open({ timeout: 20 });
      store.put(KEY, savedId('11'));
      assert.equal(countActiveTimers() - before, 0);
      await store.get(keyOf('1001', 'image:ANOTHER'));
      assert.equal(harness.errors.length, 1);
      assert.equal(countActiveTimers() - before, 0);
      await store.close();
    });
  });
});
