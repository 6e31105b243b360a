import assert from 'node:assert/strict';
import type { Activity } from 'botbuilder';
import { FacebookAPI, type FacebookAdapter } from 'botbuilder-adapter-facebook';
import sinon from 'sinon';
import { deepFreeze } from '../support/checks/deep-freeze';
import { recordCalls } from '../support/platform/recorder';
import { useSimulator } from '../support/bot/use-simulator';
import { createAdapter } from '../support/bot/botkit';
import { PAGE } from '../support/platform/pages';

const recipient = { id: '7001' };
const template = (payload: object) => ({ attachment: { type: 'template', payload } });

/** Messages in which there is nothing to find an ID for. */
const MESSAGES: Record<string, Record<string, unknown>> = {
  'a text': { text: 'Hello' },
  'a text with quick replies': {
    text: 'Which?',
    quick_replies: [{ content_type: 'text', title: 'One', payload: '1' }],
  },
  'an attachment_id that the author has': {
    attachment: { type: 'image', payload: { attachment_id: '1857777774821032' } },
  },
  'an attachment_id beside a path': {
    attachment: { type: 'image', payload: { attachment_id: '1857777774821032', url: 'cats/tom.jpg' } },
  },
  'a generic template': template({
    template_type: 'generic',
    elements: [{ title: 'Tom', image_url: 'https://example.com/tom.jpg' }],
  }),
  'a button template': template({ template_type: 'button', text: 'Go?', buttons: [] }),
  'a media template with a Facebook URL': template({
    template_type: 'media',
    elements: [{ media_type: 'video', url: 'https://www.facebook.com/cats/videos/1/' }],
  }),
  'a media template with an attachment_id that the author has': template({
    template_type: 'media',
    elements: [{ media_type: 'image', attachment_id: '1857777774821032' }],
  }),
  'a type of attachment that is not a file': { attachment: { type: 'fallback', payload: { url: 'x' } } },
};

const CALLS: Record<string, [path: string, method: string, params: object]> = {
  ...Object.fromEntries(
    Object.entries(MESSAGES).map(([name, message]) => [
      name,
      ['/me/messages', 'POST', { recipient, message }] as const,
    ]),
  ),
  'several images in one message': [
    '/me/messages',
    'POST',
    {
      recipient,
      message: { attachments: [{ type: 'image', payload: { url: 'https://example.com/1.jpg' } }] },
    },
  ],
  'a sender_action': ['/me/messages', 'POST', { recipient, sender_action: 'typing_on' }],
  'the profile of the bot': [
    '/me/messenger_profile',
    'POST',
    { message: { attachment: { type: 'image', payload: { url: 'cats/tom.jpg' } } } },
  ],
  'an upload of the author’s own': [
    '/me/message_attachments',
    'POST',
    { message: { attachment: { type: 'image', payload: { url: 'x' } } } },
  ],
  'a read': ['/7001', 'GET', { fields: 'name' }],
};

describe('what has nothing to resolve goes to the adapter’s own client', () => {
  const platform = useSimulator();
  afterEach(() => {
    sinon.restore();
  });

  for (const [name, call] of Object.entries(CALLS)) {
    it(`as the very object that the author gave: ${name}`, async () => {
      const own = sinon.spy(FacebookAPI.prototype, 'callAPI');
      const botkit = await platform.openBotkit();
      const bot = await botkit.bot();
      deepFreeze(call);
      // Whether the platform likes it is not the question here.
      const outcome = await bot.api.callAPI(...call).catch((error: unknown) => error);
      assert.equal(own.callCount, 1);
      assert.equal(own.firstCall.args.length, 3);
      for (const [index, argument] of call.entries()) assert.equal(own.firstCall.args[index], argument);
      assert.equal(outcome, await own.firstCall.returnValue.catch((error: unknown) => error));
      const [made, ...more] = platform.sim.calls();
      assert.deepEqual(more, []);
      const isRefusedMessage = call[0] === '/me/messages' && made?.code !== undefined;
      assert.equal(botkit.errors.length, isRefusedMessage ? 1 : 0);
    });
  }

  for (const [name, { text, ...channelData }] of Object.entries(MESSAGES)) {
    it(`byte for byte as without the plugin: ${name}`, async () => {
      const recorder = platform.closeAfterTest(await recordCalls(platform.sim));
      const { adapter } = await platform.openBotkit({ sim: recorder });
      const activity = { type: 'message', text, channelData: deepFreeze(channelData) } as Partial<Activity>;
      await send(adapter, activity);
      await send(createAdapter(recorder, [PAGE]), activity);
      const [withPlugin, without, ...more] = recorder.requests;
      assert.deepEqual(more, []);
      assert.ok(withPlugin);
      assert.deepEqual(withPlugin, without);
    });
  }

  async function send(adapter: FacebookAdapter, activity: Partial<Activity>): Promise<void> {
    const reference = {
      channelId: 'facebook',
      conversation: recipient,
      bot: { id: PAGE.id },
      user: recipient,
    };
    await adapter.continueConversation(reference as never, async (context) => {
      await context.sendActivity(activity);
    });
  }
});
