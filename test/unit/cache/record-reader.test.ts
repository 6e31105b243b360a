import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { NoAnswerError } from '../../../src/base/in-time';
import { RecordReader, type Records } from '../../../src/cache/record-reader';
import { fakeTime } from '../../support/checks/fake-time';

const TIMEOUT = 500;

/** Answers when the test says so, and notes which keys each call asked for. */
class SlowRecords implements Records {
  canLease = true;
  readonly calls: (readonly string[])[] = [];
  readonly bad = new Set<string>();
  readonly #answers: (() => void)[] = [];

  async get(key: string): Promise<unknown> {
    const [value] = await this.getMany([key]);
    return value;
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    this.calls.push(keys);
    await new Promise<void>((resolve) => this.#answers.push(resolve));
    if (keys.some((key) => this.bad.has(key))) throw new SyntaxError('no JSON');
    return keys.map((key) => `value of ${key}`);
  }

  answerAll(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }
}

describe('RecordReader', () => {
  let clock: SinonFakeTimers;
  let records: SlowRecords;
  let reader: RecordReader;

  beforeEach(() => {
    clock = fakeTime();
    records = new SlowRecords();
    reader = new RecordReader(records, TIMEOUT);
  });
  afterEach(() => {
    sinon.restore();
  });

  const keys = (count: number): string[] => Array.from({ length: count }, (_, n) => `key ${n}`);
  const valuesOf = (names: readonly string[]): string[] => names.map((name) => `value of ${name}`);

  /** Lets the store answer until nobody waits. */
  async function settle<T>(reads: readonly Promise<T>[]): Promise<PromiseSettledResult<T>[]> {
    const settled = Promise.allSettled(reads);
    for (let turn = 0; turn < 10; turn++) {
      records.answerAll();
      await clock.tickAsync(0);
    }
    return settled;
  }

  it('asks for a few records one by one', async () => {
    const reads = keys(4).map((key) => reader.read(key));
    assert.deepEqual(records.calls, [['key 0'], ['key 1'], ['key 2'], ['key 3']]);
    const values = (await settle(reads)).map((read) => read.status === 'fulfilled' && read.value);
    assert.deepEqual(values, valuesOf(keys(4)));
  });

  it('asks for hundreds at the same moment in a few calls, and gives each its own', async () => {
    const wanted = keys(200);
    const reads = wanted.map((key) => reader.read(key));
    const values = (await settle(reads)).map((read) => read.status === 'fulfilled' && read.value);
    assert.deepEqual(values, valuesOf(wanted));
    assert.deepEqual(
      records.calls.map(({ length }) => length),
      [1, 1, 1, 1, 196],
    );
  });

  it('asks for 500 in one call at most', async () => {
    const reads = keys(1_100).map((key) => reader.read(key));
    await settle(reads);
    assert.deepEqual(
      records.calls.slice(4).map(({ length }) => length),
      [500, 500, 96],
    );
  });

  it('gives all the others when one record cannot be read', async () => {
    records.bad.add('key 7');
    const reads = keys(10).map((key) => reader.read(key));
    const settled = await settle(reads);
    const failed = settled.flatMap((read, n) => (read.status === 'rejected' ? [n] : []));
    assert.deepEqual(failed, [7]);
  });

  it('lets nobody wait for longer than its limit, whether for the call or for those before it', async () => {
    const settled = Promise.allSettled(keys(10).map((key) => reader.read(key)));
    await clock.tickAsync(TIMEOUT + 10);
    for (const read of await settled) {
      assert.ok(read.status === 'rejected' && read.reason instanceof NoAnswerError);
    }
  });

  it('does not ask for what nobody waits for any more', async () => {
    const late = Promise.allSettled(keys(10).map((key) => reader.read(key)));
    await clock.tickAsync(TIMEOUT + 10);
    await late;
    const next = reader.read('next');
    await settle([next]);
    assert.equal(await next, 'value of next');
    assert.deepEqual(records.calls.slice(4), [['next']]);
  });

  it('asks a store whose answers may be in another order for each record by itself', async () => {
    records.canLease = false;
    const reads = keys(10).map((key) => reader.read(key));
    await settle(reads);
    assert.deepEqual(
      records.calls,
      keys(10).map((key) => [key]),
    );
  });
});
