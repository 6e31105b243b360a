import assert from 'node:assert/strict';
import { ActivityHandler, type TurnContext } from 'botbuilder';
import { FacebookEventTypeMiddleware } from 'botbuilder-adapter-facebook';
import { BotkitConversation, type BotkitMessage, type BotWorker } from 'botkit';
import { Agent } from 'undici';
import { FacebookAttachmentCache, image } from '../../src';
import { deepFreeze } from '../support/checks/deep-freeze';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { ASSETS } from '../support/files/assets';
import { createAdapter, type Bot, type RunningBotkit } from '../support/bot/botkit';
import { PAGE } from '../support/platform/pages';
import { openWebhook } from '../support/platform/webhook';

const USER = '7001';
const CAT = deepFreeze(image('cats/tom.jpg'));
const PARAMS = deepFreeze({ recipient: { id: USER }, message: CAT });

/** One way for a picture to leave a bot. */
type Way = (botkit: RunningBotkit) => Promise<void>;

const ways: Record<string, Way> = {
  'bot.reply': inTurn(async (bot, message) => {
    await bot.reply(message, CAT);
  }),
  'bot.say': inTurn(async (bot) => {
    await bot.say(CAT);
  }),
  'bot.reply to a postback': async ({ adapter, controller, sim }) => {
    adapter.use(new FacebookEventTypeMiddleware());
    controller.on('facebook_postback', (bot, message) => bot.reply(message, CAT));
    await sim.say({ page: PAGE.id, user: USER, text: 'Cats', payload: 'cats', postback: true });
  },
  'bot.say with channelData.attachment': inTurn(async (bot) => {
    await bot.say({ channelData: CAT });
  }),
  'bot.say after bot.changeContext': async (botkit) => {
    const { reference } = await hear(botkit);
    const bot = await botkit.controller.spawn();
    await bot.changeContext(reference);
    await bot.say(CAT);
  },
  'bot.say after startConversationWithUser': async ({ controller }) => {
    const bot = (await controller.spawn(PAGE.id)) as Bot;
    await bot.startConversationWithUser(USER);
    await bot.say(CAT);
  },
  'context.sendActivity': inTurn(async (_bot, { context }) => {
    await (context as TurnContext).sendActivity({ type: 'message', channelData: CAT });
  }),
  'context.sendActivities': inTurn(async (_bot, { context }) => {
    await (context as TurnContext).sendActivities([{ type: 'message', channelData: CAT }]);
  }),
  'adapter.continueConversation': async (botkit) => {
    const { reference } = await hear(botkit);
    await botkit.adapter.continueConversation(reference, async (context) => {
      await context.sendActivity({ type: 'message', channelData: CAT });
    });
  },
  'bot.api.callAPI': inTurn(async (bot) => {
    await (bot as Bot).api.callAPI('/me/messages', 'POST', PARAMS);
  }),
  'bot.api.callAPI with the ID of the page': inTurn(async (bot) => {
    await (bot as Bot).api.callAPI(`/${PAGE.id}/messages`, 'post', PARAMS);
  }),
  'what a conversation says': inConversation((conversation) => {
    conversation.say({ attachment: CAT.attachment });
  }),
  'what a conversation says in channelData': inConversation((conversation) => {
    conversation.say({ channelData: CAT });
  }),
  'what a conversation makes up as it says it': inConversation((conversation) => {
    conversation.say({ attachment: () => structuredClone(CAT.attachment) });
  }),
  'what a conversation asks': inConversation((conversation) => {
    conversation.ask({ attachment: CAT.attachment }, [], 'answer');
  }),
};

describe('a picture goes by its ID', () => {
  const platform = useSimulator();

  async function openBot(): Promise<RunningBotkit> {
    const webhook = platform.closeAfterTest(await openWebhook());
    platform.sim.setWebhook(webhook.url);
    return platform.openBotkit({ configuration: { webserver: webhook.webserver } });
  }

  for (const [name, go] of Object.entries(ways)) {
    it(`however it is sent: ${name}`, async () => {
      const botkit = await openBot();
      await go(botkit);
      const { message, attachment } = onlyArrival(botkit.sim, USER);
      assert.equal(attachment.name, 'tom.jpg');
      assert.equal(attachment.attachmentId, botkit.sim.assets()[0]?.id);
      assert.equal(message.text, undefined);
      assert.deepEqual(calls(botkit.sim), ['upload-file', 'send-id']);
      assert.deepEqual([botkit.errors, botkit.consoleErrors], [[], []]);
    });
  }

  it('which all ways share: one upload', async () => {
    const botkit = await openBot();
    for (const go of Object.values(ways)) await go(botkit);
    const count = Object.keys(ways).length;
    assert.equal(arrived(botkit.sim, USER).length, count);
    assert.deepEqual(callCounts(botkit.sim), { 'upload-file': 1, 'send-id': count });
  });

  it('from a bot made with BotBuilder alone', async () => {
    const webhook = platform.closeAfterTest(await openWebhook());
    const dispatcher = platform.closeAfterTest(new Agent({ connect: { ca: platform.sim.ca } }));
    const adapter = createAdapter(platform.sim, [PAGE]);
    const plugin = new FacebookAttachmentCache({ root: ASSETS, dispatcher }).attach(adapter);
    platform.closeAfterTest(plugin);
    const bot = new ActivityHandler().onMessage(async (context, next) => {
      await context.sendActivity({ type: 'message', channelData: CAT });
      await next();
    });
    webhook.webserver.post('/api/messages', (request, response, next) => {
      adapter.processActivity(request, response, (context) => bot.run(context)).catch(next);
    });
    platform.sim.setWebhook(webhook.url);
    const said = await platform.sim.say({ page: PAGE.id, user: USER, text: 'picture' });
    assert.equal(said.status, 200);
    assert.equal(onlyArrival(platform.sim, USER).attachment.name, 'tom.jpg');
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id']);
  });

  it('and bot.say tells the ID of the message, as the adapter does', async () => {
    const botkit = await platform.openBotkit();
    const bot = await botkit.bot();
    const response = (await bot.say(CAT)) as { id: string };
    assert.equal(response.id, onlyArrival(botkit.sim).message.mid);
  });

  it('and bot.api.callAPI answers what the platform answers', async () => {
    const botkit = await platform.openBotkit();
    const bot = await botkit.bot();
    const answer = await bot.api.callAPI('/me/messages', 'POST', PARAMS);
    assert.deepEqual(answer, { recipient_id: USER, message_id: onlyArrival(botkit.sim).message.mid });
  });
});

let said = 0;

/** The user says something that nobody has said before; the bot hears it. */
function inTurn(work: (bot: BotWorker, message: BotkitMessage) => Promise<void>): Way {
  return async ({ controller, sim }) => {
    const text = `hello ${++said}`;
    controller.hears(new RegExp(`^${text}$`), 'message', work);
    const { status } = await sim.say({ page: PAGE.id, user: USER, text });
    assert.equal(status, 200);
  };
}

/** What the user said, after the turn. */
async function hear(botkit: RunningBotkit): Promise<BotkitMessage> {
  const heard: BotkitMessage[] = [];
  await inTurn((_bot, message) => Promise.resolve(void heard.push(message)))(botkit);
  const [message] = heard;
  assert.ok(message);
  return message;
}

function inConversation(write: (conversation: BotkitConversation) => void): Way {
  return async (botkit) => {
    const name = `conversation ${++said}`;
    const conversation = new BotkitConversation(name, botkit.controller);
    write(conversation);
    botkit.controller.addDialog(conversation);
    await inTurn((bot) => bot.beginDialog(name))(botkit);
    // What the user says next is not an answer to its question.
    const bot = await botkit.bot();
    await bot.cancelAllDialogs();
    await botkit.controller.saveState(bot);
  };
}
