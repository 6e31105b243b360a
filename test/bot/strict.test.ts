import assert from 'node:assert/strict';
import type { TurnContext } from 'botbuilder';
import { Botkit, BotkitConversation, type BotWorker } from 'botkit';
import { setTimeout as wait } from 'node:timers/promises';
import sinon from 'sinon';
import { AttachmentError, FacebookAttachmentCache, GraphError, image, type SendResult } from '../../src';
import { BAD_MESSAGES, writeBadFiles } from '../support/bot/bad-attachments';
import { useFolder } from '../support/files/folder';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { PAGE } from '../support/platform/pages';
import {
  createAdapter,
  type Bot,
  type RunningBotkit,
  type RunningBotkitOptions,
} from '../support/bot/botkit';
import { watchProcess } from '../support/checks/process-problems';
import { warningsOf } from '../support/checks/warnings';
import { until } from '../support/checks/waiting';
import { openWebhook } from '../support/platform/webhook';
import { openWebsite } from '../support/platform/website';

/** A dialog of the Bot Framework: steps, each of which begins when the person has answered to the one before. */
type StepsDialog = new (
  id: string,
  steps: ((step: { context: TurnContext; endDialog(): Promise<unknown> }) => Promise<unknown>)[],
) => Parameters<Botkit['addDialog']>[0];

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
    const about = { page: PAGE.id, recipient: { id: '7009' } };
    await assert.rejects((await botkit.bot('7009')).say(image('no.jpg')) as Promise<unknown>, about);
    assert.deepEqual(told, [about]);
  });

  it('gives each message its own time to wait, also if people share an attachment object', async () => {
    const { sim, errors, ...botkit } = await openBot({ uploadWait: 700 });
    const [first, second] = [await botkit.bot('7001'), await botkit.bot('7002')];
    const { url } = platform.closeAfterTest(await openWebsite());
    const shared = image(`${url}/cats/tom.jpg`);
    sim.addFaults({ purpose: 'upload-url', delayMs: 1_100, times: 1 });
    const one = first.say(shared);
    await wait(600);
    await Promise.all([one, second.say(shared)]);
    assert.deepEqual(callCounts(sim), { 'upload-url': 1, 'send-url': 1, 'send-id': 1 });
    assert.deepEqual(errors, []);
  });

  it('a warning tells of it if nobody listens to the event', async () => {
    const { plugin, ...botkit } = await openBot();
    const bot = await botkit.bot();
    plugin.removeAllListeners('error');
    const [warning = '', ...others] = await warningsOf(async () => {
      await assert.rejects(bot.say(image('no.jpg')) as Promise<unknown>);
    });
    assert.match(warning, /AttachmentError: Cannot send image "no\.jpg"/);
    assert.deepEqual(others, []);
  });

  it('no warning tells of it if somebody listens to the event', async () => {
    const { errors, ...botkit } = await openBot();
    const bot = await botkit.bot();
    const warnings = await warningsOf(async () => {
      await assert.rejects(bot.say(image('no.jpg')) as Promise<unknown>);
    });
    assert.deepEqual([warnings, errors.length], [[], 1]);
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

  describe('what a person typed ends neither process nor script:', () => {
    async function open(
      write: (botkit: RunningBotkit) => void,
    ): Promise<{ errors: Error[]; say: (text: string) => Promise<void> }> {
      const webhook = platform.closeAfterTest(await openWebhook());
      platform.sim.setWebhook(webhook.url);
      const botkit = await openBot({ configuration: { webserver: webhook.webserver } });
      write(botkit);
      const say = async (text: string): Promise<void> => {
        const { status } = await platform.sim.say({ page: PAGE.id, user: '7001', text });
        assert.equal(status, 200);
      };
      return { errors: botkit.errors, say };
    }

    const codes = (errors: readonly Error[]) => errors.map((error) => (error as { code?: unknown }).code);

    it('a script reports its message once, and goes on', async () => {
      const { errors, say } = await open(({ controller }) => {
        const conversation = new BotkitConversation('the script', controller);
        conversation.ask('Whom do you like?', [], 'cat').say(image('{{vars.cat}}.jpg')).say('The end');
        controller.addDialog(conversation);
        controller.hears('begin', 'message', (bot) => bot.beginDialog('the script'));
      });
      await say('begin');
      await say('nobody');
      assert.deepEqual(texts(), ['Whom do you like?', 'The end']);
      assert.deepEqual(codes(errors), ['ERR_ATTACHMENT_NOT_FOUND']);
      await say('begin');
      await say('tom');
      assert.equal(arrived(platform.sim).at(-2)?.attachments[0]?.name, 'tom.jpg');
      assert.equal(errors.length, 1);
    });

    it('so does what a script asks, also one that was added before the plugin', async () => {
      const controller = new Botkit({
        adapter: createAdapter(platform.sim, [PAGE]),
        disable_webserver: true,
        disable_console: true,
      });
      const conversation = new BotkitConversation('the script', controller);
      conversation.ask(image('no.jpg'), [], 'answer').say('The end');
      controller.addDialog(conversation);
      const plugin = platform.closeAfterTest(
        new FacebookAttachmentCache({ strict: true, root: folder.path }),
      );
      const errors: Error[] = [];
      plugin.on('error', (error) => errors.push(error));
      controller.usePlugin(plugin);
      const bot = (await controller.spawn(PAGE.id)) as Bot;
      await bot.startConversationWithUser('7001');
      const print = sinon.stub(console, 'error');
      await bot.beginDialog('the script').finally(() => {
        print.restore();
      });
      assert.deepEqual(texts(), []);
      assert.deepEqual(codes(errors), ['ERR_ATTACHMENT_NOT_FOUND']);
    });

    it('so do the hooks of a script', async () => {
      const { errors, say } = await open(({ controller }) => {
        const conversation = new BotkitConversation('the script', controller);
        conversation.say('Look:').say('The end');
        conversation.before('default', async (_conversation, bot) => {
          const { error } = (await bot.say(image('no.jpg'))) as SendResult;
          assert.equal((error as { code?: unknown } | undefined)?.code, 'ERR_ATTACHMENT_NOT_FOUND');
        });
        // Botkit waits for it, and its types do not say so.
        const after: unknown = (_results: unknown, bot: BotWorker) => bot.say(image('neither.jpg'));
        conversation.after(after as (results: unknown, bot: BotWorker) => void);
        controller.addDialog(conversation);
        controller.hears('begin', 'message', (bot) => bot.beginDialog('the script'));
      });
      await say('begin');
      assert.deepEqual(texts(), ['Look:', 'The end']);
      assert.equal(errors.length, 2);
    });

    const handlers: [what: string, write: (botkit: RunningBotkit) => void][] = [
      [
        'hears',
        ({ controller }) => {
          controller.hears(/./, 'message', async (bot, message) => {
            await bot.reply(message, image(`${message.text ?? ''}.jpg`));
          });
        },
      ],
      [
        'on',
        ({ controller }) => {
          controller.on('message', async (bot, message) => {
            await bot.reply(message, image(`${message.text ?? ''}.jpg`));
          });
        },
      ],
      [
        'interrupts',
        ({ controller }) => {
          controller.interrupts(/./, 'message', async (bot, message) => {
            await bot.say(image(`${message.text ?? ''}.jpg`));
          });
        },
      ],
      [
        'a dialog of steps',
        ({ controller }) => {
          controller.addDialog(new BotkitConversation('any', controller));
          // What Botkit wraps a conversation in.
          const Steps = controller.dialogSet.find('any:botkit-wrapper')?.constructor as StepsDialog;
          const steps = new Steps('steps', [
            () => Promise.resolve({ status: 'waiting' }),
            async (step) => {
              const bot = await controller.spawn(step.context);
              await bot.say(image(`${step.context.activity.text}.jpg`));
              return step.endDialog();
            },
          ]);
          controller.addDialog(steps);
          controller.hears('nobody', 'message', (bot) => bot.beginDialog('steps'));
        },
      ],
    ];
    for (const [what, write] of handlers) {
      it(`a handler that catches nothing: ${what}`, async () => {
        const { errors, say } = await open(write);
        await say('nobody');
        if (what === 'a dialog of steps') await say('nobody');
        await until('it is reported', () => errors.length === 1);
        assert.deepEqual(codes(errors), ['ERR_ATTACHMENT_NOT_FOUND']);
        if (what === 'a dialog of steps') return;
        await say('tom');
        await until('the bot answers', () => arrived(platform.sim).length === 1);
        onlyArrival(platform.sim);
        assert.equal(errors.length, 1);
      });
    }

    it('a handler that does not wait for bot.reply, whose error says so if it has ended before', async () => {
      const { errors, say } = await open(({ controller }) => {
        controller.hears(/./, 'message', (bot, message) => {
          void bot.reply(message, image(`${message.text ?? ''}.jpg`));
          return Promise.resolve();
        });
      });
      await say('nobody');
      await until('it is reported', () => errors.length === 1);
      assert.deepEqual(codes(errors), ['ERR_ATTACHMENT_NOT_FOUND']);
      await say('tom');
      await until('it is reported', () => errors.length === 2);
      assert.equal(codes(errors)[1], 'ERR_ATTACHMENT_HANDLER_ENDED');
      assert.match(
        errors[1]?.message ?? '',
        /^Cannot send image tom\.jpg: .* Write `await` before `bot\.reply`/,
      );
    });

    it('what another middleware rejects with can be caught, and ends nothing else', async () => {
      const botkit = await openBot();
      const fail = (_bot: unknown, _activity: unknown, next: (error: Error) => void) => {
        next(new Error('of another plugin'));
      };
      botkit.controller.usePlugin({ name: 'another', middlewares: { send: [fail] } });
      const watched = watchProcess();
      const bot = await botkit.bot();
      await assert.rejects(bot.say('Hello') as Promise<unknown>, { message: 'of another plugin' });
      await new Promise(setImmediate);
      assert.deepEqual(await watched.stop(), []);
    });

    it('what else a handler throws stays Botkit’s matter', async () => {
      const botkit = await openBot();
      botkit.controller.hears('fail', 'message', () => Promise.reject(new Error('of the author')));
      const handled = (
        botkit.controller as unknown as { listenForTriggers(bot: unknown, message: object): Promise<unknown> }
      ).listenForTriggers(await botkit.bot(), { type: 'message', text: 'fail' });
      await assert.rejects(handled, { message: 'of the author' });
    });
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
