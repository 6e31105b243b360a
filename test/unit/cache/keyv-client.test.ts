import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import Keyv from 'keyv';
import { KeyvClient } from '../../../src/cache/keyv-client';

const PATIENCE = { limit: 1_000, isAwaited: true };

/** Tells of failures by its event alone, as @keyv/redis does. */
class TellingAdapter extends EventEmitter {
  readonly records = new Map<string, string>();
  readOnly = false;
  unreadable = false;

  async get(key: string): Promise<string | undefined> {
    await nextTurn();
    if (!this.unreadable) return this.records.get(key);
    this.emit('error', new Error('cannot be read'));
    return undefined;
  }

  async set(key: string, value: string): Promise<void> {
    await nextTurn();
    if (this.readOnly) this.emit('error', new Error('READONLY'));
    else this.records.set(key, value);
  }

  async delete(key: string): Promise<boolean> {
    await nextTurn();
    if (!this.readOnly) return this.records.delete(key);
    this.emit('error', new Error('READONLY'));
    return false;
  }

  clear(): void {
    this.records.clear();
  }
}

describe('KeyvClient, over a store that tells of failures by its event alone', () => {
  let adapter: TellingAdapter;
  let untold: unknown[];
  let client: KeyvClient;

  beforeEach(() => {
    adapter = new TellingAdapter();
    untold = [];
    client = new KeyvClient(new Keyv({ store: adapter }), (error) => untold.push(error));
  });

  it('rejects the call that failed, whichever it is', async () => {
    await client.set('a', 1, 1_000, PATIENCE);
    Object.assign(adapter, { readOnly: true, unreadable: true });
    await assert.rejects(client.get('a', PATIENCE), { message: 'cannot be read' });
    await assert.rejects(client.set('a', 1, 1_000, PATIENCE), { message: 'READONLY' });
    await assert.rejects(client.delete('a', PATIENCE), { message: 'READONLY' });
    assert.deepEqual(untold, []);
  });

  it('rejects with what the event told, which is nearer to the cause than what is thrown after it', async () => {
    adapter.get = async () => {
      await nextTurn();
      adapter.emit('error', new Error('connect ECONNREFUSED'));
      throw new Error('The client is closed');
    };
    await assert.rejects(client.get('a', PATIENCE), { message: 'connect ECONNREFUSED' });
    assert.deepEqual(untold, []);
  });

  it('rejects a lease that the store tells of as failed', async () => {
    const redis = {
      set: async () => {
        await nextTurn();
        adapter.emit('error', new Error('READONLY'));
        return null;
      },
      eval: () => Promise.resolve(1),
    };
    const leasing = new KeyvClient(new Keyv({ store: Object.assign(adapter, { client: redis }) }), () =>
      assert.fail(),
    );
    await assert.rejects(leasing.lease('a', 1_000, PATIENCE), { message: 'READONLY' });
  });

  it('tells of what comes while nothing is asked, and again when a late call has ended', async () => {
    let answer: () => void = () => undefined;
    adapter.get = () => new Promise((resolve) => (answer = resolve as () => void));
    await assert.rejects(client.get('a', { limit: 10, isAwaited: true }), { name: 'NoAnswerError' });
    adapter.emit('error', new Error('of the late call'));
    assert.deepEqual(untold, []);
    answer();
    await wait(1);
    const lost = new Error('The socket is closed');
    adapter.emit('error', lost);
    assert.deepEqual(untold, [lost]);
  });

  it('gives no lease where there are none', async () => {
    assert.equal(client.canLease, false);
    assert.equal(await client.lease('a', 1_000, PATIENCE), undefined);
  });

  it('does not take a failed write for a failed read, though they run at the same time', async () => {
    await client.set('a', 1, 1_000, PATIENCE);
    adapter.readOnly = true;
    const reads = Promise.all(['a', 'b', 'c'].map((key) => client.get(key, PATIENCE)));
    const write = assert.rejects(client.set('b', 2, 1_000, PATIENCE), { message: 'READONLY' });
    assert.deepEqual(await reads, [1, undefined, undefined]);
    await write;
  });

  it('does not take a failed read for a failed write, though they run at the same time', async () => {
    adapter.unreadable = true;
    const write = client.set('b', 2, 1_000, PATIENCE);
    await assert.rejects(client.get('a', PATIENCE), { message: 'cannot be read' });
    await write;
    assert.equal(adapter.records.size, 1);
  });

  it('takes an error of the connection for a failure of all that is under way, but for what is answered', async () => {
    await client.set('a', 1, 1_000, PATIENCE);
    const known = client.get('a', PATIENCE);
    const missing = assert.rejects(client.get('b', PATIENCE), { message: 'connection lost' });
    const write = assert.rejects(client.set('b', 2, 1_000, PATIENCE), { message: 'connection lost' });
    adapter.emit('error', new Error('connection lost'));
    assert.equal(await known, 1);
    await Promise.all([missing, write]);
    assert.deepEqual(untold, []);
  });

  it('takes an error of a connection that an earlier call has opened for a failure of what is under way', async () => {
    adapter.get = async () => {
      void wait(30).then(() => adapter.emit('error', new Error('connection lost')));
      await nextTurn();
      return undefined;
    };
    adapter.set = () => wait(60);
    const write = assert.rejects(client.set('b', 2, 1_000, PATIENCE), { message: 'connection lost' });
    assert.equal(await client.get('a', PATIENCE), undefined);
    await write;
  });

  describe('of a call that is late', () => {
    const IMPATIENCE = { limit: 20, isAwaited: true };

    beforeEach(() => {
      adapter.get = async () => {
        await wait(40);
        // Begins while nothing is asked.
        await wait(60);
        adapter.emit('error', new Error('old read failed'));
        return undefined;
      };
      adapter.delete = async () => {
        await wait(150);
        return true;
      };
    });

    it('does not take its error for a failure of another call', async () => {
      const remove = client.delete('b', PATIENCE);
      await assert.rejects(client.get('a', IMPATIENCE), { name: 'NoAnswerError' });
      await remove;
      assert.deepEqual(untold, []);
    });

    it('does not take its error for a failure of a call that begins when nobody waits for the late one any more', async () => {
      await assert.rejects(client.get('a', IMPATIENCE), { name: 'NoAnswerError' });
      await wait(40);
      await client.delete('b', PATIENCE);
      assert.deepEqual(untold, []);
    });
  });

  it('does not mix up calls after the first of them has ended', async () => {
    adapter.set = async () => {
      await wait(30);
      adapter.emit('error', new Error('READONLY'));
    };
    adapter.delete = async () => {
      await wait(60);
      return true;
    };
    const write = assert.rejects(client.set('b', 2, 1_000, PATIENCE), { message: 'READONLY' });
    const remove = client.delete('c', PATIENCE);
    await client.get('a', PATIENCE);
    await Promise.all([write, remove]);
  });

  it('rejects with what the event said, if the call rejects after it', async () => {
    adapter.get = async () => {
      await nextTurn();
      adapter.emit('error', new Error('connection refused'));
      throw new Error('the client is closed');
    };
    await assert.rejects(client.get('a', PATIENCE), { message: 'connection refused' });
  });

  it('takes null for a miss as well, and so for a failure if the store has told of one', async () => {
    const keyv = new Keyv({ store: adapter });
    const get = async (): Promise<null> => {
      await nextTurn();
      adapter.emit('error', new Error('cannot be read'));
      return null;
    };
    const other = new KeyvClient(Object.assign(keyv, { get }), () => undefined);
    await assert.rejects(other.get('a', PATIENCE), { message: 'cannot be read' });
  });

  it('tells of an error that came while nothing was asked', () => {
    adapter.emit('error', new Error('connection lost'));
    assert.deepEqual(untold.map(String), ['Error: connection lost']);
  });
});

describe('KeyvClient, asked for several keys,', () => {
  /** As Keyv 4 looks from outside. */
  const keyvOf = (extra: object) => ({
    opts: { store: {} },
    get: (key: string) => Promise.resolve(`value of ${key}`),
    set: () => Promise.resolve(true),
    delete: () => Promise.resolve(true),
    clear: () => undefined,
    ...extra,
  });
  const getBoth = (extra: object): Promise<unknown[]> =>
    new KeyvClient(keyvOf(extra), () => undefined).getMany(['a', 'b'], PATIENCE);

  it('asks once, if the store can do that', async () => {
    const getMany = (keys: string[]) => Promise.resolve(keys.map((key) => `one of ${key}`));
    assert.deepEqual(await getBoth({ getMany }), ['one of a', 'one of b']);
  });

  it('asks for each, if it cannot', async () => {
    assert.deepEqual(await getBoth({}), ['value of a', 'value of b']);
  });

  it('takes no answer that has not one value for each key', async () => {
    for (const answer of [undefined, ['one of a'], ['one of a', 'one of b', 'one of c']]) {
      const asked = getBoth({ getMany: () => Promise.resolve(answer) });
      await assert.rejects(asked, { message: 'the store did not return one value per key' });
    }
  });

  it('knows the order of the values only where it has leases, and a call for several', () => {
    const canReadMany = (extra: object): boolean =>
      new KeyvClient(keyvOf(extra), () => undefined).canReadMany;
    const getMany = () => Promise.resolve([]);
    const redis = { store: { client: { set: () => undefined, eval: () => undefined } } };
    assert.equal(canReadMany({ ...redis, getMany }), true);
    assert.equal(canReadMany(redis), false);
    assert.equal(canReadMany({ getMany }), false);
  });

  it('rejects when the store tells of a failure meanwhile', async () => {
    const events = new EventEmitter();
    const getMany = async () => {
      await nextTurn();
      events.emit('error', new Error('cannot be read'));
      return [undefined, undefined];
    };
    const on = events.on.bind(events);
    await assert.rejects(getBoth({ getMany, on }), { message: 'cannot be read' });
  });
});
