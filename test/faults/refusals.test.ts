import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import sinon from 'sinon';
import type { Fault, GraphCall } from 'messenger-platform-simulator';
import { image, media } from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { until } from '../support/checks/waiting';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import { arrived, calls } from '../support/platform/received';
import { openWebsite, type Website } from '../support/platform/website';

const RATE_LIMIT: Fault = { error: { code: 613 }, status: 429, path: '/message_attachments$' };

describe('A rate limit', () => {
  const platform = useSimulator();
  afterEach(() => {
    sinon.restore();
  });

  const uploads = (): GraphCall[] =>
    platform.sim.calls().filter(({ path }) => path.endsWith('/message_attachments'));
  const users = (): string[] => platform.sim.state().threads.map(({ user }) => user);

  it('pauses the uploads of its page, while messages go in one step', async () => {
    const client = platform.openPlainAdapter();
    platform.sim.addFaults({ ...RATE_LIMIT, times: Infinity });
    for (const [user, picture] of [
      ['7001', 'paw.png'],
      ['7002', 'cats/tom.jpg'],
      ['7003', 'cats/mia.jpg'],
    ] as const) {
      await client.send(user, image(picture));
    }
    assert.equal(uploads().length, 1, 'nobody asks again');
    assert.deepEqual(users().sort(), ['7001', '7002', '7003']);
  });

  it('is not waited for any longer by warm, if its signal says so', async () => {
    const client = platform.openPlainAdapter();
    platform.sim.addFaults({ ...RATE_LIMIT, headers: { 'Retry-After': '60' } });
    const stop = new AbortController();
    const warming = client.plugin.warm([image('paw.png'), 'cats'], { signal: stop.signal, concurrency: 1 });
    await until('it is refused', () => uploads().length === 1);
    setTimeout(() => {
      stop.abort();
    }, 100);
    const { skipped, failed } = await warming;
    assert.deepEqual([skipped, failed], [3, 0]);
    assert.equal(uploads().length, 1);
  });

  it('is not waited for any longer by a media template, if its signal says so', async () => {
    const { plugin } = platform.openPlainAdapter();
    const { token, secret } = PAGE;
    const page = plugin.connect({ accessToken: token, appSecret: secret, apiHost: platform.sim.host });
    platform.sim.addFaults({ ...RATE_LIMIT, headers: { 'Retry-After': '30' } });
    const signal = AbortSignal.timeout(500);
    await assert.rejects(page.send('7001', media('paw.png'), { signal }), { name: 'TimeoutError' });
    assert.deepEqual(users(), []);
  });

  it('pauses for 5 s, then lets one upload try, and pauses twice as long if that is refused', async () => {
    const elapsed = letTimePass();
    const client = platform.openPlainAdapter();
    platform.sim.addFaults({ ...RATE_LIMIT, times: 2 });
    await client.send('7001', image('paw.png'));
    await elapsed(5_100);
    await client.send('7002', image('paw.png'));
    assert.equal(uploads().length, 2);
    await elapsed(10_200);
    await client.send('7003', image('paw.png'));
    assert.equal(uploads().length, 2, 'the second pause is longer');
    await elapsed(16_000);
    await client.send('7004', image('paw.png'));
    assert.equal(uploads().length, 3);
    assert.equal(users().length, 4);
  });

  it('pauses for as long as Retry-After says, if that is longer', async () => {
    const elapsed = letTimePass();
    const client = platform.openPlainAdapter();
    platform.sim.addFaults({ ...RATE_LIMIT, headers: { 'Retry-After': '60' } });
    await client.send('7001', image('paw.png'));
    await elapsed(55_000);
    await client.send('7002', image('paw.png'));
    assert.equal(uploads().length, 1);
    await elapsed(61_000);
    await client.send('7003', image('paw.png'));
    assert.equal(uploads().length, 2);
  });

  it('of one page does not concern another', async () => {
    platform.sim.addFaults(RATE_LIMIT);
    await platform.openPlainAdapter().send('7001', image('paw.png'));
    await platform.openPlainAdapter({ page: OTHER_PAGE }).send('7002', image('paw.png'));
    assert.equal(uploads().length, 2);
  });

  it('never holds back what has an ID', async () => {
    const client = platform.openPlainAdapter();
    await client.send('7001', image('paw.png'));
    platform.sim.addFaults({ ...RATE_LIMIT, times: Infinity });
    await client.send('7002', image('cats/tom.jpg'));
    platform.sim.clearCalls();
    await client.send('7003', image('paw.png'));
    assert.deepEqual(calls(platform.sim), ['send-id']);
  });
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
    it(`${what} costs two calls, and for 30 s no other`, async () => {
      const elapsed = letTimePass();
      const client = platform.openPlainAdapter();
      const send = () => client.send('7001', image(address()));
      await assert.rejects(send(), { name: 'GraphError', code: 100 });
      assert.equal(platform.sim.totals().calls, 2, 'once more, and not in one step');
      await elapsed(29_000);
      await assert.rejects(send(), { name: 'GraphError', code: 100 });
      assert.equal(platform.sim.totals().calls, 2, 'it is known to be refused');
      await elapsed(31_000);
      await assert.rejects(send(), { name: 'GraphError', code: 100 });
      assert.equal(platform.sim.totals().calls, 4, 'it may be there by now');
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
