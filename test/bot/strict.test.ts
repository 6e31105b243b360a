import assert from 'node:assert/strict';
import type { TurnContext } from 'botbuilder';
import { BotkitConversation } from 'botkit';
import { AttachmentError, GraphError, image } from '../../src';
import { BAD_MESSAGES, writeBadFiles } from '../support/bot/bad-attachments';
import { useFolder } from '../support/files/folder';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { PAGE } from '../support/platform/pages';
import type { RunningBotkitOptions } from '../support/bot/botkit';
import { openWebhook } from '../support/platform/webhook';
import { openWebsite } from '../support/platform/website';

describe('in strict mode', () => {
  const platform = useSimulator();
  const folder = useFolder();
  beforeEach(() => writeBadFiles(folder));

  const openBot = (options: RunningBotkitOptions = {}) =>
    platform.openBotkit({ strict: true, root: folder.path, ...options });

  const texts = () => arrived(platform.sim).map(({ text }) => text);

  for (const { what, code, write } of BAD_MESSAGES) {
    it(`bot.say rejects: ${what}, ${code}`, async () => {
      const { sim, plugin, errors, consoleErrors: lines, ...botkit } = await openBot();
      const bot = await botkit.bot();
      const said = bot.say(write(folder)) as Promise<unknown>;
      await assert.rejects(said, (error) => error instanceof AttachmentError && error.code === code);
      await assert.rejects(said, (error) => error === errors[0]);
      // Whoever catches it decides what is logged.
      assert.deepEqual(lines, []);
      assert.deepEqual([sim.calls(), sim.assets(), await plugin.list()], [[], [], []]);
      await bot.say(image('tom.jpg'));
      assert.equal(onlyArrival(sim).attachment.name, 'tom.jpg');
      assert.equal(errors.length, 1);
    });
  }

  it('the event says for whom the message was, and of which page', async () => {
    const { plugin, ...botkit } = await openBot();
    const told: unknown[] = [];
    plugin.on('error', (_error, message) => told.push(message));
    await assert.rejects((await botkit.bot('7009')).say(image('no.jpg')) as Promise<unknown>);
    assert.deepEqual(told, [{ page: PAGE.id, recipient: { id: '7009' } }]);
  });

  it('bot.reply rejects, and the bot can send something else', async () => {
    const webhook = platform.closeAfterTest(await openWebhook());
    platform.sim.setWebhook(webhook.url);
    const { controller, errors } = await openBot({ configuration: { webserver: webhook.webserver } });
    controller.hears('picture', 'message', async (bot, message) => {
      await assert.rejects(bot.reply(message, image('no.jpg')) as Promise<unknown>, {
        code: 'ERR_ATTACHMENT_NOT_FOUND',
      });
      await bot.reply(message, 'No picture today');
    });
    const { status } = await platform.sim.say({ page: PAGE.id, user: '7001', text: 'picture' });
    assert.equal(status, 200);
    assert.deepEqual(texts(), ['No picture today']);
    assert.equal(errors.length, 1);
  });

  it('an address that the platform cannot fetch rejects, too', async () => {
    const website = platform.closeAfterTest(await openWebsite());
    const { errors, consoleErrors: lines, ...botkit } = await openBot();
    const bot = await botkit.bot();
    await assert.rejects(
      bot.say(image(`${website.url}/no.jpg`)) as Promise<unknown>,
      (error) => error instanceof GraphError && error.subcode === 2018008,
    );
    assert.deepEqual(calls(platform.sim), ['upload-url 100/2018008', 'upload-url 100/2018008']);
    assert.deepEqual([errors.length, lines.length], [1, 0]);
  });

  it('what a conversation says rejects whoever began it', async () => {
    const { controller, errors, consoleErrors: lines, ...botkit } = await openBot();
    const conversation = new BotkitConversation('the script', controller);
    conversation.say('Look:').say(image('no.jpg')).say('The end');
    controller.addDialog(conversation);
    const bot = await botkit.bot();
    // The dialogs wrap whatever is thrown in them.
    await assert.rejects(bot.beginDialog('the script'), (wrapper: { error: unknown }) => {
      assert.equal(wrapper.error, errors[0]);
      return true;
    });
    assert.deepEqual(texts(), ['Look:']);
    assert.deepEqual([errors.length, lines.length], [1, 0]);
  });

  it('what a conversation asks is reported by Botkit, which goes on without it', async () => {
    const { controller, errors, consoleErrors: lines, ...botkit } = await openBot();
    const conversation = new BotkitConversation('the script', controller);
    conversation.ask({ attachment: image('no.jpg').attachment }, [], 'answer').say('The end');
    controller.addDialog(conversation);
    const bot = await botkit.bot();
    await bot.beginDialog('the script');
    assert.deepEqual(texts(), ['Failed to start prompt the script_default_prompt', 'The end']);
    assert.deepEqual(lines, [[errors[0]]]);
    assert.ok(errors[0] instanceof AttachmentError);
    assert.equal(errors.length, 1);
  });

  it('context.sendActivity, which must not throw, reports it', async () => {
    const { errors, consoleErrors: lines, ...botkit } = await openBot();
    const context = (await botkit.bot()).getConfig('context') as TurnContext;
    await context.sendActivity({ type: 'message', channelData: image('no.jpg') });
    assert.deepEqual(lines, [['Error sending activity to Facebook:', errors[0]]]);
    assert.equal(errors.length, 1);
  });

  it('a good attachment is uploaded once and sent once', async () => {
    const { sim, errors, consoleErrors: lines, ...botkit } = await openBot();
    const bot = await botkit.bot();
    await bot.say('Hello');
    await bot.say(image('tom.jpg', { reusable: false }));
    await bot.say(image('tom.jpg'));
    await bot.say(image('tom.jpg'));
    assert.deepEqual(calls(sim), ['send-text', 'send-file', 'upload-file', 'send-id', 'send-id']);
    assert.equal(arrived(sim).length, 4);
    assert.deepEqual([errors, lines], [[], []]);
  });

  it('the first message may still save what it sends', async () => {
    const { sim, ...botkit } = await openBot({ save: 'send' });
    const bot = await botkit.bot();
    await bot.say(image('tom.jpg'));
    await bot.say(image('tom.jpg'));
    assert.deepEqual(calls(sim), ['send-file', 'send-id']);
  });

  it('a dead ID does not reject', async () => {
    const { sim, errors, consoleErrors: lines, ...botkit } = await openBot();
    const bot = await botkit.bot();
    await bot.say(image('tom.jpg'));
    sim.revokeAll();
    await bot.say(image('tom.jpg'));
    assert.equal(arrived(sim).length, 2);
    assert.deepEqual([errors, lines], [[], []]);
  });

  it('an upload that fails does not reject while the message can go in one step', async () => {
    const { sim, consoleErrors: lines, ...botkit } = await openBot({ uploads: { attempts: 1 } });
    sim.addFaults({ purpose: 'upload-file', error: { code: 1200 }, times: 2 });
    const bot = await botkit.bot();
    await bot.say(image('tom.jpg'));
    onlyArrival(sim);
    assert.equal(callCounts(sim)['send-file'], 1);
    assert.deepEqual(lines, []);
  });
});
