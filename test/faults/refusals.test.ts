import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import sinon from 'sinon';
import type { Fault, GraphCall } from 'messenger-platform-simulator';
import { image } from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived } from '../support/platform/received';
import { openWebsite, type Website } from '../support/platform/website';

const RATE_LIMIT: Fault = { error: { code: 613 }, status: 429, path: '/message_attachments$' };

describe('A rate limit', () => {
  const platform = useSimulator();

  it('is backed off from for as long as Retry-After says, and a little longer', async () => {
    const client = platform.openPlainAdapter();
    platform.sim.addFaults({ ...RATE_LIMIT, headers: { 'Retry-After': '1' } });
    await client.send('7001', image('paw.png'));
    const [first, second] = uploads();
    assert.ok((second?.time ?? 0) - (first?.time ?? 0) >= 1_000, 'a second lies between them');
    assert.equal(arrived(platform.sim).length, 1);
  });

  it('is backed off from, by each process for another time', async () => {
    platform.sim.addFaults({ ...RATE_LIMIT, times: Infinity });
    const pauses: number[][] = [];
    for (const picture of ['paw.png', 'cats/tom.jpg', 'cats/mia.jpg', 'blink.gif']) {
      const client = platform.openPlainAdapter();
      platform.sim.clearCalls();
      await client.send('7001', image(picture));
      const times = uploads().map(({ time }) => time);
      assert.equal(times.length, 3, 'it is tried three times in all');
      pauses.push(times.slice(1).map((time, at) => time - (times[at] ?? 0)));
    }
    assert.equal(arrived(platform.sim).length, 4, 'in one step');
    assert.ok(new Set(pauses.map(([pause]) => pause)).size > 1, `the pauses: ${pauses.join(' / ')}`);
  });

  it('does not hold up the upload of another asset', async () => {
    const client = platform.openPlainAdapter({ uploads: { concurrency: 1 } });
    platform.sim.addFaults({ ...RATE_LIMIT, headers: { 'Retry-After': '5' } });
    const limited = client.send('7001', image('paw.png'));
    while (uploads().length === 0) await new Promise(setImmediate);
    await client.send('7002', image('cats/tom.jpg'));
    assert.equal(arrived(platform.sim, '7002').length, 1);
    assert.equal(arrived(platform.sim, '7001').length, 0, 'the other still waits');
    await limited;
  });

  const uploads = (): GraphCall[] =>
    platform.sim.calls().filter(({ path }) => path.endsWith('/message_attachments'));
});

describe('An asset that the platform refuses', () => {
  const platform = useSimulator();
  let website: Website;

  before(async () => {
    website = await openWebsite();
  });
  after(() => website.close());
  afterEach(() => {
    sinon.restore();
  });

  for (const [what, address] of [
    ['that is not there', () => `${website.url}/gone.png`],
    ['of another type', () => `${website.url}/lullaby.mp3`],
  ] as const) {
    it(`${what} costs one call, and for 30 s no other`, async () => {
      const elapsed = letTimePass();
      const client = platform.openPlainAdapter();
      const send = () => client.send('7001', image(address()));
      await assert.rejects(send(), { name: 'GraphError', code: 100 });
      assert.equal(platform.sim.totals().calls, 1, 'neither again nor in one step');
      await elapsed(29_000);
      await assert.rejects(send(), { name: 'GraphError', code: 100 });
      assert.equal(platform.sim.totals().calls, 1, 'it is known to be refused');
      await elapsed(31_000);
      await assert.rejects(send(), { name: 'GraphError', code: 100 });
      assert.equal(platform.sim.totals().calls, 2, 'it may be there by now');
      assert.equal(client.errors.length, 3, 'each message is reported');
    });
  }

  it('does not keep other assets from being sent', async () => {
    const client = platform.openPlainAdapter();
    await assert.rejects(client.send('7001', image(`${website.url}/gone.png`)));
    await client.send('7001', image(`${website.url}/paw.png`));
    assert.equal(arrived(platform.sim).length, 1);
  });
});

/** Only for what measures time by `performance.now`; the network keeps its own. */
function letTimePass(): (ms: number) => Promise<void> {
  const now = performance.now.bind(performance);
  let elapsed = 0;
  sinon.stub(performance, 'now').callsFake(() => now() + elapsed);
  return async (ms) => {
    elapsed = ms;
    // The cache looks at the clock at most once a millisecond.
    await wait(10);
  };
}
