import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import sinon, { type SinonFakeTimers } from 'sinon';
import { NoAnswerError } from '../../../src/base/in-time';
import { RecordReader, type Records } from '../../../src/cache/record-reader';
import { fakeTime } from '../../support/checks/fake-time';

const TIMEOUT = 500;
const MINUTE = 60_000;

/** Takes its time for each answer, and notes which keys each call asked for. */
class SlowRecords implements Records {
  canReadMany = true;
  latency = 5;
  readonly calls: (readonly string[])[] = [];
  /** No call that asks for it succeeds. */
  bad: string | undefined;
  /** How a call for several fails. */
  failure: Error | undefined;

  async get(key: string): Promise<unknown> {
    const [value] = await this.#answer([key]);
    return value;
  }

  async getMany(keys: readonly string[]): Promise<unknown[]> {
    const values = await this.#answer(keys);
    if (this.failure) throw this.failure;
    return values;
  }

  async #answer(keys: readonly string[]): Promise<unknown[]> {
    this.calls.push(keys);
    await wait(this.latency);
    if (this.bad !== undefined && keys.includes(this.bad)) throw new SyntaxError('no JSON');
    return keys.map((key) => `value of ${key}`);
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
  const sizes = (): number[] => records.calls.map(({ length }) => length);

  /** Reads them all at the same moment: what comes of each, after so many milliseconds. */
  async function read(names: readonly string[], ms = 2 * TIMEOUT): Promise<unknown[]> {
    const results = Array.from(names, (): unknown => undefined);
    for (const [at, name] of names.entries()) {
      reader.read(name).then(
        (value) => (results[at] = value),
        (error: unknown) => (results[at] = error),
      );
    }
    await clock.tickAsync(ms);
    return results;
  }
  const valuesOf = (names: readonly string[]): string[] => names.map((name) => `value of ${name}`);

  it('asks for a record at once', async () => {
    assert.deepEqual(await read(keys(1), 5), valuesOf(keys(1)));
    assert.deepEqual(sizes(), [1]);
  });

  it('asks for hundreds at the same moment in two calls, and gives each its own', async () => {
    assert.deepEqual(await read(keys(200)), valuesOf(keys(200)));
    assert.deepEqual(sizes(), [1, 199]);
  });

  it('asks for 500 in one call at most', async () => {
    assert.deepEqual(await read(keys(1_100)), valuesOf(keys(1_100)));
    assert.deepEqual(sizes().slice(1), [500, 500, 99]);
  });

  it('asks for those that gather when a call ends', async () => {
    await read(keys(10), 5);
    assert.deepEqual(sizes(), [1, 9]);
  });

  it('asks for those that gather after 10 ms for each call that is under way, if none ends', async () => {
    records.latency = TIMEOUT - 30;
    await read(keys(10), 9);
    assert.deepEqual(sizes(), [1]);
    await clock.tickAsync(1);
    assert.deepEqual(sizes(), [1, 9]);
    await read(['next'], 19);
    assert.deepEqual(sizes(), [1, 9]);
    await clock.tickAsync(1);
    assert.deepEqual(sizes(), [1, 9, 1]);
  });

  it('makes ten calls at most of a store that does not answer, however many ask', async () => {
    records.latency = 10 * TIMEOUT;
    for (let ms = 0; ms < TIMEOUT; ms += 2) await read([`key ${ms}`], 2);
    assert.ok(sizes().length <= 10, `${sizes().length} calls`);
  });

  it('gives all that a store answers just within the limit, however many ask', async () => {
    records.latency = TIMEOUT - 30;
    assert.deepEqual(await read(keys(200)), valuesOf(keys(200)));
  });

  it('lets nobody wait for longer than the limit', async () => {
    records.latency = 10 * TIMEOUT;
    // The answer is looked for once more before the time is over.
    for (const result of await read(keys(10), TIMEOUT + 1)) assert.ok(result instanceof NoAnswerError);
  });

  it('is held up by no call that hangs', async () => {
    records.latency = 10 * TIMEOUT;
    await read(keys(10), TIMEOUT / 2);
    records.latency = 5;
    assert.deepEqual(await read(['next'], 25), ['value of next']);
  });

  describe('when one record cannot be read', () => {
    beforeEach(() => {
      records.bad = 'key 7';
    });

    it('gives all the others', async () => {
      const results = await read(keys(10));
      assert.ok(results[7] instanceof SyntaxError);
      assert.deepEqual(results.toSpliced(7, 1), valuesOf(keys(10).toSpliced(7, 1)));
    });

    it('asks for each by itself for a minute', async () => {
      await read(keys(10), 0);
      await clock.tickAsync(TIMEOUT);
      records.calls.length = 0;
      await read(keys(10), TIMEOUT);
      assert.deepEqual(sizes(), Array<number>(10).fill(1));
      await clock.tickAsync(MINUTE);
      records.calls.length = 0;
      await read(keys(6));
      assert.deepEqual(sizes(), [1, 5]);
    });
  });

  it('asks for nothing that nobody waits for any more', async () => {
    records.latency = TIMEOUT - 5;
    records.failure = new Error('not in several slots');
    await read(keys(10));
    assert.deepEqual(sizes(), [1, 9]);
  });

  it('does not ask again for what was not answered in time', async () => {
    records.failure = new NoAnswerError(TIMEOUT);
    assert.deepEqual((await read(keys(10))).slice(1), Array(9).fill(records.failure));
    assert.deepEqual(sizes(), [1, 9]);
  });

  it('asks for each record by itself where a call gives one value, or several in an unknown order', async () => {
    records.canReadMany = false;
    await read(keys(10));
    assert.deepEqual(sizes(), Array<number>(10).fill(1));
  });
});
