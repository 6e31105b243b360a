import assert from 'node:assert/strict';
import { once } from 'node:events';
import sinon from 'sinon';
import { image, type AttachmentCacheOptions } from '../../src';
import { until } from '../support/checks/waiting';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { PAGE } from '../support/platform/pages';

const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;
const TOM = image('cats/tom.jpg');

describe('an attachment ID that gets older', () => {
  const platform = useSimulator();
  let clock: sinon.SinonFakeTimers;
  beforeEach(() => {
    clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
  });
  afterEach(() => {
    clock.restore();
  });

  /** A bot that has sent a picture, days ago. */
  async function openBot(days: number, options: AttachmentCacheOptions = {}) {
    const botkit = await platform.openBotkit(options);
    const bot = await botkit.bot();
    await bot.say(TOM);
    clock.tick(days * DAY);
    platform.sim.clearCalls();
    return { ...botkit, say: () => bot.say(TOM) as Promise<unknown> };
  }

  const ids = () => arrived(platform.sim).map(({ attachments: [shown] }) => shown?.attachmentId);
  const uploaded = () => platform.sim.assets().map(({ id }) => id);

  it('is used unchanged for 82 days', async () => {
    const { say } = await openBot(81.9);
    await say();
    assert.deepEqual(calls(platform.sim), ['send-id']);
    const [first, second] = ids();
    assert.equal(first, second);
  });

  it('is refreshed in the background when it is used in its last 7 days, and the next message uses the new one', async () => {
    const { say, plugin } = await openBot(82.1);
    const refreshed = once(plugin, 'refresh');
    await say();
    await refreshed;
    await say();
    const [old, fresh] = uploaded();
    assert.deepEqual(ids(), [old, old, fresh]);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 1, 'send-id': 2 });
    assert.equal(plugin.stats.refreshes, 1);
  });

  it('does not keep a message waiting while it is refreshed', async () => {
    const { say, plugin } = await openBot(83);
    const refreshed = once(plugin, 'refresh');
    platform.sim.addFaults({ purpose: 'upload-file', delayMs: 300 });
    await say();
    assert.equal(plugin.stats.refreshes, 0);
    await refreshed;
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 1, 'send-id': 1 });
  });

  it('is refreshed once for twenty messages at the same time', async () => {
    const { plugin, ...botkit } = await openBot(83);
    const users = Array.from({ length: 20 }, (_, index) => String(8000 + index));
    const bots = await Promise.all(users.map((user) => botkit.bot(user)));
    const refreshed = once(plugin, 'refresh');
    await Promise.all(bots.map((one) => one.say(TOM) as Promise<unknown>));
    await refreshed;
    for (const user of users) onlyArrival(platform.sim, user);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 1, 'send-id': 20 });
  });

  it('is reported when its refresh fails, which is not tried again with the next message', async () => {
    const { say, plugin, errors, consoleErrors: lines } = await openBot(83, { uploads: { attempts: 1 } });
    platform.sim.addFaults({ purpose: 'upload-file', error: { code: 1200 } });
    await say();
    await until('the failure is reported', () => errors.length > 0);
    await say();
    await say();
    await plugin.close();
    assert.equal(new Set(ids()).size, 1);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file 1200': 1, 'send-id': 3 });
    assert.deepEqual([errors.length, lines.length], [1, 0]);
  });

  it('is used to the end of its 89 days without `refreshAhead`', async () => {
    const { say } = await openBot(88.9, { refreshAhead: 0 });
    await say();
    assert.deepEqual(calls(platform.sim), ['send-id']);
  });

  it('is replaced after 89 days, before the platform refuses it', async () => {
    const { say } = await openBot(89.1, { refreshAhead: 0 });
    await say();
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id']);
    const [old, fresh] = uploaded();
    assert.deepEqual(ids(), [old, fresh]);
  });

  it('is replaced after `ttl`', async () => {
    const { say } = await openBot(0, { ttl: HOUR, refreshAhead: 0 });
    clock.tick(0.9 * HOUR);
    await say();
    assert.deepEqual(calls(platform.sim), ['send-id']);
    clock.tick(0.2 * HOUR);
    await say();
    assert.deepEqual(calls(platform.sim), ['send-id', 'upload-file', 'send-id']);
  });

  it('is not used by a bot that starts and finds it in the store, expired', async () => {
    const store = new Map<string, unknown>();
    await platform.close(await openBot(0, { store }));
    // Databases may keep records longer than they are told to.
    const records = [...store].map(([key, value]) => [key, withoutExpiry(value)] as const);
    for (const expected of [['send-id'], ['upload-file', 'send-id']]) {
      platform.sim.clearCalls();
      const botkit = await platform.openBotkit({ store: new Map<string, unknown>(records) });
      const bot = await botkit.bot();
      await bot.say(TOM);
      assert.deepEqual(calls(platform.sim), expected);
      clock.tick(90 * DAY);
    }
  });

  it('is taken from the store, without an upload, when another bot has refreshed it', async () => {
    const store = new Map<string, unknown>();
    const one = await platform.openBotkit({ store });
    const other = await platform.openBotkit({ store });
    const [bot, otherBot] = [await one.bot('1'), await other.bot('2')];
    await bot.say(TOM);
    await otherBot.say(TOM);
    clock.tick(86 * DAY);
    const refreshed = once(one.plugin, 'refresh');
    await bot.say(TOM);
    await refreshed;
    const takenOver = once(other.plugin, 'refresh');
    await otherBot.say(TOM);
    await takenOver;
    await otherBot.say(TOM);
    const [old, fresh] = uploaded();
    const sent = arrived(platform.sim, '2', PAGE.id).map(({ attachments: [shown] }) => shown?.attachmentId);
    assert.deepEqual(sent, [old, old, fresh]);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 2, 'send-id': 5 });
  });
});

/** A record of Keyv’s, without what says until when it is good. */
function withoutExpiry(record: unknown): unknown {
  const { value } = JSON.parse(String(record)) as { value: unknown };
  return JSON.stringify({ value });
}
