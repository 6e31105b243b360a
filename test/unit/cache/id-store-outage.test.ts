import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import Keyv from 'keyv';
import sinon from 'sinon';
import { keyOf } from '../../../src/cache/saved-id';
import {
  answers,
  hangs,
  isSlow,
  throws,
  type StoreAction,
  type StoreBehavior,
} from '../../support/stores/faulty-store';
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

  const FAILURES: [what: string, course: StoreBehavior, reason: string][] = [
    ['throws', throws('connection lost'), 'connection lost'],
    [
      'throws at once',
      () => {
        throw new Error('not connected');
      },
      'not connected',
    ],
    [
      'throws something that is no error',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- A store may do so.
        throw 'bad';
      },
      'bad',
    ],
    [
      'throws an error that holds a password',
      throws('no answer from redis://bot:hunter2@example.com:6379'),
      'no answer from redis://example.com:6379',
    ],
  ];

  describe('for reading', () => {
    for (const [what, course, reason] of FAILURES) {
      it(`because it ${what}: there is no ID, and one report`, async () => {
        const store = harness.open();
        harness.failAll(course);
        assert.equal(await store.get(KEY), undefined);
        await harness.settle();
        const [error] = harness.errors;
        assert.deepEqual(harness.errorMessages, [storeErrorMessage(reason)]);
        assert.deepEqual(
          [error?.name, error?.code, error?.operation, error?.reason, error?.asset],
          ['StoreError', 'ERR_STORE_UNAVAILABLE', 'read', reason, undefined],
        );
      });
    }

    it('because it does not answer: a message waits so long, and no longer', async () => {
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

    it('because it does not answer for a moment: it is tried at once, and works again when it answers', async () => {
      const store = harness.open();
      const saved = savedId('11');
      void store.put(KEY, saved);
      await harness.settle();
      harness.failAll(isSlow(700));
      const got = store.get(KEY);
      await harness.clock.tickAsync(500);
      assert.equal(await got, undefined);
      assert.equal(harness.inner.countProbes('get'), 1);
      harness.inner.heal();
      await harness.clock.tickAsync(699);
      assert.equal(await store.get(KEY), undefined, 'it has not answered yet');
      await harness.clock.tickAsync(1);
      assert.deepEqual(await store.get(KEY), saved);
    });

    it('is not assumed when it answers just in time', async () => {
      const store = harness.open();
      const saved = savedId('11');
      void store.put(KEY, saved);
      await harness.settle();
      const timers = harness.clock.countTimers();
      harness.failAll(isSlow(499));
      const got = store.get(KEY);
      await harness.clock.tickAsync(499);
      assert.deepEqual(await got, saved);
      assert.deepEqual(harness.errors, []);
      assert.equal(harness.clock.countTimers(), timers);
    });

    it('is not told again when it fails after all, and nobody waits any more', async () => {
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

    it('because its connection broke while nothing was asked: it is tried, and only then told', async () => {
      const adapter = Object.assign(new EventEmitter(), {
        get: throws('connection lost'),
        set: () => true,
        delete: () => true,
        clear: () => undefined,
      });
      const store = harness.open({ store: new Keyv({ store: adapter, throwOnErrors: true }) });
      adapter.emit('error', new Error('connection broke'));
      await harness.settle();
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('connection broke')]);
      await store.close();
    });

    it('is not assumed when its connection broke and was established again', async () => {
      const adapter = Object.assign(new EventEmitter(), {
        get: () => undefined,
        set: () => true,
        delete: () => true,
        clear: () => undefined,
      });
      harness.open({ store: new Keyv({ store: adapter }) });
      adapter.emit('error', new Error('connection broke'));
      await harness.settle();
      assert.deepEqual(harness.errors, []);
    });

    it('it is not asked again, however many messages come', async () => {
      const store = await harness.openUnreadable();
      for (const key of keys) assert.equal(await store.get(key), undefined);
      assert.equal(harness.inner.countCalls('get'), 1);
      assert.equal(harness.errors.length, 1);
    });

    it('it is told of once, though a hundred messages wait for it', async () => {
      for (const course of [hangs, throws()]) {
        harness.errors.length = 0;
        const store = harness.open();
        harness.failAll(course);
        const waiting = Promise.all(Array.from({ length: 100 }, () => store.get(KEY)));
        await harness.clock.tickAsync(500);
        await waiting;
        assert.equal(harness.errors.length, 1);
      }
    });

    it('it is written all the same, if it can be', async () => {
      const store = await harness.openUnreadable();
      harness.inner.fail({ get: throws() });
      void store.put(KEY, savedId('11'));
      await harness.settle();
      assert.deepEqual(
        harness.inner.ids().map(([, id]) => id),
        ['11'],
      );
      assert.deepEqual(
        harness.errors.map(({ operation }) => operation),
        ['read'],
      );
    });
  });

  describe('for writing', () => {
    const refusals: [what: string, course: StoreBehavior, reason: string][] = [
      ...FAILURES,
      ['says that it has not written', answers(false), 'the store refused the write'],
    ];
    for (const [what, course, reason] of refusals) {
      it(`because it ${what}: there is one report`, async () => {
        const store = harness.open();
        harness.inner.fail({ set: course });
        for (const key of keys) void store.put(key, savedId(key));
        await harness.settle();
        assert.deepEqual(harness.errorMessages, [storeErrorMessage(reason, 'write')]);
        assert.deepEqual(
          [harness.errors[0]?.code, harness.errors[0]?.operation],
          ['ERR_STORE_UNAVAILABLE', 'write'],
        );
      });
    }

    it('because it does not answer: nobody waits for that, so it gets ten times as long', async () => {
      const store = harness.open();
      harness.failAll(hangs);
      void store.put(KEY, savedId('11'));
      await harness.clock.tickAsync(4_999);
      assert.deepEqual(harness.errors, []);
      await harness.clock.tickAsync(1);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('no answer within 5 s', 'write')]);
    });

    it('it is read all the same', async () => {
      const reader = harness.open();
      const saved = savedId('11');
      void reader.put(KEY, saved);
      await harness.settle();
      const store = await harness.openUnwritable();
      await harness.clock.tickAsync(60_000);
      assert.deepEqual(await store.get(KEY), saved);
      assert.deepEqual(harness.errorMessages, [storeErrorMessage('The store is broken', 'write')]);
    });

    it('it is not asked to write again for each new ID', async () => {
      const store = await harness.openUnwritable();
      for (const key of keys) void store.put(key, savedId(key));
      await harness.settle();
      assert.equal(harness.inner.countCalls('set'), 1);
    });

    it('what waits to be written is given all the same, without asking', async () => {
      const store = await harness.openUnwritable();
      assert.equal(await store.get(harness.waiting.key), harness.waiting.saved);
      assert.equal(harness.inner.countCalls('get'), 0);
    });
  });

  it('for reading and for writing, each is told of once', async () => {
    const store = await harness.openUnreadable();
    for (const key of keys) {
      void store.put(key, savedId(key));
      await store.get(key);
    }
    await harness.clock.tickAsync(120_000);
    assert.deepEqual(harness.errorMessages, [
      storeErrorMessage('The store is broken', 'read'),
      storeErrorMessage('The store is broken', 'write'),
    ]);
  });

  const WAYS: [way: string, action: StoreAction, open: () => Promise<unknown>][] = [
    ['for reading', 'get', () => harness.openUnreadable()],
    ['for writing', 'set', () => harness.openUnwritable()],
  ];
  for (const [way, action, open] of WAYS) {
    it(`${way}, it is tried again after a second, and then less and less often, at last twice a minute`, async () => {
      const down = Date.now();
      await open();
      const tries: number[] = [];
      harness.inner.fail({
        [action]: (_: unknown, key: string) => {
          assert.equal(key, 'facebook-attachments:fb-attachment:probe', 'by a key of its own');
          tries.push((Date.now() - down) / 1_000);
          throw new Error('still down');
        },
      });
      await harness.clock.tickAsync(125_000);
      assert.deepEqual(tries, [1, 3, 7, 15, 31, 61, 91, 121]);
      assert.equal(harness.errors.length, 1);
    });

    it(`${way}, it has ten times the patience of a message when it is tried`, async () => {
      await open();
      harness.inner.heal();
      harness.inner.fail({ [action]: hangs });
      const before = harness.inner.countProbes(action);
      await harness.clock.tickAsync(1_000 + 5_000 + 1_999);
      assert.equal(harness.inner.countProbes(action), before + 1);
      await harness.clock.tickAsync(1);
      assert.equal(harness.inner.countProbes(action), before + 2);
    });
  }

  it('knows those of several IDs that wait to be written, when it is asked and cannot be read', async () => {
    const store = await harness.openUnwritable();
    const { key, saved } = harness.waiting;
    harness.failAll(hangs);
    // The first time it is not known yet that it is down.
    const asked = store.getMany([KEY, key]);
    await harness.clock.tickAsync(5_002);
    assert.deepEqual(await asked, [undefined, saved]);
    assert.deepEqual(await store.getMany([KEY, key]), [undefined, saved]);
  });
});
