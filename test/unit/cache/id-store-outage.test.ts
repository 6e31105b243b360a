import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import Keyv from 'keyv';
import sinon from 'sinon';
import { keyOf } from '../../../src/cache/saved-id';
import { answers, hangs, isSlow, throws, type Course } from '../../support/stores/faulty-store';
import { savedId } from '../../support/stores/saved-id';
import { ShakyStore, storeFails } from '../../support/stores/shaky-store';

const KEY = keyOf('1001', 'image:TOM');
const keys = Array.from({ length: 5 }, (_, n) => keyOf('1001', `image:${n}`));

describe('IdStore, while the store is down', () => {
  let shaky: ShakyStore;

  beforeEach(() => {
    shaky = new ShakyStore();
  });
  afterEach(() => {
    sinon.restore();
  });

  describe('what takes it down', () => {
    const failures: [what: string, course: Course, reason: string][] = [
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
        const store = shaky.open();
        shaky.failAll(course);
        assert.equal(await store.get(KEY), undefined);
        assert.deepEqual(shaky.reported, [storeFails(reason)]);
        assert.deepEqual(
          [shaky.errors[0]?.name, shaky.errors[0]?.code],
          ['StoreError', 'ERR_STORE_UNAVAILABLE'],
        );
      });
    }

    it('it does not answer: a message waits so long, and no longer', async () => {
      const store = shaky.open();
      shaky.failAll(hangs);
      let ended = false;
      const got = store.get(KEY).then((saved) => {
        ended = true;
        return saved;
      });
      await shaky.clock.tickAsync(499);
      assert.equal(ended, false);
      await shaky.clock.tickAsync(1);
      assert.equal(await got, undefined);
      assert.deepEqual(shaky.reported, [storeFails('no answer within 500 ms')]);
    });

    it('it answers in the last moment: that is early enough', async () => {
      const store = shaky.open();
      const saved = savedId('11');
      store.put(KEY, saved);
      await shaky.clock.tickAsync(0);
      shaky.failAll(isSlow(499));
      const got = store.get(KEY);
      await shaky.clock.tickAsync(499);
      assert.deepEqual(await got, saved);
      assert.deepEqual(shaky.errors, []);
      assert.equal(shaky.clock.countTimers(), 0);
    });

    it('it fails after all, when nobody waits any more: that is not told again', async () => {
      const store = shaky.open();
      shaky.failAll(async () => {
        await isSlow(600)(() => undefined, KEY);
        throw new Error('too late');
      });
      const got = store.get(KEY);
      await shaky.clock.tickAsync(999);
      assert.equal(await got, undefined);
      assert.deepEqual(shaky.reported, [storeFails('no answer within 500 ms')]);
    });

    it('it does not write: nobody waits for that, so it gets ten times as long', async () => {
      const store = shaky.open();
      shaky.failAll(hangs);
      store.put(KEY, savedId('11'));
      await shaky.clock.tickAsync(4_999);
      assert.deepEqual(shaky.errors, []);
      await shaky.clock.tickAsync(1);
      assert.deepEqual(shaky.reported, [storeFails('no answer within 5000 ms', 'write')]);
    });

    it('it refuses to write', async () => {
      const store = shaky.open();
      shaky.inner.fail({ set: answers(false) });
      store.put(KEY, savedId('11'));
      await shaky.clock.tickAsync(0);
      assert.deepEqual(shaky.reported, [storeFails('it refused to write', 'write')]);
    });

    it('it fails to write', async () => {
      const store = shaky.open();
      shaky.inner.fail({ set: throws('disk full') });
      store.put(KEY, savedId('11'));
      await shaky.clock.tickAsync(0);
      assert.deepEqual(shaky.reported, [storeFails('disk full', 'write')]);
    });

    it('a connection that breaks while nothing is asked, which does not end the process', async () => {
      const adapter = Object.assign(new EventEmitter(), {
        get: () => undefined,
        set: () => true,
        delete: () => true,
        clear: () => undefined,
      });
      const store = shaky.open({ store: new Keyv({ store: adapter }) });
      adapter.emit('error', new Error('connection lost'));
      assert.deepEqual(shaky.reported, [storeFails('connection lost')]);
      await store.close();
    });
  });

  it('is not asked again, and told of once, however many messages come', async () => {
    const store = await shaky.openDown();
    for (const key of keys) assert.equal(await store.get(key), undefined);
    store.put(KEY, savedId('11'));
    await shaky.clock.tickAsync(0);
    assert.deepEqual([shaky.times('get'), shaky.times('set')], [1, 0]);
    assert.equal(shaky.errors.length, 1);
  });

  it('is told of once, though a hundred messages wait for it', async () => {
    const store = shaky.open();
    shaky.failAll(hangs);
    const waiting = Promise.all(Array.from({ length: 100 }, () => store.get(KEY)));
    await shaky.clock.tickAsync(500);
    await waiting;
    assert.equal(shaky.errors.length, 1);
  });

  it('gives what waits to be written all the same', async () => {
    const store = await shaky.openDown();
    const saved = savedId('11');
    store.put(KEY, saved);
    assert.equal(await store.get(KEY), saved);
  });

  it('is looked at again after a second, by a key of its own', async () => {
    const asked: string[] = [];
    const store = await shaky.openDown();
    shaky.inner.fail({
      get: (carryOut, key) => {
        asked.push(key);
        return carryOut();
      },
    });
    await shaky.clock.tickAsync(999);
    assert.deepEqual(asked, []);
    await shaky.clock.tickAsync(1);
    assert.deepEqual(asked, ['facebook-attachments:fb-attachment:probe']);
    await store.get(KEY);
    assert.equal(asked.length, 2);
  });

  it('is looked at less and less often, at last twice a minute', async () => {
    const looks: number[] = [];
    const down = Date.now();
    await shaky.openDown();
    shaky.inner.fail({
      get: () => {
        looks.push((Date.now() - down) / 1_000);
        throw new Error('still down');
      },
    });
    await shaky.clock.tickAsync(125_000);
    assert.deepEqual(looks, [1, 3, 7, 15, 31, 61, 91, 121]);
    assert.equal(shaky.errors.length, 1);
  });

  it('is given ten times the patience of a message when it is looked at', async () => {
    const saved = savedId('11');
    const store = await shaky.openDown();
    shaky.inner.heal();
    store.put(KEY, saved);
    shaky.inner.fail({ get: isSlow(4_999) });
    await shaky.clock.tickAsync(5_999);
    assert.equal(shaky.inner.ids().length, 1);
    shaky.failAll(throws());
    await store.get(keys[0] ?? '');
    shaky.failAll(hangs);
    const get = shaky.times('get');
    await shaky.clock.tickAsync(1_000 + 5_000 + 1_999);
    assert.equal(shaky.times('get'), get + 1);
    await shaky.clock.tickAsync(1);
    assert.equal(shaky.times('get'), get + 2);
  });
});
