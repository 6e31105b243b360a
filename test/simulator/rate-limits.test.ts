import assert from 'node:assert/strict';
import { type Simulator, type SimulatorOptions, startSimulator } from 'messenger-platform-simulator';
import {
  assertError,
  call,
  messageWith,
  openWindows,
  OTHER_PAGE,
  PAGE,
  received,
  send,
  upload,
  USER,
} from './support';

describe('Rate limits', () => {
  let simulator: Simulator;
  let now = 0;

  async function start(options: SimulatorOptions): Promise<void> {
    now = Date.now();
    simulator = await startSimulator({ pages: [PAGE, OTHER_PAGE], now: () => now, ...options });
    openWindows(simulator);
  }
  afterEach(() => simulator.close());

  const text = (token = PAGE.token) => send(simulator, { text: 'Hello' }, { token });
  const usage = async () => {
    const headers = { authorization: `Bearer ${PAGE.token}` };
    const answer = await fetch(`${simulator.httpUrl}/me`, { headers });
    const all = JSON.parse(answer.headers.get('x-business-use-case-usage') ?? '') as Record<
      string,
      { call_count: number; estimated_time_to_regain_access: number }[]
    >;
    return all[PAGE.id]?.[0];
  };

  it('are off unless they are asked for', async () => {
    await start({});
    const answers = await Promise.all(Array.from({ length: 301 }, () => text()));
    assert.ok(answers.every(({ status }) => status === 200));
  });

  it('refuse the 301st message of a page in a second with 80006, and hold until it is over', async () => {
    await start({ rateLimits: true });
    const answers = await Promise.all(Array.from({ length: 300 }, () => text()));
    assert.ok(answers.every(({ status }) => status === 200));
    assertError(await text(), 80006, undefined, /^\(#80006\) There have been too many calls/);
    assertError(await text(), 80006);
    assert.equal(received(simulator).length, 300);
    now += 1001;
    assert.equal((await text()).status, 200);
  });

  it('refuse the 11th audio or video of a page in a second, by whatever way; the others go on', async () => {
    await start({ rateLimits: true });
    const file = new File([Buffer.from('sound')], 'miaow.mp3', { type: 'audio/mpeg' });
    const id = await upload(simulator, { file, type: 'audio' });
    const sound = () => send(simulator, messageWith('audio', { attachment_id: id }));
    for (let count = 0; count < 10; count += 1) assert.equal((await sound()).status, 200);
    assertError(await sound(), 80006);
    assertError(await send(simulator, messageWith('video', { url: 'http://localhost:9/' })), 80006);
    const template = (media_type: string) =>
      send(
        simulator,
        messageWith('template', { template_type: 'media', elements: [{ media_type, attachment_id: '1' }] }),
      );
    assertError(await template('video'), 80006);
    assertError(await template('image'), 100, 2018074);
    assert.equal((await text()).status, 200);
    assert.equal((await upload(simulator)).length > 0, true);
  });

  it('are those of a page, and can be set', async () => {
    await start({ rateLimits: { perSecond: 2 } });
    await text();
    await text();
    assertError(await text(), 80006);
    assert.equal((await text(OTHER_PAGE.token)).status, 200);
    const action = { recipient: { id: USER }, sender_action: 'typing_on' };
    assert.equal(
      (await call(simulator, '/me/messages', action)).status,
      200,
      'a sender action is no message',
    );
    simulator.reset();
    openWindows(simulator);
    assert.equal((await text()).status, 200);
  });

  it('show in the usage headers of each answer', async () => {
    await start({ rateLimits: { perSecond: 4 } });
    await text();
    const one = await usage();
    assert.deepEqual([one?.call_count, one?.estimated_time_to_regain_access], [25, 0]);
    for (let count = 0; count < 3; count += 1) await text();
    const all = await usage();
    assert.deepEqual([all?.call_count, all?.estimated_time_to_regain_access], [100, 1]);
    now += 1001;
    assert.equal((await usage())?.call_count, 0);
  });
});
