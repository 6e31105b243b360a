import assert from 'node:assert/strict';
import { type Simulator, startSimulator } from 'messenger-platform-simulator';
import {
  type Answer,
  assertError,
  call,
  callWithForm,
  messageWith,
  PAGE,
  OTHER_PAGE,
  png,
  upload,
} from './support';

const STRANGER = '7001';
const HOUR = 1 / 24;

describe('The 24-hour window', () => {
  let simulator: Simulator;
  let now = 0;

  beforeEach(async () => {
    now = Date.now();
    simulator = await startSimulator({ pages: [PAGE, OTHER_PAGE], now: () => now });
  });
  afterEach(() => simulator.close());

  const write = (user: string, params: object = {}, token = PAGE.token): Promise<Answer> =>
    call(
      simulator,
      '/me/messages',
      { recipient: { id: user }, message: { text: 'Hello' }, ...params },
      { token },
    );
  const assertClosed = (answer: Answer): void => {
    assertError(answer, 10, 2018278, /^\(#10\) This message is sent outside of allowed window\.$/);
  };
  const assertOpen = ({ status, body }: Answer): void => {
    assert.equal(status, 200, JSON.stringify(body));
  };
  const arrivals = (user: string): number =>
    simulator.thread(PAGE.id, user).messages.filter(({ from }) => from === 'page').length;

  const types: [name: string, params: object][] = [
    ['no messaging_type, as Botkit sends it', {}],
    ['RESPONSE', { messaging_type: 'RESPONSE' }],
    ['UPDATE', { messaging_type: 'UPDATE' }],
    ['HUMAN_AGENT', { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }],
    ['HUMAN_AGENT without messaging_type', { tag: 'HUMAN_AGENT' }],
  ];
  for (const [name, params] of types) {
    it(`is closed to ${name} for somebody who has never written`, async () => {
      assertClosed(await write(STRANGER, params));
      assert.equal(arrivals(STRANGER), 0);
    });
  }

  it('is closed to every kind of message, and nothing is fetched or saved for one', async () => {
    const id = await upload(simulator);
    const saved = simulator.assets().length;
    const messages = [
      messageWith('image', { attachment_id: id }),
      messageWith('image', { url: 'http://localhost:9/', is_reusable: true }),
      messageWith('template', { template_type: 'generic', elements: [{ title: 'x', subtitle: 'y' }] }),
      { attachments: [{ type: 'image', payload: { url: 'http://localhost:9/' } }] },
      { sticker_id: '369239263222822' },
    ];
    for (const message of messages) assertClosed(await write(STRANGER, { message }));
    const message = messageWith('image', { is_reusable: true });
    const form = { recipient: { id: STRANGER }, message, filedata: png() };
    assertClosed(await callWithForm(simulator, '/messages', form));
    assert.deepEqual([simulator.assets().length, simulator.assets()[0]?.timesUsed], [saved, 0]);
  });

  it('is open to people 1 to 9 at the start, on every page, and to nobody else', async () => {
    for (const user of ['1', '5', '9']) {
      assertOpen(await write(user));
      assertOpen(await write(user, {}, OTHER_PAGE.token));
    }
    for (const user of ['0', '10', '01', '11']) assertClosed(await write(user));
  });

  it('closes after 24 hours of the simulator’s clock; HUMAN_AGENT has 7 days', async () => {
    now += 24 * 60 * 60 * 1000 - 1;
    assertOpen(await write('1'));
    now += 1;
    for (const [name, params] of types.slice(0, 3))
      assertClosed(await write('1', params).catch(() => assert.fail(name)));
    for (const [, params] of types.slice(3)) assertOpen(await write('1', params));
    simulator.advanceDays(6 - HOUR);
    assertOpen(await write('1', { tag: 'HUMAN_AGENT' }));
    simulator.advanceDays(HOUR);
    for (const [, params] of types) assertClosed(await write('1', params));
  });

  it('opens when the person writes, taps a quick reply or a button; for one page only', async () => {
    for (const tap of [{}, { payload: 'YES' }, { payload: 'GO', postback: true }]) {
      assertClosed(await write(STRANGER));
      await simulator.say({ page: PAGE.id, user: STRANGER, text: 'Hi', ...tap });
      assertOpen(await write(STRANGER));
      assertClosed(await write(STRANGER, {}, OTHER_PAGE.token));
      simulator.advanceDays(1);
    }
  });

  it('does not open because the page writes or types', async () => {
    simulator.advanceDays(0.5);
    assertOpen(await write('1'));
    simulator.advanceDays(0.5);
    assertOpen(await call(simulator, '/me/messages', { recipient: { id: '1' }, sender_action: 'typing_on' }));
    assertClosed(await write('1'));
  });

  it('opens by openWindow for one person, without a word to the bot', async () => {
    simulator.openWindow({ page: PAGE.id, user: STRANGER });
    assertOpen(await write(STRANGER));
    assertClosed(await write('7002'));
    assertClosed(await write(STRANGER, {}, OTHER_PAGE.token));
    assert.deepEqual(
      simulator.thread(PAGE.id, STRANGER).messages.map(({ from }) => from),
      ['page'],
    );
    simulator.advanceDays(1);
    assertClosed(await write(STRANGER));
  });

  it('opens by openWindow for everybody at once, for 24 hours', async () => {
    simulator.openWindow({ page: PAGE.id });
    for (const user of ['7001', '9999999999999999']) assertOpen(await write(user));
    assertClosed(await write(STRANGER, {}, OTHER_PAGE.token));
    simulator.advanceDays(1);
    assertClosed(await write(STRANGER));
  });

  it('opens by POST /_sim/window', async () => {
    const open = async (body: object) =>
      (
        await fetch(`${simulator.httpUrl}/_sim/window`, { method: 'POST', body: JSON.stringify(body) })
      ).json();
    assert.deepEqual(await open({ page: PAGE.id, user: STRANGER }), { ok: true });
    assertOpen(await write(STRANGER));
    assertClosed(await write('7002'));
    assert.deepEqual(await open({ page: PAGE.id }), { ok: true });
    assertOpen(await write('7002'));
    assert.deepEqual(await open({ page: PAGE.id, user: 'tom' }), {
      error: 'Expected "user" to be a string of digits, got "tom"',
    });
    assert.match(JSON.stringify(await open({ user: '7001' })), /Expected \\"page\\"/);
  });

  it('is as at the start after a reset', async () => {
    simulator.advanceDays(1);
    simulator.openWindow({ page: PAGE.id });
    simulator.reset();
    assertOpen(await write('1'));
    assertClosed(await write(STRANGER));
  });

  it('never closes with windows: open', async () => {
    const open = await startSimulator({ pages: [PAGE], windows: 'open' });
    try {
      open.advanceDays(100);
      const body = { recipient: { id: STRANGER }, message: { text: 'Hello' } };
      assertOpen(await call(open, '/me/messages', body));
    } finally {
      await open.close();
    }
  });
});
