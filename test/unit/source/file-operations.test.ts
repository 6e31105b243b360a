import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import sinon, { type SinonFakeTimers } from 'sinon';
import { FileOperations, FileTimeout } from '../../../src/source/file-operations';
import { useFolder } from '../../support/files/folder';

const NO_ANSWER = { name: 'FileTimeout', message: 'the file system did not answer within 5 s' };

describe('FileOperations', () => {
  let operations: FileOperations;
  let clock: SinonFakeTimers;
  /** What has begun, in order. */
  let begun: string[];
  let ends: Map<string, (result: string) => void>;
  let failures: Map<string, (error: Error) => void>;

  beforeEach(() => {
    clock = sinon.useFakeTimers({
      now: Date.now(),
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'],
    });
    operations = new FileOperations();
    begun = [];
    ends = new Map();
    failures = new Map();
  });
  afterEach(() => {
    sinon.restore();
  });

  function work(name: string): () => Promise<string> {
    return () =>
      new Promise((resolve, reject) => {
        begun.push(name);
        ends.set(name, resolve);
        failures.set(name, reject);
      });
  }

  const read = (file: string, name = file): Promise<string> => operations.run('content', file, work(name));
  const check = (file: string, name = file): Promise<string> => operations.run('check', file, work(name));

  async function end(name: string): Promise<void> {
    ends.get(name)?.(`result of ${name}`);
    await clock.tickAsync(0);
  }

  /** What becomes of them is not looked at. */
  function start(...operations: Promise<unknown>[]): void {
    for (const operation of operations) void ignoring(operation);
  }

  /** So that nobody need catch what is not looked at. */
  function ignoring<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => undefined);
    return promise;
  }

  describe('the places', () => {
    it('are two for each kind', async () => {
      start(check('a'), check('b'), check('c'));
      assert.deepEqual(begun, ['a', 'b']);
      await end('b');
      assert.deepEqual(begun, ['a', 'b', 'c']);
    });

    it('are three in all, so that one of Node’s four threads is left', async () => {
      start(read('a'), read('b'), read('c'), check('d'), check('e'));
      assert.deepEqual(begun, ['a', 'b', 'd']);
      await end('a');
      // Whose turn it is: checks are quick, and messages wait for them.
      assert.deepEqual(begun, ['a', 'b', 'd', 'e']);
      await end('d');
      assert.deepEqual(begun, ['a', 'b', 'd', 'e', 'c']);
    });

    it('are one for each file', async () => {
      start(read('a', 'a1'), read('a', 'a2'), check('a', 'a3'), read('b'));
      assert.deepEqual(begun, ['a1', 'b']);
      await end('a1');
      assert.deepEqual(begun, ['a1', 'b', 'a3']);
      await end('a3');
      assert.deepEqual(begun, ['a1', 'b', 'a3', 'a2']);
    });

    it('are given in the order in which they were asked for', async () => {
      const files = Array.from({ length: 20 }, (_, n) => `${n}`);
      const all = Promise.all(files.map((file) => read(file)));
      for (const file of files) await end(file);
      assert.deepEqual(begun, files);
      assert.deepEqual(
        await all,
        files.map((file) => `result of ${file}`),
      );
    });

    it('are free again after a failure', async () => {
      const [first] = [read('a'), read('b'), read('c')];
      failures.get('a')?.(new Error('disk failure'));
      await assert.rejects(first, /disk failure/);
      await clock.tickAsync(0);
      assert.deepEqual(begun, ['a', 'b', 'c']);
    });

    it('are free again after work that throws', async () => {
      await assert.rejects(
        operations.run('check', 'a', () => {
          throw new Error('at once');
        }),
        /at once/,
      );
      const next = check('a');
      await end('a');
      assert.equal(await next, 'result of a');
    });
  });

  describe('the timeout', () => {
    it('is 5 s after an operation began', async () => {
      const result = ignoring(read('a'));
      const state = sinon.spy();
      result.catch(state);
      await clock.tickAsync(4_999);
      assert.equal(state.callCount, 0);
      await clock.tickAsync(2);
      await assert.rejects(result, NO_ANSWER);
    });

    it('leaves no timer behind when the answer comes', async () => {
      const result = read('a');
      await end('a');
      assert.equal(await result, 'result of a');
      assert.equal(clock.countTimers(), 0);
    });

    it('leaves no timer behind after a failure, or after a timeout', async () => {
      const failed = read('a');
      failures.get('a')?.(new Error('no'));
      await assert.rejects(failed, /no/);
      const late = ignoring(read('b'));
      await clock.tickAsync(5_002);
      await assert.rejects(late, NO_ANSWER);
      assert.equal(clock.countTimers(), 0);
    });

    it('does not free the place: the thread is still taken', async () => {
      start(ignoring(read('a')), ignoring(read('b')));
      await clock.tickAsync(5_002);
      const third = ignoring(read('c'));
      assert.deepEqual(begun, ['a', 'b']);
      await end('a');
      assert.deepEqual(begun, ['a', 'b', 'c']);
      await end('c');
      assert.equal(await third, 'result of c');
    });

    it('ends the wait for a place, too, and what has waited in vain is not begun', async () => {
      start(ignoring(read('a')), ignoring(read('b')));
      await clock.tickAsync(1_000);
      const waiting = ignoring(read('c'));
      await clock.tickAsync(4_999);
      const state = sinon.spy();
      waiting.catch(state);
      await clock.tickAsync(0);
      assert.equal(state.callCount, 0);
      await clock.tickAsync(2);
      await assert.rejects(waiting, NO_ANSWER);
      await end('a');
      assert.deepEqual(begun, ['a', 'b']);
    });

    it('does not end the wait while others get their turns', async () => {
      start(ignoring(read('a')), read('0'));
      const waiting = Array.from({ length: 10 }, (_, n) => read(`${n + 1}`));
      for (let n = 0; n < 10; n++) {
        await clock.tickAsync(4_000);
        await end(`${n}`);
      }
      await end('10');
      assert.equal((await Promise.all(waiting)).length, 10);
    });

    it('ends the wait for a file that hangs while others get their turns', async () => {
      void ignoring(read('a', 'a1'));
      const waiting = ignoring(read('a', 'a2'));
      for (let n = 0; n < 5; n++) {
        void read('b', `b${n}`);
        await clock.tickAsync(1_000);
        await end(`b${n}`);
      }
      await clock.tickAsync(2);
      await assert.rejects(waiting, NO_ANSWER);
      assert.ok(!begun.includes('a2'));
    });

    it('gives each operation that waits for a file that hangs its own 5 s', async () => {
      void ignoring(read('a', 'a1'));
      await clock.tickAsync(4_000);
      const waiting = read('a', 'a2');
      await clock.tickAsync(4_000);
      await end('a1');
      await end('a2');
      assert.equal(await waiting, 'result of a2');
    });

    it('gives an operation 5 s from its own beginning, however long it has waited', async () => {
      void read('a', 'a1');
      const waiting = read('a', 'a2');
      await clock.tickAsync(4_000);
      await end('a1');
      await clock.tickAsync(4_000);
      await end('a2');
      assert.equal(await waiting, 'result of a2');
    });

    it('takes an answer that came while the event loop was blocked', async () => {
      const result = read('a');
      // As Node does: timers first, then answers, then immediates.
      setTimeout(() => {
        ends.get('a')?.('in time');
      }, 5_000);
      await clock.tickAsync(5_002);
      assert.equal(await result, 'in time');
      assert.equal(clock.countTimers(), 0);
    });

    it('does not end because the process stood still, also if the operation takes several calls', async () => {
      const result = read('a');
      await clock.tickAsync(1);
      clock.jump(60_000);
      // The second call of the same operation.
      await clock.tickAsync(50);
      await end('a');
      assert.equal(await result, 'result of a');
    });

    it('begins anew for what got its turn only when the event loop went on', async () => {
      void read('a', 'a1');
      const waiting = read('a', 'a2');
      setTimeout(() => {
        ends.get('a1')?.('in time');
      }, 5_000);
      await clock.tickAsync(5_002);
      assert.deepEqual(begun, ['a1', 'a2']);
      await end('a2');
      assert.equal(await waiting, 'result of a2');
      assert.equal(clock.countTimers(), 0);
    });

    it('hands over what comes too late, and only that', async () => {
      const late: string[] = [];
      const open = (name: string): Promise<string> =>
        ignoring(operations.run('content', name, work(name), (result) => late.push(result)));
      const [tooLate, inTime] = [open('a'), open('b')];
      await end('b');
      assert.equal(await inTime, 'result of b');
      await clock.tickAsync(5_002);
      await assert.rejects(tooLate, FileTimeout);
      assert.deepEqual(late, []);
      await end('a');
      assert.deepEqual(late, ['result of a']);
    });

    it('hears nothing more of what fails too late', async () => {
      const late = ignoring(read('a'));
      await clock.tickAsync(5_002);
      failures.get('a')?.(new Error('at last'));
      await assert.rejects(late, NO_ANSWER);
      const next = read('a', 'a2');
      await end('a2');
      assert.equal(await next, 'result of a2');
    });
  });

  describe('what has to be finished', () => {
    it('waits for its turn after its timeout, too', async () => {
      void ignoring(read('a', 'read'));
      const closed = operations.finish('content', 'a', async () => {
        await work('close')();
      });
      closed.catch(() => undefined);
      await clock.tickAsync(60_000);
      await assert.rejects(closed, NO_ANSWER);
      assert.deepEqual(begun, ['read']);
      await end('read');
      assert.deepEqual(begun, ['read', 'close']);
    });
  });

  describe('check', () => {
    const folder = useFolder();

    beforeEach(() => {
      sinon.restore();
    });

    /** Lets each `stat` wait until it is told to go on. */
    function holdStats(): { readonly files: string[]; readonly goOn: (() => void)[] } {
      const { stat } = fs;
      const held = { files: [] as string[], goOn: [] as (() => void)[] };
      sinon.stub(fs, 'stat').callsFake(async (file) => {
        held.files.push(file as string);
        await new Promise<void>((resolve) => held.goOn.push(resolve));
        return stat(file);
      });
      return held;
    }

    it('says what the file is', async () => {
      const file = await folder.write('tom.png', 'TOM');
      assert.deepEqual(
        [(await operations.check(file)).size, (await operations.check(file)).ino],
        [3, (await fs.stat(file)).ino],
      );
      await assert.rejects(operations.check(folder.at('mia.png')), { code: 'ENOENT' });
    });

    it('is one more for all who ask while one is under way, and sees what was written before they asked', async () => {
      const file = await folder.write('tom.png', 'TOM');
      const held = holdStats();
      const first = operations.check(file);
      await fs.writeFile(file, 'TOM AND MIA');
      const later = [operations.check(file), operations.check(file), operations.check(file)];
      assert.equal(held.files.length, 1);
      held.goOn[0]?.();
      await first;
      await new Promise(setImmediate);
      assert.equal(held.files.length, 2);
      await fs.writeFile(file, 'TOM, MIA AND REX');
      const last = operations.check(file);
      held.goOn[1]?.();
      assert.equal(new Set(await Promise.all(later)).size, 1);
      await new Promise(setImmediate);
      assert.equal(held.files.length, 3);
      held.goOn[2]?.();
      assert.equal((await last).size, 16);
    });

    it('is one at a time for each file, and two in all', async () => {
      const held = holdStats();
      const files = await Promise.all(['a', 'b', 'c'].map((name) => folder.write(name, name)));
      const all = Promise.all([...files, ...files].map((file) => operations.check(file)));
      assert.deepEqual(held.files, files.slice(0, 2));
      for (let n = 0; n < 6; n++) {
        held.goOn[n]?.();
        await new Promise(setImmediate);
        await new Promise(setImmediate);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      await all;
      assert.ok(held.files.length <= 5, `${held.files.length} checks`);
    });

    it('fails for those who share one, and for nobody after them', async () => {
      const file = folder.at('tom.png');
      clock = sinon.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'performance'] });
      const stat = sinon.stub(fs, 'stat').callThrough();
      stat.onFirstCall().returns(new Promise(() => undefined));
      stat.onSecondCall().returns(new Promise(() => undefined));
      // Both places hang, and do not come back.
      for (const name of ['a', 'b']) start(operations.check(name));
      const shared = [ignoring(operations.check(file)), ignoring(operations.check(file))];
      await clock.tickAsync(5_002);
      for (const check of shared) await assert.rejects(check, NO_ANSWER);
      const after = ignoring(operations.check(file));
      const state = sinon.spy();
      after.catch(state);
      await clock.tickAsync(4_000);
      assert.equal(state.callCount, 0);
      await clock.tickAsync(1_002);
      await assert.rejects(after, NO_ANSWER);
    });
  });
});
