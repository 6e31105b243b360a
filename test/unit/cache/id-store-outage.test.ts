import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import Keyv from 'keyv';
import sinon from 'sinon';
import { keyOf } from '../../../src/cache/saved-id';
import { answers, hangs, isSlow, throws, type StoreBehavior } from '../../support/stores/faulty-store';
import { savedId } from '../../support/stores/saved-id';
import { IdStoreHarness, storeErrorMessage } from '../../support/stores/id-store-harness';

const KEY = keyOf('1001', 'image:TOM');
const keys = Array.from({ length: 5 }, (_, n) => keyOf('1001', `image:${n}`));

describe('IdStore, while the store is down', () => {
  let harness: IdStoreHarness;

  beforeEach(() => {
    harness = new IdStoreHarness();
  });
  afterEach(() => {
    sinon.restore();
  });

  describe('what takes it down', () => {
    const failures: [what: string, course: StoreBehavior, reason: string][] = [
      ['it throws', throws('connection lost'), 'connection lost'],
      [
        'it throws at once',
        () => {
          throw new Error('not connected');
        },
        'not connected',
      ],
      [
        'it throws something that is no error',
        () => {
          // eslint-disable-next-line @typescript-eslint/only-throw-error -- A store may do so.
          throw 'bad';
        },
        'bad',
      ],
      [
        'its error holds a password',
        throws('no answer from redis://bot:hunter2@example.com:6379'),
        'no answer from redis://example.com:6379',
      ],
    ];
    for (const [what, course, reason] of failures) {
      it(`${what}: there is no ID, and one report`, async () => {
        const store = harness.open();
        harness.failAll(course);
        assert.equal(await store.get(KEY), undefined);
        assert.deepEqual(harness.errorMessages, [storeErrorMessage(reason)]);
        assert.deepEqual(
          [harness.errors[0]?.name, harness.errors[0]?.code],
          ['StoreError', 'ERR_STORE_UNAVAILABLE'],
        );
      });
    }

    it('it does not answer: a message waits so long, and no longer', async () => {
      const store = harness.open();
      harness.failAll(hangs);
      let ended = false;
      const got = store.get(KEY).then((saved) => {
        ended = true;
        return saved;
      });
      await harness.clock.tickAsync(499);
      assert.equal(ended, false);
      await harness.clock.tickAsync(1);
      assert.equal(await got, undefined);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('no answer within 500 ms')]);
    });

    it('it answers in the last moment: that is early enough', async () => {
      const store = harness.open();
      const saved = savedId('11');
      store.put(KEY, saved);
      await harness.clock.tickAsync(0);
      harness.failAll(isSlow(499));
      const got = store.get(KEY);
      await harness.clock.tickAsync(499);
      assert.deepEqual(await got, saved);
      assert.deepEqual(harness.errors, []);
      assert.equal(harness.clock.countTimers(), 0);
    });

    it('it fails after all, when nobody waits any more: that is not told again', async () => {
      const store = harness.open();
      harness.failAll(async () => {
        await isSlow(600)(() => undefined, KEY);
        throw new Error('too late');
      });
      const got = store.get(KEY);
      await harness.clock.tickAsync(999);
      assert.equal(await got, undefined);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('no answer within 500 ms')]);
    });

    it('it does not write: nobody waits for that, so it gets ten times as long', async () => {
      const store = harness.open();
      harness.failAll(hangs);
      store.put(KEY, savedId('11'));
      await harness.clock.tickAsync(4_999);
      assert.deepEqual(harness.errors, []);
      await harness.clock.tickAsync(1);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('no answer within 5000 ms', 'write')]);
    });

    it('it refuses to write', async () => {
      const store = harness.open();
      harness.inner.fail({ set: answers(false) });
      store.put(KEY, savedId('11'));
      await harness.clock.tickAsync(0);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('it refused to write', 'write')]);
    });

    it('it fails to write', async () => {
      const store = harness.open();
      harness.inner.fail({ set: throws('disk full') });
      store.put(KEY, savedId('11'));
      await harness.clock.tickAsync(0);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('disk full', 'write')]);
    });

    it('a connection that breaks while nothing is asked, which does not end the process', async () => {
      const adapter = Object.assign(new EventEmitter(), {
        get: () => undefined,
        set: () => true,
        delete: () => true,
        clear: () => undefined,
      });
      const store = harness.open({ store: new Keyv({ store: adapter }) });
      adapter.emit('error', new Error('connection lost'));
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('connection lost')]);
      await store.close();
    });
  });

  it('is not asked again, and told of once, however many messages come', async () => {
    const store = await harness.openDown();
    for (const key of keys) assert.equal(await store.get(key), undefined);
    store.put(KEY, savedId('11'));
    await harness.clock.tickAsync(0);
    assert.deepEqual([harness.countCalls('get'), harness.countCalls('set')], [1, 0]);
    assert.equal(harness.errors.length, 1);
  });

  it('is told of once, though a hundred messages wait for it', async () => {
    const store = harness.open();
    harness.failAll(hangs);
    const waiting = Promise.all(Array.from({ length: 100 }, () => store.get(KEY)));
    await harness.clock.tickAsync(500);
    await waiting;
    assert.equal(harness.errors.length, 1);
  });

  it('gives what waits to be written all the same', async () => {
    const store = await harness.openDown();
    const saved = savedId('11');
    store.put(KEY, saved);
    assert.equal(await store.get(KEY), saved);
  });

  it('is looked at again after a second, by a key of its own', async () => {
    const asked: string[] = [];
    const store = await harness.openDown();
    harness.inner.fail({
      get: (carryOut, key) => {
        asked.push(key);
        return carryOut();
      },
    });
    await harness.clock.tickAsync(999);
    assert.deepEqual(asked, []);
    await harness.clock.tickAsync(1);
    assert.deepEqual(asked, ['facebook-attachments:fb-attachment:probe']);
    await store.get(KEY);
    assert.equal(asked.length, 2);
  });

  it('is looked at less and less often, at last twice a minute', async () => {
    const looks: number[] = [];
    const down = Date.now();
    await harness.openDown();
    harness.inner.fail({
      get: () => {
        looks.push((Date.now() - down) / 1_000);
        throw new Error('still down');
      },
    });
    await harness.clock.tickAsync(125_000);
    assert.deepEqual(looks, [1, 3, 7, 15, 31, 61, 91, 121]);
    assert.equal(harness.errors.length, 1);
  });

  it('is given ten times the patience of a message when it is looked at', async () => {
    const saved = savedId('11');
    const store = await harness.openDown();
    harness.inner.heal();
    store.put(KEY, saved);
    harness.inner.fail({ get: isSlow(4_999) });
    await harness.clock.tickAsync(5_999);
    assert.equal(harness.inner.ids().length, 1);
    harness.failAll(throws());
    await store.get(keys[0] ?? '');
    harness.failAll(hangs);
    const get = harness.countCalls('get');
    await harness.clock.tickAsync(1_000 + 5_000 + 1_999);
    assert.equal(harness.countCalls('get'), get + 1);
    await harness.clock.tickAsync(1);
    assert.equal(harness.countCalls('get'), get + 2);
  });
});
