import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { gunzipSync, gzipSync } from 'node:zlib';
import Keyv from 'keyv';
import { KeyvFile } from 'keyv-file';
import sinon, { type SinonFakeTimers } from 'sinon';
import { IdStore, type IdStoreOptions } from '../../../src/cache/id-store';
import { NAMESPACE, type KeyvLike, type KeyvStorageLike } from '../../../src/cache/keyv-client';
import { keyOf, toRecord, type SavedId } from '../../../src/cache/saved-id';
import type { StoreError } from '../../../src/base/errors';
import { fakeTime } from '../../support/checks/fake-time';
import { FaultyStore, hangs, isSlow, throws } from '../../support/stores/faulty-store';
import { useFolder } from '../../support/files/folder';
import { storeErrorMessage } from '../../support/stores/id-store-harness';
import { savedId } from '../../support/stores/saved-id';

const TTL = 10_000;
const KEY = keyOf('1001', 'image:TOM');
const OTHER_KEY = keyOf('1001', 'image:MIA');

/** As the packages `@keyv/compress-…` do it. */
const GZIP = {
  compress: (value: unknown) => Promise.resolve(gzipSync(JSON.stringify(value)).toString('base64')),
  decompress: (text: string) =>
    Promise.resolve(JSON.parse(gunzipSync(Buffer.from(text, 'base64')).toString()) as never),
  serialize: undefined,
  deserialize: undefined,
};

const HEX = {
  serialize: (value: unknown) => Buffer.from(JSON.stringify(value)).toString('hex'),
  deserialize: (text: string) => JSON.parse(Buffer.from(text, 'hex').toString()) as never,
};

/** What the types ask of a storage adapter, and no more. */
function leastOf(records: Map<string, unknown>): KeyvStorageLike {
  return {
    get: (key) => records.get(key),
    set: (key, value) => records.set(key, value),
    delete: (key) => records.delete(key),
    clear: () => {
      records.clear();
    },
  };
}

describe('IdStore', () => {
  const folder = useFolder();
  let clock: SinonFakeTimers;
  let errors: StoreError[];

  beforeEach(() => {
    clock = fakeTime();
    errors = [];
  });
  afterEach(() => {
    sinon.restore();
  });

  function open(store: IdStoreOptions['store'], options: Partial<IdStoreOptions> = {}): IdStore {
    const onError = (error: StoreError): void => void errors.push(error);
    return new IdStore({ store, ttl: TTL, timeout: 500, maxUnsaved: 100, onError, ...options });
  }

  /** Lets what can end now end. */
  const settle = (): Promise<unknown> => clock.tickAsync(0);

  async function list(store: IdStore): Promise<SavedId[]> {
    const listed: SavedId[] = [];
    for await (const [, saved] of store.list()) listed.push(saved);
    return listed;
  }

  describe('what it works with', () => {
    class OldKeyv extends EventEmitter implements KeyvLike {
      readonly opts = { store: new Map<string, unknown>() };
      get = (key: string): Promise<unknown> => Promise.resolve(this.opts.store.get(key));
      set = (key: string, value: unknown): Promise<unknown> =>
        Promise.resolve(Boolean(this.opts.store.set(key, value)));
      delete = (key: string): Promise<unknown> => Promise.resolve(this.opts.store.delete(key));
      clear = (): void => {
        this.opts.store.clear();
      };
    }
    class NewKeyv {
      readonly store = new Map<string, unknown>();
      get = (key: string): Promise<unknown> => Promise.resolve(this.store.get(key));
      set = (key: string, value: unknown): Promise<unknown> =>
        Promise.resolve(Boolean(this.store.set(key, value)));
      delete = (key: string): Promise<unknown> => Promise.resolve(this.store.delete(key));
      clear = (): void => {
        this.store.clear();
      };
    }

    const stores: [what: string, make: () => IdStoreOptions['store']][] = [
      ['a Map', () => new Map()],
      ['a storage adapter', () => new FaultyStore()],
      ['the least that a storage adapter is', () => leastOf(new Map())],
      ['a Keyv', () => new Keyv()],
      ['a Keyv with a storage adapter', () => new Keyv({ store: new FaultyStore() })],
      ['a Keyv that compresses', () => new Keyv({ store: new FaultyStore(), compression: GZIP })],
      ['a Keyv with a form of its own', () => new Keyv({ store: new FaultyStore(), ...HEX })],
      ['a Keyv of version 4', () => new OldKeyv()],
      ['a Keyv of version 6', () => new NewKeyv()],
      [
        'a storage adapter with options',
        () => Object.assign(new FaultyStore(), { opts: { dialect: 'redis' } }),
      ],
      [
        'a storage adapter with nothing in it',
        () => Object.assign(new FaultyStore(), { opts: undefined, store: 7 }),
      ],
    ];
    for (const [what, make] of stores) {
      it(`reads, writes and deletes in ${what}`, async () => {
        const inner = make();
        const store = open(inner);
        const saved = savedId('11');
        void store.put(KEY, saved);
        await store.close();
        const later = open(inner);
        assert.deepEqual(await later.get(KEY), saved);
        await later.delete(KEY);
        assert.equal(await later.get(KEY), undefined);
        assert.deepEqual(errors, []);
      });
    }

    it('reads what another process wrote into a file', async () => {
      sinon.restore();
      const filename = folder.at('ids.json');
      const store = open(new KeyvFile({ filename, writeDelay: 0 }));
      const saved = savedId('11');
      void store.put(KEY, saved);
      await store.close();
      assert.deepEqual(await open(new KeyvFile({ filename })).get(KEY), saved);
    });

    it('keeps to a namespace of its own in a storage adapter', async () => {
      const records = new Map<string, unknown>();
      const store = open(records);
      void store.put(KEY, savedId('11'));
      await store.close();
      assert.deepEqual([...records.keys()], [`facebook-attachments:${KEY}`]);
    });

    it("keeps to the namespace of the author's Keyv", async () => {
      const records = new Map<string, unknown>();
      const store = open(new Keyv({ store: records, namespace: 'mine' }));
      void store.put(KEY, savedId('11'));
      await store.close();
      assert.deepEqual([...records.keys()], [`mine:${KEY}`]);
    });
  });

  describe('what it writes', () => {
    class Recording {
      readonly store = {};
      readonly written: unknown[][] = [];
      get = (): Promise<unknown> => Promise.resolve(undefined);
      set = (...args: unknown[]): Promise<unknown> => Promise.resolve(void this.written.push(args));
      delete = (): Promise<unknown> => Promise.resolve(true);
      clear = (): void => undefined;
    }

    it('is a record that lives as long as the ID is trusted', async () => {
      const keyv = new Recording();
      const saved = savedId('11', { uploadedAt: Date.now() - 1_000 });
      const store = open(keyv);
      void store.put(KEY, saved);
      await store.close();
      assert.deepEqual(keyv.written, [[KEY, toRecord(KEY, saved), TTL - 1_000]]);
      assert.deepEqual(errors, []);
    });

    it('is nothing of an ID that is at its end', async () => {
      const keyv = new Recording();
      const store = open(keyv);
      void store.put(KEY, savedId('11', { uploadedAt: Date.now() - TTL }));
      void store.put(OTHER_KEY, savedId('12', { uploadedAt: Date.now() - TTL + 1 }));
      await store.close();
      assert.deepEqual(
        keyv.written.map(([key, , ttl]) => [key, ttl]),
        [[OTHER_KEY, 1]],
      );
      assert.equal(await store.get(KEY), undefined);
    });

    describe('of many IDs at the same moment', () => {
      const keys = Array.from({ length: 20 }, (_, n) => keyOf('1001', `image:${n}`));

      it('is four records at a time, so that the store is still free to be read', async () => {
        const inner = new FaultyStore();
        inner.fail({ set: isSlow(100) });
        const store = open(inner);
        for (const key of keys) void store.put(key, savedId(key));
        await settle();
        assert.equal(inner.countCalls('set'), 4);
        await clock.tickAsync(100);
        assert.equal(inner.countCalls('set'), 8);
        await clock.tickAsync(400);
        assert.equal(inner.ids().length, keys.length);
      });

      it('is left for the check that follows a failure', async () => {
        const inner = new FaultyStore();
        inner.fail({
          set: (carryOut, key) =>
            key.endsWith('probe') ? isSlow(100)(carryOut, key) : throws()(carryOut, key),
        });
        const store = open(inner);
        for (const key of keys) void store.put(key, savedId(key));
        await clock.tickAsync(99);
        assert.equal(inner.countCalls('set'), 4);
        inner.heal();
        await clock.tickAsync(1);
        assert.equal(inner.ids().length, keys.length);
      });

      it('is left for later when the first cannot be written', async () => {
        const inner = new FaultyStore();
        inner.fail({ set: hangs });
        const store = open(inner, { ttl: 1e9 });
        for (const key of keys) void store.put(key, savedId(key));
        await clock.tickAsync(5_000);
        assert.equal(inner.countCalls('set'), 4);
        assert.deepEqual(
          errors.map(({ message }) => message),
          [storeErrorMessage('no answer within 5 s', 'write')],
        );
        inner.heal();
        // The check that was made at once hangs as well.
        await clock.tickAsync(5_000 + 1_000);
        assert.equal(inner.ids().length, keys.length);
      });

      it('is tried when the check under way has been made, so that a lease is held until others find the ID', async () => {
        const inner = new FaultyStore();
        inner.fail({ set: throws() });
        const store = open(inner);
        void store.put(KEY, savedId('11'));
        await clock.tickAsync(0);
        inner.fail({ set: isSlow(100) });
        await clock.tickAsync(1_000);
        let isTried = false;
        void store.put(keys[0] ?? '', savedId('12')).then(() => {
          isTried = true;
        });
        await clock.tickAsync(99);
        assert.deepEqual([isTried, inner.ids()], [false, []]);
        await clock.tickAsync(301);
        assert.deepEqual([isTried, inner.ids().length], [true, 2]);
      });
    });
  });

  describe('what it reads', () => {
    it('is what waits to be written, without asking', async () => {
      const slow = new FaultyStore();
      slow.fail({ set: () => new Promise(() => undefined) });
      const store = open(slow);
      const saved = savedId('11');
      void store.put(KEY, saved);
      assert.equal(await store.get(KEY), saved);
      assert.equal(slow.countCalls('get'), 0);
    });

    it('is the newer of two IDs, though the write of the older one takes longer', async () => {
      const inner = new FaultyStore();
      inner.fail({ set: (carryOut, key) => isSlow(inner.countCalls('set') === 1 ? 100 : 1)(carryOut, key) });
      const store = open(inner);
      const newer = savedId('12');
      void store.put(KEY, savedId('11'));
      await clock.tickAsync(50);
      void store.put(KEY, newer);
      assert.equal(await store.get(KEY), newer);
      await clock.tickAsync(101);
      assert.deepEqual(inner.ids(), [[`facebook-attachments:${KEY}`, '12']]);
      assert.deepEqual(await store.get(KEY), newer);
    });

    const junk: [what: string, value: unknown][] = [
      ['no JSON', 'what is this?'],
      ['cut JSON', '{"value":{"v":1,'],
      ['JSON of another kind', '"text"'],
      ['null', 'null'],
      ["another program's record", JSON.stringify({ value: { v: 7, id: '11' } })],
      ['a value without a wrapping', JSON.stringify(toRecord(KEY, savedId('11')))],
      ['a number', 7],
      ['brackets in brackets, more than can be read', '['.repeat(100_000) + ']'.repeat(100_000)],
    ];
    const inKeyvs: [what: string, inKeyv: (records: Map<string, unknown>) => IdStoreOptions['store']][] = [
      ['', (records) => records],
      [", in a Keyv of the author's", (records) => new Keyv({ store: records, namespace: NAMESPACE })],
    ];
    for (const [[what, value], [where, inKeyv]] of junk.flatMap((one) =>
      inKeyvs.map((other) => [one, other] as const),
    )) {
      it(`is nothing where there is ${what}, and the store counts as well${where}`, async () => {
        const records = new Map<string, unknown>([[`facebook-attachments:${KEY}`, value]]);
        const store = open(inKeyv(records));
        assert.equal(await store.get(KEY), undefined);
        await settle();
        const saved = savedId('12');
        void store.put(OTHER_KEY, saved);
        await settle();
        assert.deepEqual(await store.get(OTHER_KEY), saved);
        assert.deepEqual(errors, []);
      });
    }
  });

  describe('delete', () => {
    it('takes an ID out of the store', async () => {
      const inner = new FaultyStore();
      const store = open(inner);
      void store.put(KEY, savedId('11'));
      await settle();
      assert.equal(inner.ids().length, 1);
      await store.delete(KEY);
      assert.deepEqual(inner.ids(), []);
      assert.equal(await store.get(KEY), undefined);
    });

    it('takes an ID out that is just being written', async () => {
      const slow = new FaultyStore();
      slow.fail({ set: isSlow(100) });
      const store = open(slow);
      void store.put(KEY, savedId('11'));
      const deleting = store.delete(KEY);
      await clock.tickAsync(100);
      await deleting;
      assert.equal(await store.get(KEY), undefined);
      assert.deepEqual(slow.ids(), []);
    });

    it('takes an ID out that is being written after another one', async () => {
      const slow = new FaultyStore();
      slow.fail({ set: isSlow(100) });
      const store = open(slow);
      void store.put(KEY, savedId('11'));
      await settle();
      void store.put(KEY, savedId('12'));
      await clock.tickAsync(150);
      const deleting = store.delete(KEY);
      await clock.tickAsync(50);
      await deleting;
      await settle();
      assert.deepEqual(slow.ids(), []);
    });

    it('does not take an ID out that is put while the old one is being deleted', async () => {
      const slow = new FaultyStore();
      slow.fail({ delete: isSlow(100) });
      const store = open(slow);
      const deleting = store.delete(KEY);
      void store.put(KEY, savedId('12'));
      await clock.tickAsync(100);
      await deleting;
      await settle();
      assert.deepEqual(slow.ids(), [[`facebook-attachments:${KEY}`, '12']]);
    });

    it('waits for no write of another ID', async () => {
      const hanging = new FaultyStore();
      hanging.fail({ set: () => new Promise(() => undefined) });
      const store = open(hanging);
      void store.put(OTHER_KEY, savedId('11'));
      await store.delete(KEY);
      assert.equal(hanging.countCalls('delete'), 1);
    });

    it('says when the store fails', async () => {
      const broken = new FaultyStore();
      broken.fail({ delete: () => Promise.reject(new Error('read only')) });
      await assert.rejects(open(broken).delete(KEY), {
        name: 'StoreError',
        code: 'ERR_STORE_UNAVAILABLE',
        operation: 'delete',
        reason: 'read only',
        message: storeErrorMessage('read only', 'delete'),
      });
    });

    it('says when the store does not answer, with ten times the patience of a message', async () => {
      const hanging = new FaultyStore();
      hanging.fail({ delete: () => new Promise(() => undefined) });
      let failure: unknown;
      open(hanging)
        .delete(KEY)
        .catch((error: unknown) => (failure = error));
      await clock.tickAsync(4_999);
      assert.equal(failure, undefined);
      await clock.tickAsync(1);
      assert.match(String(failure), /\(no answer within 5 s\)/);
    });
  });

  describe('list', () => {
    it('gives all IDs in the store, and those that wait to be written', async () => {
      const records = new Map<string, unknown>();
      const first = open(records);
      const [one, two, three] = [savedId('11'), savedId('12', { page: '1002' }), savedId('13')];
      void first.put(KEY, one);
      void first.put(keyOf('1002', 'image:TOM'), two);
      await first.close();
      const second = open(records);
      assert.deepEqual(await list(second), [one, two]);
      void second.put(keyOf('1001', 'image:LEO'), three);
      assert.deepEqual(await list(second), [one, two, three]);
    });

    it('gives an ID once, though it is being written', async () => {
      const keyv = new Keyv();
      const store = open(keyv);
      const saved = savedId('11');
      await keyv.set(KEY, toRecord(KEY, saved));
      sinon.stub(keyv, 'set').returns(new Promise(() => undefined));
      void store.put(KEY, saved);
      assert.deepEqual(await list(store), [saved]);
    });

    it('gives an ID that is only being written', async () => {
      const keyv = new Keyv();
      const store = open(keyv);
      const saved = savedId('11');
      sinon.stub(keyv, 'set').returns(new Promise(() => undefined));
      void store.put(KEY, saved);
      assert.deepEqual(await list(store), [saved]);
    });

    it('knows its keys in a store that lists them with the namespace in front', async () => {
      const keyv = new Keyv();
      const saved = savedId('11');
      keyv.iterator = async function* () {
        yield await Promise.resolve([`facebook-attachments:${KEY}`, toRecord(KEY, saved)]);
      };
      assert.deepEqual(await list(open(keyv)), [saved]);
    });

    it("leaves out another program's records, and junk", async () => {
      const keyv = new Keyv();
      await keyv.set('session:1', toRecord('session:1', savedId('11')));
      await keyv.set(KEY, { v: 7 });
      await keyv.set(OTHER_KEY, toRecord(OTHER_KEY, savedId('12')));
      assert.deepEqual(
        (await list(open(keyv))).map(({ id }) => id),
        ['12'],
      );
    });

    it('leaves out what cannot be read', async () => {
      const records = new Map<string, unknown>();
      const store = open(records);
      void store.put(KEY, savedId('11'));
      await settle();
      records.set(`facebook-attachments:${OTHER_KEY}`, 'no JSON');
      records.set('facebook-attachments:x', '['.repeat(100_000));
      assert.deepEqual(
        (await list(store)).map(({ id }) => id),
        ['11'],
      );
    });

    it('says when the store does not answer', async () => {
      const keyv = new Keyv();
      keyv.iterator = async function* () {
        yield await new Promise<[string, unknown]>(() => undefined);
      };
      const listing = assert.rejects(list(open(keyv)), { operation: 'list', reason: 'no answer within 5 s' });
      await clock.tickAsync(5_000);
      await listing;
    });

    it('says when the store cannot list', async () => {
      await assert.rejects(list(open(new FaultyStore())), {
        name: 'StoreError',
        operation: 'list',
        message: storeErrorMessage('the store cannot list its keys', 'list'),
      });
    });

    it('says when the store fails while it lists', async () => {
      const keyv = new Keyv();
      keyv.iterator = () => {
        throw new Error('broken');
      };
      await assert.rejects(list(open(keyv)), { name: 'StoreError', message: /\(broken\)/ });
    });
  });
});
