import assert from 'node:assert/strict';
import { image } from '../../src';
import { deepFreeze } from '../support/checks/deep-freeze';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import type { Bot } from '../support/bot/botkit';
import { openWebhook } from '../support/platform/webhook';

const BOTH = [PAGE, OTHER_PAGE];
const USER = '7001';
const CAT = deepFreeze(image('cats/tom.jpg'));
const PARAMS = deepFreeze({ recipient: { id: USER }, message: CAT });

describe('pages', () => {
  const platform = useSimulator();

  it('have IDs of their own for the same file', async () => {
    const { sim, ...botkit } = await platform.openBotkit({ pages: BOTH });
    for (const { id } of BOTH) {
      const bot = await botkit.bot(USER, id);
      await bot.say(CAT);
      await bot.say(CAT);
    }
    for (const { id } of BOTH) {
      const ids = arrived(sim, USER, id).map(({ attachments }) => attachments[0]?.attachmentId);
      const own = sim.assets().find(({ page }) => page === id)?.id;
      assert.deepEqual(ids, [own, own]);
    }
    assert.deepEqual(callCounts(sim), { 'upload-file': 2, 'send-id': 4 });
  });

  it('upload once each, however many send at once', async () => {
    const { sim, ...botkit } = await platform.openBotkit({ pages: BOTH });
    const users = Array.from({ length: 20 }, (_, index) => String(8000 + index));
    const send = async (user: string, page: string): Promise<void> => {
      const bot = await botkit.bot(user, page);
      await bot.say(CAT);
    };
    await Promise.all(users.flatMap((user) => BOTH.map(({ id }) => send(user, id))));
    for (const { id } of BOTH) for (const user of users) onlyArrival(sim, user, id);
    assert.deepEqual(callCounts(sim), { 'upload-file': 2, 'send-id': 40 });
  });

  it('answer for themselves in the turns of one webhook', async () => {
    const webhook = platform.closeAfterTest(await openWebhook());
    platform.sim.setWebhook(webhook.url);
    const { sim, controller } = await platform.openBotkit({
      pages: BOTH,
      configuration: { webserver: webhook.webserver },
    });
    controller.hears('picture', 'message', (bot, message) => bot.reply(message, CAT));
    for (const { id } of BOTH) await sim.say({ page: id, user: USER, text: 'picture' });
    for (const { id } of BOTH) {
      const { attachment } = onlyArrival(sim, USER, id);
      assert.equal(attachment.attachmentId, sim.assets().find(({ page }) => page === id)?.id);
    }
  });

  for (const [mode, pages] of [
    ['the only page', [PAGE]],
    ['one of several', BOTH],
  ] as const) {
    it(`are known from an echo, too: ${mode}`, async () => {
      const webhook = platform.closeAfterTest(await openWebhook());
      const { sim, ...botkit } = await platform.openBotkit({
        pages: [...pages],
        configuration: { webserver: webhook.webserver },
      });
      botkit.controller.on('event', async (bot) => {
        await (bot as Bot).api.callAPI('/me/messages', 'POST', PARAMS);
      });
      const status = await webhook.deliver({
        sender: { id: PAGE.id },
        recipient: { id: USER },
        timestamp: 1,
        message: { is_echo: true, app_id: 1, mid: 'm_1', text: 'A colleague wrote this' },
      });
      assert.equal(status, 200);
      // The ID of the page, and not that of the user, is what the attachment is kept under.
      await (await botkit.bot()).say(CAT);
      assert.equal(arrived(sim, USER).length, 2);
      assert.deepEqual(callCounts(sim), { 'upload-file': 1, 'send-id': 2 });
    });
  }

  it('are not asked for their ID when the path of the call names it', async () => {
    const { sim, controller } = await platform.openBotkit();
    const bot = (await controller.spawn()) as Bot;
    await bot.api.callAPI(`/${PAGE.id}/messages`, 'POST', PARAMS);
    onlyArrival(sim, USER);
    assert.deepEqual(calls(sim), ['upload-file', 'send-id']);
  });

  it('whose ID comes as a number have records that another bot takes', async () => {
    const store = new Map<string, unknown>();
    for (let bots = 0; bots < 2; bots++) {
      const { adapter } = await platform.openBotkit({ store });
      const api = (await adapter.getAPI({ recipient: { id: Number(PAGE.id) } } as never)) as Bot['api'];
      await api.callAPI('/me/messages', 'POST', PARAMS);
    }
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 1, 'send-id': 2 });
  });

  it('are asked for their ID once, if the bot was spawned without one', async () => {
    const { sim, controller, ...botkit } = await platform.openBotkit();
    for (let count = 0; count < 3; count++) {
      const bot = (await controller.spawn()) as Bot;
      await bot.api.callAPI('/me/messages', 'POST', PARAMS);
    }
    assert.deepEqual(calls(sim), ['read', 'upload-file', 'send-id', 'send-id', 'send-id']);
    await (await botkit.bot()).say(CAT);
    assert.equal(arrived(sim, USER).length, 4);
    assert.deepEqual(calls(sim).slice(5), ['send-id']);
  });

  it('that do not tell their ID still get the message through, and are not asked at each message', async () => {
    const { sim, controller, errors } = await platform.openBotkit();
    sim.addFaults({ purpose: 'read', times: 3, error: { code: 2 } });
    for (let count = 0; count < 2; count++) {
      const bot = (await controller.spawn()) as Bot;
      await bot.api.callAPI('/me/messages', 'POST', PARAMS);
    }
    assert.deepEqual(calls(sim), ['read 2', 'read 2', 'read 2', 'send-file', 'send-file']);
    assert.equal(arrived(sim, USER).length, 2);
    assert.deepEqual(
      errors.map(({ name }) => name),
      ['GraphError'],
    );
  });
});
