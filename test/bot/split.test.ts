import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import type { TurnContext } from 'botbuilder';
import { FacebookAPI } from 'botbuilder-adapter-facebook';
import { BotkitConversation } from 'botkit';
import sinon from 'sinon';
import { Agent } from 'undici';
import type { Fault } from 'messenger-platform-simulator';
import {
  AttachmentError,
  GraphError,
  image,
  PartlySentError,
  TransportError,
  type FailedMessage,
} from '../../src';
import { deepFreeze } from '../support/checks/deep-freeze';
import { sha256 } from '../support/checks/sha256';
import { until } from '../support/checks/waiting';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, callCounts, calls } from '../support/platform/received';
import { openTcpRelay } from '../support/platform/tcp-relay';
import { openWebsite } from '../support/platform/website';
import { useFolder } from '../support/files/folder';
import { readAsset } from '../support/files/assets';
import { PAGE } from '../support/platform/pages';
import type { Bot, RunningBotkit, RunningBotkitOptions } from '../support/bot/botkit';

const USER = '7001';
const TEXT = 'This is Tom';
const TOM = deepFreeze(image('cats/tom.jpg', { text: TEXT }));
const QUICK_REPLIES = deepFreeze([{ content_type: 'text', title: 'More', payload: 'more' }]);
const ABOUT: FailedMessage = { page: PAGE.id, recipient: { id: USER } };

const template = (payload: object): object => ({ attachment: { type: 'template', payload } });
const BUTTONS = template({
  template_type: 'button',
  text: 'Go on?',
  buttons: [{ type: 'postback', title: 'Yes', payload: 'yes' }],
});

const UNAVAILABLE: Fault = { error: { code: 551, subcode: 1545041 } };

describe('a text beside an attachment', () => {
  const platform = useSimulator();
  const folder = useFolder();
  afterEach(() => {
    sinon.restore();
  });

  async function openBot(options: RunningBotkitOptions = {}) {
    const botkit = await platform.openBotkit(options);
    const reports: (readonly [error: Error, message: FailedMessage | undefined])[] = [];
    botkit.plugin.on('error', (error, message) => reports.push([error, message]));
    const bot = await botkit.bot(USER);
    return { ...botkit, reports, speaker: bot, post: (message: object) => post(bot, message) };
  }

  /** What the user sees, message by message. */
  const seen = (user = USER): string[] =>
    arrived(platform.sim, user).map(({ text, attachments, template: shown }) =>
      [text, ...attachments.map(({ name }) => name), shown && 'a template'].filter(Boolean).join(' + '),
    );

  const ways: Record<string, (botkit: RunningBotkit, bot: Bot) => Promise<unknown>> = {
    'bot.say': (_, bot) => bot.say(TOM) as Promise<unknown>,
    'bot.say with channelData.attachment': (_, bot) =>
      bot.say({ text: TEXT, channelData: image('cats/tom.jpg') }) as Promise<unknown>,
    'bot.reply': async (_, bot) => {
      const { activity } = bot.getConfig('context') as TurnContext;
      const message = { incoming_message: activity, user: USER, channel: USER, text: 'Hi', value: '' };
      await bot.reply(message, TOM);
    },
    'context.sendActivity': (_, bot) =>
      contextOf(bot).sendActivity({ type: 'message', text: TEXT, channelData: image('cats/tom.jpg') }),
    'a Bot Framework attachment': (_, bot) =>
      bot.say({
        text: TEXT,
        attachments: [{ contentType: 'image/jpeg', contentUrl: 'cats/tom.jpg' }],
      }) as Promise<unknown>,
    'bot.api.callAPI': (_, bot) => post(bot, TOM),
    'a client of connect': ({ plugin, sim }) => {
      const { token: accessToken, secret: appSecret } = PAGE;
      return plugin.connect({ accessToken, appSecret, apiHost: sim.host }).send(USER, TOM);
    },
    'what a conversation says': (botkit, bot) =>
      converse(botkit, bot, (conversation) => conversation.say({ text: [TEXT], attachment: TOM.attachment })),
    'what a conversation asks': (botkit, bot) =>
      converse(botkit, bot, (conversation) =>
        conversation.ask({ text: [TEXT], attachment: TOM.attachment }, [], 'answer'),
      ),
  };
  for (const [way, go] of Object.entries(ways)) {
    it(`goes as a message before it: ${way}`, async () => {
      const botkit = await openBot();
      await go(botkit, botkit.speaker);
      assert.deepEqual(seen(), [TEXT, 'tom.jpg']);
      const made = calls(platform.sim).filter((call) => call !== 'read');
      assert.deepEqual(made, ['upload-file', 'send-text', 'send-id']);
      assert.deepEqual([botkit.errors, botkit.consoleErrors], [[], []]);
    });
  }

  it('goes before an attachment_id of the author’s', async () => {
    const { post: send, sim } = await openBot();
    await send(image('cats/tom.jpg'));
    const [{ id: attachment_id } = assert.fail('nothing was uploaded')] = sim.assets();
    await send({ text: TEXT, attachment: { type: 'image', payload: { attachment_id } } });
    assert.deepEqual(seen(), ['tom.jpg', TEXT, 'tom.jpg']);
  });

  it('goes before a template', async () => {
    const { post: send } = await openBot();
    await send({ text: TEXT, ...BUTTONS });
    assert.deepEqual(seen(), [TEXT, 'a template']);
  });

  it('and the attachment go by the plugin’s own client, for the adapter’s waits without an end', async () => {
    const own = sinon.spy(FacebookAPI.prototype, 'callAPI');
    const { post: send } = await openBot();
    await send({ text: TEXT, ...BUTTONS });
    await send(TOM);
    assert.equal(own.callCount, 0);
  });

  it('is answered once, by the last message’s answer', async () => {
    const { post: send, speaker } = await openBot();
    const answer = await send(TOM);
    assert.deepEqual(answer, { recipient_id: USER, message_id: arrived(platform.sim)[1]?.mid });
    const said = (await speaker.say(TOM)) as { id: string };
    assert.equal(said.id, arrived(platform.sim)[3]?.mid);
  });

  it('waits for the upload, so that the attachment follows at once', async () => {
    const { post: send } = await openBot();
    platform.sim.addFaults({ purpose: 'upload-file', delayMs: 300 });
    const sent = send(TOM);
    await until('the upload has begun', () => platform.sim.calls().length === 1);
    await wait(100);
    assert.deepEqual(seen(), []);
    await sent;
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-text', 'send-id']);
  });

  it('waits for the message of another that saves the attachment', async () => {
    const { post: send, ...botkit } = await openBot({ save: 'send' });
    platform.sim.addFaults({ purpose: 'send-file', delayMs: 300 });
    const other = await botkit.bot('7002');
    const first = post(other, image('cats/tom.jpg'), '7002');
    await until('it is under way', () => platform.sim.calls().length === 1);
    await Promise.all([first, send(TOM)]);
    assert.deepEqual(calls(platform.sim), ['send-file', 'send-text', 'send-id']);
  });

  describe('with a sender action', () => {
    const callWith = (bot: Bot): Promise<unknown> =>
      bot.api.callAPI('/me/messages', 'POST', {
        recipient: { id: USER },
        sender_action: 'typing_on',
        message: TOM,
      });

    it('follows it, and neither is an error', async () => {
      const { speaker, reports } = await openBot();
      await callWith(speaker);
      assert.deepEqual(seen(), [TEXT, 'tom.jpg']);
      assert.deepEqual(calls(platform.sim), ['upload-file', 'send-action', 'send-text', 'send-id']);
      assert.deepEqual(reports, []);
    });

    it('arrives though that is refused', async () => {
      const { speaker } = await openBot();
      platform.sim.addFaults({ ...UNAVAILABLE, purpose: 'send-action' });
      await assert.rejects(callWith(speaker), PartlySentError);
      assert.deepEqual(seen(), [TEXT, 'tom.jpg']);
    });
  });

  it('is sent once, though the upload fails again and again', async () => {
    sinon.stub(Math, 'random').returns(0.01);
    const { post: send } = await openBot();
    platform.sim.addFaults({ purpose: 'upload-file', error: { code: 2 }, times: 3 });
    await send(TOM);
    assert.deepEqual(seen(), [TEXT, 'tom.jpg']);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file 2': 3, 'send-text': 1, 'send-file': 1 });
  });

  for (const [what, message] of Object.entries({
    'an attachment': TOM,
    'a media template': {
      text: TEXT,
      ...template({ template_type: 'media', elements: [{ media_type: 'image', url: 'cats/tom.jpg' }] }),
    },
  })) {
    it(`is sent once, though the ID of ${what} is dead`, async () => {
      const { post: send, errors } = await openBot();
      await send(message);
      platform.sim.revokeAll();
      await send(message);
      assert.deepEqual(seen().filter((line) => line === TEXT).length, 2);
      assert.equal(seen().length, 4);
      assert.deepEqual(errors, []);
    });
  }

  it('is sent once, though the file changes behind it', async () => {
    const { post: send } = await openBot({ root: folder.path });
    await folder.write('tom.jpg', readAsset('cats/tom.jpg'));
    platform.sim.addFaults({ purpose: 'send-text', delayMs: 300 });
    const sent = send(image('tom.jpg', { text: TEXT, reusable: false }));
    await until('the text is under way', () => platform.sim.calls().length === 1);
    await folder.write('tom.jpg', readAsset('cats/mia.jpg'));
    await sent;
    assert.deepEqual(seen(), [TEXT, 'tom.jpg']);
    const [, { attachments: [shown] } = assert.fail('no attachment')] = arrived(platform.sim);
    assert.equal(shown?.sha256, sha256(readAsset('cats/mia.jpg'), 'hex'));
  });

  it('and the attachment are made again if no connection comes up, and each arrives once', async () => {
    sinon.stub(Math, 'random').returns(0.01);
    const relay = platform.closeAfterTest(await openTcpRelay(platform.sim));
    const { post: send } = await openBot({ dispatcher: relay.dispatcher });
    await send(image('cats/tom.jpg'));
    relay.refuse('refused', 2);
    await send(TOM);
    assert.deepEqual(seen(), ['tom.jpg', TEXT, 'tom.jpg']);
  });

  it('is no text if it is empty', async () => {
    const { post: send } = await openBot();
    await send(image('cats/tom.jpg', { text: '' }));
    await send({ text: '', ...BUTTONS });
    assert.deepEqual(seen(), ['tom.jpg', 'a template']);
    assert.equal(callCounts(platform.sim)['send-text'], undefined);
  });

  it('is prepared in strict mode: if the attachment cannot be sent, neither is the text', async () => {
    const { speaker, errors, consoleErrors } = await openBot({ strict: true });
    const said = speaker.say(image('nowhere.jpg', { text: TEXT })) as Promise<unknown>;
    await assert.rejects(said, { name: 'AttachmentError', code: 'ERR_ATTACHMENT_NOT_FOUND' });
    assert.deepEqual([seen(), errors.length, consoleErrors], [[], 1, []]);
    await speaker.say(TOM);
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-text', 'send-id']);
  });

  describe('that fails', () => {
    const texts: [what: string, fault: Fault, code: number | string][] = [
      ['is refused', UNAVAILABLE, 551],
      ['meets a fault of the platform', { error: { code: 1200 } }, 1200],
      ['is cut off', { reset: 'before' }, 'ERR_GRAPH_INTERRUPTED'],
    ];
    for (const [what, fault, code] of texts) {
      it(`because it ${what}: the attachment is not sent, and both are reported`, async () => {
        const { post: send, reports } = await openBot();
        platform.sim.addFaults({ purpose: 'send-text', ...fault });
        const error = await failureOf(send(TOM));
        assert.ok(error instanceof GraphError || error instanceof TransportError);
        assert.deepEqual([error.code, error.asset], [code, 'a text']);
        assert.match(error.message, /^(Facebook (refused|failed) to|Could not) send a text: /);
        assert.deepEqual(seen(), []);
        assert.equal(callCounts(platform.sim)['send-id'], undefined);
        const [held, text, ...more] = reports;
        assert.deepEqual([text, more], [[error, ABOUT], []]);
        assert.ok(held?.[0] instanceof AttachmentError);
        assert.deepEqual(
          [held[0].code, held[0].asset, held[1]],
          ['ERR_ATTACHMENT_NOT_SENT', 'image cats/tom.jpg', ABOUT],
        );
        assert.equal(held[0].reason, 'the text before it was refused or may not have arrived');
      });
    }

    it('because no answer comes: it may have arrived, so the attachment is not sent', async () => {
      const { ca } = platform.sim;
      const dispatcher = platform.closeAfterTest(new Agent({ connect: { ca }, headersTimeout: 1_000 }));
      const { post: send, reports } = await openBot({ dispatcher });
      platform.sim.addFaults({ purpose: 'send-text', hang: true, accept: true });
      await assert.rejects(send(TOM), { code: 'ERR_GRAPH_INTERRUPTED' });
      assert.deepEqual(seen(), [TEXT]);
      assert.equal(reports.length, 2);
    });
  });

  describe('whose attachment fails', () => {
    const faults: [what: string, fault: Fault, code: string | number][] = [
      ['is refused', { purpose: 'send-id', error: { code: 200 } }, 200],
      ['may have arrived', { purpose: 'send-id', reset: 'before' }, 'ERR_GRAPH_INTERRUPTED'],
      ['cannot be uploaded', { purpose: 'upload-file', error: { code: 100, subcode: 2018047 } }, 100],
    ];
    for (const [what, fault, code] of faults) {
      it(`because it ${what}: the error says that the text has arrived`, async () => {
        const { post: send, reports } = await openBot();
        platform.sim.addFaults(fault);
        const error = await failureOf(send(TOM));
        assert.ok(error instanceof PartlySentError);
        assert.equal((error.cause as { code?: unknown }).code, code);
        const [text, ...more] = arrived(platform.sim);
        assert.deepEqual([text?.text, more], [TEXT, []]);
        assert.deepEqual(error.messageIds, [text?.mid]);
        assert.match(error.message, /Another part of the message has arrived \(a text\)/);
        assert.ok(error.message.startsWith(error.cause.message.replace(/\.$/, '')));
        assert.deepEqual(reports, [[error, ABOUT]]);
      });
    }

    it('leaves the quick replies to the text, if that is known before', async () => {
      const { post: send, speaker, consoleErrors } = await openBot();
      await assert.rejects(send(image('nowhere.jpg', { text: TEXT, quick_replies: QUICK_REPLIES })));
      await speaker.say(image('nowhere.jpg', { text: TEXT, quick_replies: QUICK_REPLIES }));
      for (const { text, quick_replies } of arrived(platform.sim)) {
        assert.deepEqual([text, quick_replies], [TEXT, QUICK_REPLIES]);
      }
      assert.equal(arrived(platform.sim).length, 2);
      assert.equal(consoleErrors.length, 1);
    });
  });

  for (const recipient of [{ comment_id: '1_2' }, { post_id: '1_2' }, { one_time_notif_token: 'token' }]) {
    const [kind = ''] = Object.keys(recipient);
    it(`for a recipient with ${kind}, who permits one message, is reported, and nothing is sent`, async () => {
      const { speaker, reports } = await openBot();
      const params = { recipient, message: TOM };
      const error = await failureOf(speaker.api.callAPI('/me/messages', 'POST', params));
      assert.ok(error instanceof AttachmentError);
      assert.equal(error.code, 'ERR_ATTACHMENT_ONE_MESSAGE');
      assert.deepEqual(reports, [[error, { page: PAGE.id, recipient }]]);
      assert.deepEqual(platform.sim.calls(), []);
    });
  }

  it('of a client of connect is reported with its page, which nobody has named', async () => {
    const { plugin, reports } = await openBot();
    const { token: accessToken, secret: appSecret } = PAGE;
    const page = plugin.connect({ accessToken, appSecret, apiHost: platform.sim.host });
    platform.sim.addFaults({ purpose: 'send-id', ...UNAVAILABLE });
    const error = await failureOf(page.send(USER, TOM));
    assert.deepEqual(reports, [[error, ABOUT]]);
  });

  describe('or several of them', () => {
    const addresses = async (): Promise<[string, string]> => {
      const { url } = platform.closeAfterTest(await openWebsite());
      return [`${url}/paw.png`, `${url}/cats/mia.jpg`];
    };
    const imagesOf = (...sources: (string | Buffer)[]): unknown[] =>
      sources.map((source) => image(source).attachment);

    it('goes first, and web addresses stay in one message', async () => {
      const { post: send } = await openBot();
      await send({ text: TEXT, attachments: imagesOf(...(await addresses())), quick_replies: QUICK_REPLIES });
      assert.deepEqual(seen(), [TEXT, 'paw.png + mia.jpg']);
      assert.deepEqual(
        arrived(platform.sim).map(({ quick_replies }) => quick_replies),
        [undefined, QUICK_REPLIES],
      );
    });

    it('goes out of bot.say, though the adapter drops several images', async () => {
      const { speaker, errors } = await openBot();
      const [paw, mia] = await addresses();
      await speaker.say({ text: TEXT, channelData: { attachments: imagesOf(paw, mia, 'cats/tom.jpg') } });
      assert.deepEqual(seen(), [TEXT, 'paw.png + mia.jpg', 'tom.jpg']);
      assert.deepEqual(errors, []);
    });

    it('need not be there: files and bytes go by their IDs, each in its place', async () => {
      const { post: send } = await openBot();
      const [paw, mia] = await addresses();
      const attachments = imagesOf(paw, 'cats/tom.jpg', mia, readAsset('paw.png'));
      for (let count = 0; count < 2; count++) await send({ attachments });
      assert.deepEqual(seen(), [
        ...['paw.png', 'tom.jpg', 'mia.jpg', 'image.png'],
        ...['paw.png', 'tom.jpg', 'mia.jpg', 'image.png'],
      ]);
      const counts = callCounts(platform.sim);
      assert.deepEqual([counts['upload-file'], counts['send-id']], [2, 4]);
    });

    it('lets those follow that can be sent', async () => {
      const { post: send, reports } = await openBot();
      const attachments = imagesOf('nowhere.png', 'cats/tom.jpg', 'not-there.png');
      const error = await failureOf(send({ text: TEXT, attachments, quick_replies: QUICK_REPLIES }));
      assert.deepEqual(seen(), [TEXT, 'tom.jpg']);
      assert.deepEqual(arrived(platform.sim)[1]?.quick_replies, QUICK_REPLIES);
      assert.ok(error instanceof PartlySentError);
      assert.deepEqual(
        reports.map(([reported, message]) => [reported.message.includes('nowhere'), message]),
        [
          [false, ABOUT],
          [true, ABOUT],
        ],
      );
      assert.equal(error, reports[1]?.[0]);
    });

    it('are reported one by one, if none of them can be sent', async () => {
      const { post: send, reports } = await openBot();
      await assert.rejects(send({ attachments: imagesOf('nowhere.png', 'not-there.png') }), {
        name: 'AttachmentError',
        asset: 'image "nowhere.png"',
      });
      assert.equal(reports.length, 2);
      assert.deepEqual(platform.sim.calls(), []);
    });

    it('are prepared in strict mode', async () => {
      const { speaker, errors } = await openBot({ strict: true });
      const attachments = imagesOf('cats/tom.jpg', 'nowhere.png');
      await assert.rejects(speaker.say({ text: TEXT, channelData: { attachments } }) as Promise<unknown>, {
        code: 'ERR_ATTACHMENT_NOT_FOUND',
      });
      assert.deepEqual([seen(), errors.length], [[], 1]);
    });
  });
});

const post = (bot: Bot, message: object, user = USER): Promise<unknown> =>
  bot.api.callAPI('/me/messages', 'POST', deepFreeze({ recipient: { id: user }, message }));

function contextOf(bot: Bot): TurnContext {
  return bot.getConfig('context') as TurnContext;
}

async function converse(
  { controller }: RunningBotkit,
  bot: Bot,
  write: (conversation: BotkitConversation) => unknown,
): Promise<void> {
  const conversation = new BotkitConversation('the script', controller);
  write(conversation);
  controller.addDialog(conversation);
  await bot.beginDialog('the script');
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => assert.fail('it did not fail'),
    (error: unknown) => error,
  );
}
