import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
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

  it('takes a failed write for no failed read, though they are under way together', async () => {
    await client.set('a', 1, 1_000, PATIENCE);
    adapter.readOnly = true;
    const reads = Promise.all(['a', 'b', 'c'].map((key) => client.get(key, PATIENCE)));
    const write = assert.rejects(client.set('b', 2, 1_000, PATIENCE), { message: 'READONLY' });
    assert.deepEqual(await reads, [1, undefined, undefined]);
    await write;
  });

  it('takes a failed read for no failed write, though they are under way together', async () => {
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

  it('tells of an error that came while nothing was asked', () => {
    adapter.emit('error', new Error('connection lost'));
    assert.deepEqual(untold.map(String), ['Error: connection lost']);
  });
});
