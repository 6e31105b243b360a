import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { countUploads } from '../support/platform/received';
import { until } from '../support/checks/waiting';
import { IN_ASSETS, printed, STORE, workbench } from './support';

/** Assets in the root. */
const ALL = 7;

describe('facebook-attachments, when it is stopped', () => {
  const bench = workbench();
  const WARM = ['warm', '.', '--concurrency', '1', ...IN_ASSETS];
  const listed = async (): Promise<unknown[]> => {
    const { stdout } = await bench.tool(['list', '--json', '--store', STORE]);
    return JSON.parse(stdout) as unknown[];
  };

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`by ${signal} ends what is under way, keeps what is done, and exits with 130`, async () => {
      bench.sim.addFaults({ purpose: 'upload-file', times: ALL, delayMs: 300 });
      const { child, ended, written } = await bench.spawnTool(WARM);
      await written(/^uploaded/m);
      child.kill(signal);
      const { code, stdout, stderr } = await ended;
      assert.equal(code, 130);
      assert.match(stderr, /^Stopping after the uploads in progress; press Ctrl-C again to stop at once$/m);
      assert.match(stderr, /^Stopped\. Finished uploads are kept; run the same command again to continue$/m);
      const done = countUploads(bench.sim);
      assert.ok(done < ALL);
      assert.equal(stdout.match(/^uploaded/gm)?.length, done);
      assert.match(stdout, new RegExp(`^${done} uploaded .*, ${ALL - done} skipped`, 'm'));
      assert.equal((await listed()).length, done);
    });
  }

  it('goes on from there the next time: nothing is uploaded twice', async () => {
    bench.sim.addFaults({ purpose: 'upload-file', times: ALL, delayMs: 300 });
    const { child, ended, written } = await bench.spawnTool(WARM);
    await written(/^uploaded/m);
    child.kill('SIGINT');
    await ended;
    bench.sim.clearFaults();
    const { code } = await bench.tool(WARM);
    assert.equal(code, 0);
    assert.equal(countUploads(bench.sim), ALL);
    assert.equal((await listed()).length, ALL);
  });

  it('twice ends at once, and the store is whole', async () => {
    bench.sim.addFaults({ purpose: 'upload-file', afterCalls: 2, times: ALL, hang: true });
    const { child, ended, written } = await bench.spawnTool(WARM);
    await written(/(^uploaded.*\n){2}/m);
    await until('both are saved', async () => (await listed()).length === 2);
    child.kill('SIGINT');
    await written(/Stopping/);
    // Within half a second, a second one counts as the same.
    await wait(600);
    child.kill('SIGINT');
    const { code } = await ended;
    assert.equal(code, 130);
    assert.equal((await listed()).length, 2);
  });

  it('is stopped once by a signal that the terminal and npm both pass on', async () => {
    bench.sim.addFaults({ purpose: 'upload-file', times: ALL, delayMs: 1000 });
    const { child, ended } = await bench.spawnTool(WARM);
    await until('the first upload is under way', () => bench.sim.faults().some(({ hits }) => hits > 0));
    child.kill('SIGINT');
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, /^Stopped\./m);
    assert.equal((await listed()).length, 1);
  });

  it('tells in JSON that it was', async () => {
    const signal = AbortSignal.abort();
    const result = await bench.tool([...WARM, '--json'], { signal });
    assert.equal(result.code, 130);
    const { interrupted, skipped, results } = printed(result);
    assert.deepEqual([interrupted, skipped, results.length], [true, ALL, ALL]);
    assert.equal(countUploads(bench.sim), 0);
  });

  it('forgets nothing more', async () => {
    await bench.tool(['warm', 'cats', ...IN_ASSETS]);
    const { code } = await bench.tool(['forget', 'cats', ...IN_ASSETS], { signal: AbortSignal.abort() });
    assert.equal(code, 130);
    assert.equal((await listed()).length, 2);
  });

  it('by a reader that has had enough, as `head` has, ends without a word', async () => {
    await bench.tool(['warm', '.', ...IN_ASSETS]);
    const { child, ended } = await bench.spawnTool(['list', '--store', STORE]);
    child.stdout?.destroy();
    const { code, stderr } = await ended;
    assert.deepEqual([code, stderr], [0, '']);
  });
});
