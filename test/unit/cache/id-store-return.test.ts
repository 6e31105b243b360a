import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import Keyv from 'keyv';
import sinon from 'sinon';
import { keyOf } from '../../../src/cache/saved-id';
import { countActiveTimers } from '../../support/checks/fake-time';
import { hangs, isSlow, throws, type StoreBehavior } from '../../support/stores/faulty-store';
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

  const writtenIds = (): string[] =>
    harness.inner
      .ids()
      .map(([, id]) => id)
      .sort();

  /** Refuses records that hold some text, as a database does that cannot store an emoji. */
  const refuses =
    (text: string, message = 'Incorrect string value'): StoreBehavior =>
    (carryOut, key) => {
      const written = carryOut();
      if (!harness.inner.records.get(key)?.includes(text)) return written;
      harness.inner.records.delete(key);
      throw new Error(message);
    };

  describe('when it can be read again', () => {
    it('it is asked again', async () => {
      const store = await harness.openUnreadable();
      harness.inner.heal();
      await harness.clock.tickAsync(999);
      await store.get(KEY);
      assert.equal(harness.inner.countCalls('get'), 1);
      await harness.clock.tickAsync(1);
      await store.get(KEY);
      assert.equal(harness.inner.countCalls('get'), 2);
    });

    it('and fails again, that is told again, and it is tried after a second again', async () => {
      const store = await harness.openUnreadable();
      await harness.clock.tickAsync(1_000);
      harness.inner.heal();
      await harness.clock.tickAsync(2_000);
      harness.failAll(throws('gone again'));
      await store.get(KEY);
      await harness.settle();
      assert.deepEqual(harness.errorMessages, [
        storeErrorMessage('The store is broken'),
        storeErrorMessage('gone again'),
      ]);
      const probes = harness.inner.countProbes('get');
      await harness.clock.tickAsync(999);
      assert.equal(harness.inner.countProbes('get'), probes);
      await harness.clock.tickAsync(1);
      assert.equal(harness.inner.countProbes('get'), probes + 1);
    });
  });

  describe('when it can be written again', () => {
    it('it gets all that waited', async () => {
      const store = await harness.openUnwritable();
      for (const key of keys) void store.put(key, savedId(`id of ${key}`));
      harness.inner.heal();
      await harness.clock.tickAsync(1_000);
      assert.deepEqual(writtenIds(), ['10', ...keys.map((key) => `id of ${key}`)].sort());
      assert.deepEqual([harness.inner.countCalls('set'), harness.errors.length], [1 + 6, 1]);
      // Nothing waits any more, so the store is asked.
      for (const key of keys) assert.equal((await store.get(key))?.id, `id of ${key}`);
      assert.equal(harness.inner.countCalls('get'), 5);
    });

    it('it gets all that waited, and what comes while it gets them', async () => {
      const store = await harness.openUnwritable();
      for (const key of keys.slice(1)) void store.put(key, savedId(key));
      harness.inner.heal();
      harness.inner.fail({ set: isSlow(10) });
      await harness.clock.tickAsync(1_025);
      await store.get(keys[1] ?? '');
      void store.put(keys[0] ?? '', savedId(keys[0] ?? ''));
      await harness.clock.tickAsync(1_000);
      assert.deepEqual(writtenIds(), ['10', ...keys].sort());
    });

    it('it gets what comes in any moment of its return', async () => {
      for (let turns = 0; turns < 30; turns++) {
        const store = await harness.openUnwritable();
        harness.inner.heal();
        harness.inner.fail({
          set: (carryOut, key) => {
            if (key.endsWith(harness.waiting.key)) {
              void after(turns, () => {
                void store.put(KEY, savedId(`after ${turns}`));
              });
            }
            return carryOut();
          },
        });
        await harness.clock.tickAsync(1_000);
        await harness.settle();
        assert.ok(writtenIds().includes(`after ${turns}`), `${turns} turns later`);
        await store.close();
        harness.inner.clear();
      }
    });

    it('it gets the last of two IDs of an asset', async () => {
      const store = await harness.openUnwritable();
      void store.put(KEY, savedId('11'));
      void store.put(KEY, savedId('12'));
      harness.inner.heal();
      await harness.clock.tickAsync(1_000);
      assert.deepEqual(writtenIds(), ['10', '12']);
    });

    it('it gets nothing that came to its end meanwhile', async () => {
      const store = await harness.openUnwritable({ ttl: 1_000 });
      void store.put(KEY, savedId('11'));
      harness.inner.heal();
      await harness.clock.tickAsync(1_000);
      assert.deepEqual([writtenIds(), await store.get(KEY)], [[], undefined]);
    });

    it('it gets no more than memory holds: the last ones', async () => {
      const store = await harness.openUnwritable({ maxUnsaved: 2 });
      for (const key of keys) void store.put(key, savedId(key));
      harness.inner.heal();
      await harness.clock.tickAsync(1_000);
      assert.deepEqual(writtenIds(), keys.slice(-2).sort());
    });

    it('it does not get what was deleted meanwhile', async () => {
      const store = await harness.openUnwritable();
      harness.inner.heal();
      await store.delete(harness.waiting.key);
      await harness.clock.tickAsync(1_000);
      assert.deepEqual(writtenIds(), []);
    });

    it('and fails again while it gets them, it gets the rest the next time', async () => {
      const store = await harness.openUnwritable();
      for (const key of keys) void store.put(key, savedId(key));
      harness.inner.fail({
        set: (carryOut) => (writtenIds().length >= 2 ? throws('full')(carryOut, '') : carryOut()),
      });
      await harness.clock.tickAsync(1_000);
      assert.equal(writtenIds().length, 2);
      harness.inner.heal();
      await harness.clock.tickAsync(1_999);
      assert.equal(writtenIds().length, 2);
      await harness.clock.tickAsync(1);
      assert.equal(writtenIds().length, 6);
      assert.equal(harness.errors.length, 1, 'that is one outage');
    });

    it('it gets what it had not written, and had told so by an event alone', async () => {
      const adapter = Object.assign(new EventEmitter(), {
        isFull: true,
        get: () => undefined,
        set: () => {
          if (adapter.isFull) adapter.emit('error', new Error('disk full'));
          return true;
        },
        delete: () => true,
        clear: () => undefined,
      });
      const store = harness.open({ store: new Keyv({ store: adapter }) });
      const saved = savedId('11');
      void store.put(KEY, saved);
      await harness.clock.tickAsync(999);
      assert.equal(await store.get(KEY), saved);
      adapter.isFull = false;
      await harness.clock.tickAsync(1);
      assert.equal(await store.get(KEY), undefined);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('disk full', 'write')]);
    });
  });

  describe('when it refuses one record, and takes others', () => {
    it('that record alone is not saved, and that is told with its asset', async () => {
      const store = harness.open();
      harness.inner.fail({ set: refuses('😺') });
      void store.put(KEY, savedId('11', { asset: 'image "😺.png"' }));
      for (const key of keys) void store.put(key, savedId(key));
      await harness.settle();
      assert.deepEqual(writtenIds(), [...keys].sort());
      const [error] = harness.errors;
      assert.equal(harness.errors.length, 1);
      assert.deepEqual(
        [error?.code, error?.operation, error?.asset, error?.page, error?.reason],
        ['ERR_STORE_RECORD_REFUSED', 'write', 'image "😺.png"', '1001', 'Incorrect string value'],
      );
      assert.equal(
        error?.message,
        'The store refused the attachment ID of image "😺.png" of page 1001 (Incorrect string value) but accepts others. The ID is kept in memory; after a restart the asset is uploaded again.',
      );
      const sets = harness.inner.calls.length;
      await harness.clock.tickAsync(50_000);
      assert.equal(harness.inner.calls.length, sets, 'it is not tried for ever');
    });

    it('it is read and written as before', async () => {
      const store = harness.open();
      harness.inner.fail({ set: refuses('😺') });
      void store.put(KEY, savedId('11', { asset: 'image "😺.png"' }));
      await harness.settle();
      const saved = savedId('12');
      void store.put(keys[0] ?? '', saved);
      await harness.settle();
      assert.deepEqual(await store.get(keys[0] ?? ''), saved);
    });

    it('a record that is written the second time is not lost', async () => {
      const store = harness.open();
      harness.inner.fail({
        set: (carryOut, key) =>
          key.endsWith(KEY) && harness.inner.countCalls('set') === 1
            ? throws('deadlock')(carryOut, key)
            : carryOut(),
      });
      void store.put(KEY, savedId('11'));
      await harness.settle();
      assert.deepEqual([writtenIds(), harness.errors], [['11'], []]);
    });

    it('a newer ID of the same asset that came while the old one was refused is written', async () => {
      const store = harness.open();
      let refuse: () => void = () => undefined;
      let writes = 0;
      harness.inner.fail({
        set: (carryOut, key) =>
          key.endsWith(KEY) && ++writes <= 2
            ? new Promise((_, reject) => {
                refuse = () => {
                  reject(new Error('Incorrect string value'));
                };
              })
            : carryOut(),
      });
      void store.put(KEY, savedId('11'));
      await harness.settle();
      refuse();
      await harness.settle();
      void store.put(KEY, savedId('12'));
      refuse();
      await harness.settle();
      assert.deepEqual([writtenIds(), harness.errors], [['12'], []]);
    });

    it('a newer ID of the same asset is tried again', async () => {
      const store = harness.open();
      harness.inner.fail({ set: refuses('😺') });
      void store.put(KEY, savedId('11', { asset: 'image "😺.png"' }));
      await harness.settle();
      void store.put(KEY, savedId('12', { asset: 'image "cat.png"' }));
      await harness.settle();
      assert.deepEqual(writtenIds(), ['12']);
    });
  });

  describe('close', () => {
    it('waits for what is being written', async () => {
      const store = harness.open();
      harness.inner.fail({ set: isSlow(100) });
      void store.put(KEY, savedId('11'));
      let closed = false;
      const closing = store.close().then(() => (closed = true));
      await harness.clock.tickAsync(99);
      assert.equal(closed, false);
      await harness.clock.tickAsync(1);
      await harness.settle();
      await closing;
      assert.deepEqual(writtenIds(), ['11']);
    });

    it('writes what waited while the store was down, if it is back', async () => {
      const store = await harness.openUnwritable();
      for (const key of keys) void store.put(key, savedId(key));
      harness.inner.heal();
      await store.close();
      assert.deepEqual(writtenIds(), ['10', ...keys].sort());
    });

    it('waits for a store that hangs no longer than for one write, whatever waits for it', async () => {
      const store = await harness.openUnwritable();
      for (const key of keys) void store.put(key, savedId(key));
      harness.failAll(hangs);
      let closed = false;
      const closing = store.close().then(() => (closed = true));
      await harness.clock.tickAsync(4_999);
      assert.equal(closed, false);
      await harness.clock.tickAsync(1);
      await closing;
    });

    it('tries no more whether a store that is down is back', async () => {
      for (const open of [() => harness.openUnreadable(), () => harness.openUnwritable()]) {
        const store = await open();
        harness.failAll(throws());
        await store.close();
        const calls = harness.inner.calls.length;
        assert.equal(harness.clock.countTimers(), 0);
        await harness.clock.tickAsync(60_000);
        assert.equal(harness.inner.calls.length, calls);
      }
    });

    it('lets a message that comes afterwards find a store that was down, and looks after it again', async () => {
      const store = harness.open();
      await store.close();
      harness.inner.fail({ get: hangs });
      const asked = store.get(KEY);
      await harness.clock.tickAsync(60_000);
      assert.equal(await asked, undefined);
      harness.inner.heal();
      await harness.clock.tickAsync(120_000);
      void store.put(KEY, savedId('11'));
      await harness.settle();
      assert.deepEqual(writtenIds(), ['11']);
      assert.equal((await store.get(KEY))?.id, '11');
      await store.close();
      assert.equal(harness.clock.countTimers(), 0);
    });

    it('leaves no timer of a store that works', async () => {
      const store = harness.open();
      void store.put(KEY, savedId('11'));
      await harness.settle();
      await store.get(keys[0] ?? '');
      await store.close();
      assert.equal(harness.clock.countTimers(), 0);
    });

    it('asks nothing of a store that tells of an error after it, as one does that is closed itself', async () => {
      const adapter = Object.assign(new EventEmitter(), {
        get: sinon.stub().resolves(),
        set: () => true,
        delete: () => true,
        clear: () => undefined,
      });
      const store = harness.open({ store: new Keyv({ store: adapter }) });
      await store.close();
      adapter.emit('error', new Error('Disconnects client'));
      await harness.settle();
      sinon.assert.notCalled(adapter.get);
    });

    it('asks nothing more of a store that hung until its end', async () => {
      const store = harness.open();
      harness.inner.fail({ set: hangs });
      void store.put(KEY, savedId('11'));
      const closing = store.close();
      await harness.clock.tickAsync(1);
      void store.put(keys[0] ?? '', savedId('12'));
      await harness.clock.tickAsync(4_999);
      await closing;
      const calls = harness.inner.calls.length;
      await harness.clock.tickAsync(60_000);
      assert.equal(harness.inner.calls.length, calls);
    });

    it('asks nothing more of a store whose last write fails after its end, as one does that is closed itself', async () => {
      const store = await harness.openUnwritable();
      let fail: (error: Error) => void = () => undefined;
      harness.inner.fail({
        set: (_, key) =>
          key.endsWith('probe')
            ? isSlow(100)(() => undefined, key)
            : new Promise((_, reject) => (fail = reject)),
      });
      const closing = store.close();
      await harness.clock.tickAsync(5_000);
      await closing;
      const calls = harness.inner.calls.length;
      fail(new Error('Disconnects client'));
      await harness.clock.tickAsync(60_000);
      assert.equal(harness.inner.calls.length, calls);
    });

    it('waits for the release of a lease, which would connect a closed client again', async () => {
      let release: () => void = () => undefined;
      const redis = {
        set: () => Promise.resolve('OK'),
        eval: () => new Promise<void>((resolve) => (release = resolve)),
      };
      const store = harness.open({ store: Object.assign(new Map<string, never>(), { redis }) });
      const lease = await store.lease(KEY, 3_000, () => false);
      assert.ok(lease && lease !== 'held');
      void lease.release();
      let closed = false;
      const closing = store.close().then(() => (closed = true));
      await harness.settle();
      assert.equal(closed, false);
      release();
      await closing;
    });

    it('lets no later message wait for a store that is down, and tells of it once', async () => {
      const store = await harness.openUnreadable();
      await store.close();
      await store.get(KEY);
      await store.get(KEY);
      assert.equal(harness.inner.countCalls('get'), 1);
      assert.equal(harness.errorMessages.length, 1);
    });

    it('tries no more a store that goes down while it waits', async () => {
      const store = harness.open();
      harness.inner.fail({
        set: async () => {
          await isSlow(100)(() => undefined, KEY);
          throw new Error('disk full');
        },
      });
      void store.put(KEY, savedId('11'));
      const closing = store.close();
      await harness.clock.tickAsync(1_000);
      await closing;
      const calls = harness.inner.calls.length;
      await harness.clock.tickAsync(60_000);
      assert.equal(harness.inner.calls.length, calls);
    });
  });

  describe('the end of the process', () => {
    beforeEach(async () => {
      sinon.restore();
      // Mocha sets a timer of its own for each test.
      await new Promise(setImmediate);
    });
    afterEach(() => harness.close());

    const waitsFor = async (work: () => Promise<unknown>): Promise<boolean> => {
      await new Promise(setImmediate);
      const before = countActiveTimers();
      const working = work();
      const isWaiting = countActiveTimers() > before;
      await working.catch(() => undefined);
      return isWaiting;
    };

    it('waits for what somebody waits for: an ID, a deletion, a list, the last writes', async () => {
      harness.failAll(hangs);
      const open = () => harness.open({ timeout: 20 });
      assert.ok(await waitsFor(() => open().get(KEY)));
      assert.ok(await waitsFor(() => open().delete(KEY)));
      const keyv = new Keyv();
      keyv.iterator = async function* () {
        yield await new Promise<[string, unknown]>(() => undefined);
      };
      assert.ok(await waitsFor(() => harness.open({ timeout: 20, store: keyv }).list().next()));
      const store = open();
      void store.put(KEY, savedId('11'));
      assert.ok(await waitsFor(() => store.close()));
    });

    it('waits for what somebody wants to have deleted, also behind a write', async () => {
      const before = countActiveTimers();
      harness.failAll(hangs);
      const store = harness.open({ timeout: 20 });
      void store.put(KEY, savedId('11'));
      const deleted = assert.rejects(store.delete(KEY));
      assert.equal(countActiveTimers() - before, 1);
      await deleted;
      await store.close();
    });

    it('waits for nothing that is done in the background: writes, and trying whether it is back', async () => {
      await new Promise(setImmediate);
      const before = countActiveTimers();
      harness.failAll(hangs);
      const store = harness.open({ timeout: 20 });
      void store.put(KEY, savedId('11'));
      assert.equal(countActiveTimers() - before, 0);
      await store.get(keys[0] ?? '');
      assert.equal(harness.errors.length, 1);
      assert.equal(countActiveTimers() - before, 0);
      await store.close();
    });
  });
});

/** Does something so many turns of promises later. */
async function after(turns: number, work: () => void): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
  work();
}
