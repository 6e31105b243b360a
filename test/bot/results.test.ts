import assert from 'node:assert/strict';
import { types } from 'node:util';
import { MessageFactory, type TurnContext } from 'botbuilder';
import {
  GraphError,
  image,
  isAdapterError,
  isAttachmentError,
  isGraphError,
  isPartlySentError,
  isTransportError,
  type FailedMessage,
  type MessageError,
  type SendResult,
  type StoreError,
} from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { until } from '../support/checks/waiting';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import { arrived, onlyArrival } from '../support/platform/received';
import type { Bot, RunningBotkit, RunningBotkitOptions } from '../support/bot/botkit';

const USER = '7001';
const TOM = image('cats/tom.jpg');
const NONE = image('cats/nobody.jpg');

describe('what bot.say and bot.reply resolve with', () => {
  const platform = useSimulator();

  interface Told {
    readonly error: MessageError | StoreError;
    readonly message: FailedMessage | undefined;
  }

  async function open(options?: RunningBotkitOptions): Promise<RunningBotkit & { told: Told[] }> {
    const botkit = await platform.openBotkit(options);
    const told: Told[] = [];
    botkit.plugin.on('error', (error, message) => told.push({ error, message }));
    return { ...botkit, told };
  }

  const say = async (bot: Bot, message: Parameters<Bot['say']>[0]): Promise<SendResult> =>
    (await bot.say(message)) as SendResult;
  const contextOf = (bot: Bot): TurnContext => bot.getConfig('context') as TurnContext;

  it('is the ID of a message that was sent', async () => {
    const bot = await (await open()).bot();
    const results = [await say(bot, TOM), await say(bot, 'Hello')];
    assert.deepEqual(
      results,
      arrived(platform.sim).map(({ mid }) => ({ id: mid })),
    );
  });

  it('is the error of an attachment that could not be sent, of which the event tells for whom it was', async () => {
    const { told, consoleErrors, ...botkit } = await open();
    const result = await say(await botkit.bot('7009'), NONE);
    assert.ok(isAttachmentError(result.error));
    assert.deepEqual(result, { error: told[0]?.error });
    assert.deepEqual(told[0]?.message, { page: PAGE.id, recipient: { id: '7009' } });
    assert.deepEqual(consoleErrors, [['Error sending activity to Facebook:', result.error]]);
    assert.equal(told.length, 1);
  });

  it('is, for a text, an error with the sentence of the platform, which the event tells as well', async () => {
    const { told, ...botkit } = await open();
    const bot = await botkit.bot();
    platform.sim.addFaults({ purpose: 'send-text', error: { code: 100, subcode: 2018001 } });
    const result = await say(bot, 'Hello');
    const { error } = result;
    assert.ok(isAdapterError(error));
    assert.equal(error.code, 'ERR_ADAPTER_SEND_FAILED');
    assert.match(error.message, /^Could not send a text: \(#100\) /);
    assert.equal(error.message, `Could not send a text: ${error.reason}`);
    assert.deepEqual([error.page, error.recipient], [PAGE.id, { id: USER }]);
    assert.deepEqual(told, [{ error: result.error, message: { page: PAGE.id, recipient: { id: USER } } }]);
  });

  for (const [what, fault] of [
    ['the page of a gateway', { status: 502, body: '<html>502 Bad Gateway</html>' }],
    ['an object without a message ID', { status: 200, body: {} }],
  ] as const) {
    it(`is, for a text that got ${what} for an answer, the error that it may not have arrived`, async () => {
      const { told, ...botkit } = await open();
      const bot = await botkit.bot();
      platform.sim.addFaults({ purpose: 'send-text', ...fault });
      const { id, error } = await say(bot, 'Hello');
      assert.equal(id, undefined);
      assert.ok(isTransportError(error));
      assert.match(
        error.message,
        /^Could not send a text: .*The message may have arrived, so it is not sent again\.$/,
      );
      assert.deepEqual(told, [{ error, message: { page: PAGE.id, recipient: { id: USER } } }]);
    });
  }

  it('names each of several images, because the platform does not say which one it means', async () => {
    const bot = await (await open()).bot();
    const attachments = ['a', 'b'].map((name) => image(`https://localhost:1/${name}.jpg?key=1`).attachment);
    const result = (await contextOf(bot).sendActivity({ type: 'message', channelData: { attachments } })) as
      SendResult | undefined;
    assert.match(
      result?.error?.message ?? '',
      /^Could not send image https:\/\/localhost:1\/a\.jpg and image https:\/\/localhost:1\/b\.jpg: /,
    );
  });

  it('is one result for each activity, at its place', async () => {
    const bot = await (await open()).bot();
    const results = (await contextOf(bot).sendActivities([
      MessageFactory.text('Look:'),
      { type: 'message', channelData: NONE },
      { type: 'typing' },
      { type: 'message', channelData: TOM },
    ])) as SendResult[];
    const [text, picture] = arrived(platform.sim);
    assert.deepEqual(
      results.map(({ id }) => id),
      [text?.mid, undefined, undefined, picture?.mid],
    );
    assert.deepEqual(
      results.map(({ error }) => isAttachmentError(error)),
      [false, true, false, false],
    );
  });

  it('is the error of a message that arrived in part', async () => {
    const bot = await (await open()).bot();
    const { error } = await say(bot, image('cats/nobody.jpg', { text: 'This is nobody' }));
    assert.ok(isPartlySentError(error));
    assert.equal(arrived(platform.sim).length, 1);
  });

  it('is why the adapter has no token for the page, which the event tells as well', async () => {
    const { told, ...botkit } = await open({ pages: [PAGE, OTHER_PAGE] });
    const bot = await botkit.bot(USER, PAGE.id);
    Object.assign(contextOf(bot).activity.recipient, { id: '1009' });
    const { error } = await say(bot, TOM);
    assert.ok(isAdapterError(error));
    assert.equal(error.code, 'ERR_ADAPTER_NO_CLIENT');
    assert.equal(error.message, 'Could not send image cats/tom.jpg: Missing credentials for page.');
    assert.deepEqual([error.page, error.recipient], ['1009', { id: USER }]);
    assert.deepEqual(told, [{ error, message: { page: '1009', recipient: { id: USER } } }]);
  });

  it('is why the adapter has no token for the page, for each of several messages that are sent at the same time', async () => {
    const bot = await (await open({ pages: [PAGE, OTHER_PAGE] })).bot(USER, PAGE.id);
    Object.assign(contextOf(bot).activity.recipient, { id: '1009' });
    const results = await Promise.all([say(bot, TOM), say(bot, 'Hello'), say(bot, 'Bye')]);
    const reasons = results.map(({ error }) => error?.message.split(': ')[1]);
    assert.deepEqual(reasons, Array(3).fill('Missing credentials for page.'));
  });

  it('is not that the adapter had no token for an earlier message', async () => {
    const { adapter, ...botkit } = await open({ pages: [PAGE, OTHER_PAGE] });
    const bot = await botkit.bot(USER, PAGE.id);
    const { recipient } = contextOf(bot).activity;
    Object.assign(recipient, { id: '1009' });
    await say(bot, 'Hello');
    Object.assign(recipient, { id: PAGE.id });
    const getAPI = adapter.getAPI.bind(adapter);
    const getBrokenAPI: typeof getAPI = async (activity) =>
      Object.assign(await getAPI(activity), { callAPI: undefined });
    Object.assign(adapter, { getAPI: getBrokenAPI });
    const { error } = await say(bot, 'Hello');
    assert.match(error?.message ?? '', /: the adapter gave no reason$/);
  });

  it('holds no token, whatever the adapter’s own client throws', async () => {
    const { adapter, ...botkit } = await open();
    const { options } = adapter as unknown as { options: Record<string, unknown> };
    Object.assign(adapter, { options: { ...options, api_host: 'localhost:1' } });
    const bot = await botkit.bot();
    const call = { recipient: { id: USER }, message: { text: 'Hello' } };
    await assert.rejects(bot.api.callAPI('/me/messages', 'POST', call));
    const { error } = await say(bot, 'Hello');
    assert.match(error?.message ?? '', /ECONNREFUSED/);
    assert.ok(!JSON.stringify([error, error?.message, error?.stack]).includes(PAGE.token));
  });

  it('tells a broadcast of 50 who missed out, and every event for whom it was', async () => {
    const { plugin, told, ...botkit } = await open();
    const people = Array.from({ length: 50 }, (_, n) => String(7100 + n));
    const blocked = people.filter((_, n) => n % 7 === 0);
    const sent: unknown[] = [];
    plugin.on('send', ({ page, recipient }) => sent.push({ page, recipient }));
    const bot = await botkit.bot();
    const missed: { person: string; error: MessageError }[] = [];
    for (const person of people) {
      await bot.startConversationWithUser(person);
      if (blocked.includes(person)) {
        platform.sim.addFaults({ path: '/messages$', error: { code: 551, subcode: 1545041 } });
      }
      const { error } = await say(bot, TOM);
      if (error) missed.push({ person, error });
    }
    assert.deepEqual(
      missed.map(({ person }) => person),
      blocked,
    );
    const about = blocked.map((id) => ({ page: PAGE.id, recipient: { id } }));
    assert.deepEqual(
      told.map(({ message }) => message),
      about,
    );
    assert.deepEqual(
      missed.map(({ error: { page, recipient } }) => ({ page, recipient })),
      about,
    );
    const reached = people.filter((person) => !blocked.includes(person));
    assert.deepEqual(
      sent,
      reached.map((id) => ({ page: PAGE.id, recipient: { id } })),
    );
    for (const person of reached) onlyArrival(platform.sim, person);
  });

  it('is an error of its own for each message, though one upload failed for all of them', async () => {
    const { told, ...botkit } = await open();
    const people = ['7101', '7102', '7103'];
    const bots = await Promise.all(people.map((person) => botkit.bot(person)));
    platform.sim.addFaults({ purpose: 'upload-file', error: { code: 546 } });
    const results = await Promise.all(bots.map((bot) => say(bot, TOM)));
    const errors = results.map(({ error }) => error);
    assert.deepEqual(
      errors.map((error) => [error?.name, error?.code, error?.page, error?.recipient]),
      people.map((id) => ['GraphError', 546, PAGE.id, { id }]),
    );
    for (const error of errors) {
      assert.ok(isGraphError(error) && error instanceof GraphError && types.isNativeError(error));
      assert.equal(error.asset, 'image "cats/tom.jpg"');
      assert.match(error.stack ?? '', /GraphError|Facebook refused/);
    }
    assert.equal(new Set(errors).size, 3);
    assert.deepEqual(new Set(told.map(({ error }) => error)), new Set(errors));
  });

  it('says for whom each part of a message was that arrived in part', async () => {
    const { error } = await say(
      await (await open()).bot(),
      image('cats/nobody.jpg', { text: 'This is nobody' }),
    );
    assert.ok(isPartlySentError(error) && isAttachmentError(error.cause));
    for (const { page, recipient } of [error, error.cause]) {
      assert.deepEqual([page, recipient], [PAGE.id, { id: USER }]);
    }
  });

  it('says for whom an upload, a recovery and a failure behind a message were', async () => {
    const { plugin, told, ...botkit } = await open({ uploads: { attempts: 1 } });
    const seen: unknown[] = [];
    for (const name of ['upload', 'recover'] as const) {
      plugin.on(name, ({ page, recipient }) => seen.push([name, page, recipient]));
    }
    const bot = await botkit.bot('7008');
    platform.sim.addFaults({ purpose: 'upload-file', error: { code: 1200 } });
    await say(bot, TOM);
    await say(bot, TOM);
    platform.sim.revokeAll();
    await say(bot, TOM);
    const recipient = { id: '7008' };
    await until('a new ID is made', () => seen.length === 3);
    assert.deepEqual(seen.sort(), [
      ['recover', PAGE.id, recipient],
      ['upload', PAGE.id, recipient],
      ['upload', PAGE.id, recipient],
    ]);
    assert.deepEqual(
      told.map(({ message }) => message),
      [{ page: PAGE.id, recipient, sentAnyway: true }],
    );
    assert.deepEqual([told[0]?.error.page, told[0]?.error.recipient], [PAGE.id, recipient]);
    await plugin.warm([image('cats/mia.jpg')]);
    assert.deepEqual(seen.at(-1), ['upload', PAGE.id, undefined]);
  });
});
