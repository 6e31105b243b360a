import assert from 'node:assert/strict';
import { image, type AttachmentCacheOptions } from '../../src';
import { deepFreeze } from '../support/checks/deep-freeze';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival } from '../support/platform/received';

const QUICK_REPLIES = [
  { content_type: 'text', title: 'More', payload: 'more' },
  { content_type: 'text', title: 'Enough', payload: 'enough' },
];

const FIELDS = deepFreeze({
  quick_replies: QUICK_REPLIES,
  tag: 'HUMAN_AGENT',
  messaging_type: 'MESSAGE_TAG',
  notification_type: 'SILENT_PUSH',
  persona_id: '4711',
});

/** The ways by which an attachment reaches the Send API, and the calls of each. */
const WAYS: Record<string, { message: object; expected: string[]; options?: AttachmentCacheOptions }> = {
  'by its ID, in JSON': {
    message: image('cats/tom.jpg'),
    expected: ['upload-file', 'send-id'],
  },
  'in one step, in a form': {
    message: image('cats/tom.jpg', { reusable: false }),
    expected: ['send-file'],
  },
  'saved by the Send API, in a form': {
    message: image('cats/tom.jpg'),
    expected: ['send-file'],
    options: { save: 'send' },
  },
  'in a media template': {
    message: {
      attachment: {
        type: 'template',
        payload: { template_type: 'media', elements: [{ media_type: 'image', url: 'cats/tom.jpg' }] },
      },
    },
    expected: ['upload-file', 'send-template'],
  },
};

describe('around an attachment', () => {
  const platform = useSimulator();

  for (const [way, { message, expected, options }] of Object.entries(WAYS)) {
    describe(`sent ${way}`, () => {
      it('everything else of the message survives', async () => {
        const { sim, ...botkit } = await platform.openBotkit(options);
        const bot = await botkit.bot();
        await bot.say({ ...message, ...FIELDS });
        const { message: shown } = onlyArrival(sim);
        const { quick_replies, tag, messaging_type, notification_type, persona_id } = shown;
        assert.deepEqual({ quick_replies, tag, messaging_type, notification_type, persona_id }, FIELDS);
        assert.deepEqual(calls(sim), expected);
      });

      it('so do metadata and what it replies to, which the adapter drops', async () => {
        const { sim, ...botkit } = await platform.openBotkit(options);
        const bot = await botkit.bot();
        await bot.say({ ...message, metadata: 'mine', reply_to: { mid: 'm_1' } });
        const { metadata, reply_to: repliesTo } = onlyArrival(sim).message;
        assert.deepEqual([metadata, repliesTo], ['mine', 'm_1']);
      });

      it('the author’s objects are not changed', async () => {
        const { sim, ...botkit } = await platform.openBotkit(options);
        const frozen = deepFreeze({ ...structuredClone(message), ...FIELDS });
        const users = ['1', '2', '3'];
        for (const user of users) {
          const bot = await botkit.bot(user);
          await bot.say(frozen);
          await bot.say(deepFreeze({ channelData: frozen }));
          assert.equal(arrived(sim, user).length, 2);
        }
        assert.deepEqual(botkit.consoleErrors, []);
      });

      for (const text of ['', null, undefined]) {
        it(`no empty text goes along: ${text === '' ? "''" : String(text)}`, async () => {
          const { sim, ...botkit } = await platform.openBotkit(options);
          const bot = await botkit.bot();
          const params = { recipient: { id: '7001' }, message: { ...message, text } };
          await bot.api.callAPI('/me/messages', 'POST', params);
          assert.equal(onlyArrival(sim).message.text, undefined);
          const bodies = JSON.stringify(sim.calls().map(({ body }) => body));
          assert.doesNotMatch(bodies, /"text"/);
        });
      }

      it('a text goes before it, and of the fields only the quick replies do not', async () => {
        const { sim, ...botkit } = await platform.openBotkit(options);
        const bot = await botkit.bot();
        await bot.say({ ...message, ...FIELDS, text: 'This is Tom' });
        const [text, attached, ...more] = arrived(sim);
        assert.deepEqual(more, []);
        assert.deepEqual([text?.text, text?.attachments], ['This is Tom', []]);
        assert.deepEqual([attached?.text, attached?.attachments.length], [undefined, 1]);
        const { quick_replies, ...shared } = FIELDS;
        for (const shown of [text, attached]) {
          const { tag, messaging_type, notification_type, persona_id } = shown ?? {};
          assert.deepEqual({ tag, messaging_type, notification_type, persona_id }, shared);
        }
        assert.deepEqual([text?.quick_replies, attached?.quick_replies], [undefined, quick_replies]);
        assert.deepEqual(calls(sim), expected.toSpliced(-1, 0, 'send-text'));
      });
    });
  }

  it('quick replies pass beside the options of a helper', async () => {
    const { sim, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    await bot.say(image('cats/tom.jpg', { filename: 'Tom.jpg', quick_replies: QUICK_REPLIES }));
    const { message, attachment } = onlyArrival(sim);
    assert.deepEqual(message.quick_replies, QUICK_REPLIES);
    assert.equal(attachment.name, 'Tom.jpg');
  });
});
