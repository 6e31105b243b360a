import assert from 'node:assert/strict';
import { CardFactory, MessageFactory, type TurnContext } from 'botbuilder';
import { BotkitConversation } from 'botkit';
import { AttachmentError, image, PartlySentError, type AttachmentCacheOptions } from '../../src';
import { deepFreeze } from '../support/checks/deep-freeze';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { readAsset } from '../support/files/assets';

const TOM = { contentType: 'image/jpeg', contentUrl: 'cats/tom.jpg' };
const SOUND = { contentType: 'audio/mpeg', contentUrl: 'lullaby.mp3' };
const FILM = { contentType: 'video/mp4', contentUrl: 'night.mp4' };
const BROCHURE = { contentType: 'application/pdf', contentUrl: 'cat-care.pdf', name: 'Cat care 2025.pdf' };

describe('Bot Framework attachments, which the adapter would drop', () => {
  const platform = useSimulator();

  async function openBot(options: AttachmentCacheOptions = {}) {
    const botkit = await platform.openBotkit(options);
    const bot = await botkit.bot();
    return { ...botkit, bot, context: bot.getConfig('context') as TurnContext };
  }

  /** What the user sees, message by message. */
  const seen = () =>
    arrived(platform.sim).map(({ text, attachments: [shown] }) => text ?? `${shown?.type} ${shown?.name}`);

  it('go by their IDs, uploaded once', async () => {
    const { context, consoleErrors: lines } = await openBot();
    for (let count = 0; count < 2; count++) {
      await context.sendActivity(MessageFactory.contentUrl(TOM.contentUrl, TOM.contentType));
    }
    assert.deepEqual(seen(), ['image tom.jpg', 'image tom.jpg']);
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id', 'send-id']);
    assert.deepEqual(lines, []);
  });

  it('follow the text, one message each, in order', async () => {
    const { bot } = await openBot();
    await bot.say(deepFreeze({ text: 'Look and listen', attachments: [TOM, SOUND, FILM, BROCHURE] }));
    assert.deepEqual(seen(), [
      'Look and listen',
      'image tom.jpg',
      'audio lullaby.mp3',
      'video night.mp4',
      'file Cat care 2025.pdf',
    ]);
  });

  it('may be data: URIs, as the Bot Framework has them', async () => {
    const { context } = await openBot();
    const contentUrl = `data:image/png;base64,${readAsset('paw.png').toString('base64')}`;
    await context.sendActivity({ type: 'message', attachments: [{ contentType: 'image/png', contentUrl }] });
    const { attachment } = onlyArrival(platform.sim);
    assert.ok(platform.sim.content(attachment.sha256)?.bytes.equals(readAsset('paw.png')));
  });

  it('have the quick replies under the last of them', async () => {
    const { bot } = await openBot();
    const quick_replies = [{ content_type: 'text', title: 'More', payload: 'more' }];
    await bot.say({ text: 'Cats', attachments: [TOM, TOM], quick_replies, tag: 'HUMAN_AGENT' });
    const [text, first, second] = arrived(platform.sim);
    assert.deepEqual([text?.quick_replies, first?.quick_replies], [undefined, undefined]);
    assert.deepEqual(second?.quick_replies, quick_replies);
    assert.deepEqual(new Set(arrived(platform.sim).map(({ tag }) => tag)), new Set(['HUMAN_AGENT']));
  });

  it('answer with the ID of the last message, one for each activity', async () => {
    const { context } = await openBot();
    const responses = await context.sendActivities([
      { type: 'message', text: 'Cats', attachments: [TOM, TOM] },
      { type: 'message', text: 'That was all' },
    ]);
    const mids = arrived(platform.sim).map(({ mid }) => mid);
    assert.deepEqual(responses, [{ id: mids[2] }, { id: mids[3] }]);
  });

  it('go out of a script, with its variables', async () => {
    const { bot, controller } = await openBot();
    const conversation = new BotkitConversation('the script', controller);
    conversation.say({ attachments: [{ ...TOM, contentUrl: 'cats/{{{vars.name}}}.jpg' }] });
    conversation.ask({ text: ['Whom do you like?'], attachments: [TOM] }, [], 'answer');
    controller.addDialog(conversation);
    await bot.beginDialog('the script', { name: 'mia' });
    assert.deepEqual(seen(), ['image mia.jpg', 'Whom do you like?', 'image tom.jpg']);
  });

  it('may be written as Messenger has them', async () => {
    const { bot } = await openBot();
    await bot.say({ text: 'Cats', attachments: [image('cats/tom.jpg').attachment, SOUND] });
    assert.deepEqual(seen(), ['Cats', 'image tom.jpg', 'audio lullaby.mp3']);
  });

  it('that cannot be sent are reported once each, and the others arrive', async () => {
    const { bot, errors, consoleErrors: lines } = await openBot();
    await bot.say({ text: 'Cats', attachments: [{ ...TOM, contentUrl: 'no.jpg' }, TOM] });
    assert.deepEqual(seen(), ['Cats', 'image tom.jpg']);
    const [error, ...more] = errors;
    assert.ok(error instanceof PartlySentError && error.cause instanceof AttachmentError);
    assert.equal(error.cause.code, 'ERR_ATTACHMENT_NOT_FOUND');
    assert.deepEqual(
      error.messageIds,
      arrived(platform.sim).map(({ mid }) => mid),
    );
    assert.deepEqual([lines, more], [[['Error sending activity to Facebook:', error]], []]);
  });

  it('that cannot be sent reject bot.say in strict mode, before anything is sent', async () => {
    const { bot, errors } = await openBot({ strict: true });
    const said = bot.say({ text: 'Cats', attachments: [TOM, { ...TOM, contentUrl: 'no.jpg' }] });
    await assert.rejects(said as Promise<unknown>, (error) => error === errors[0]);
    assert.deepEqual(seen(), []);
    assert.equal(errors.length, 1);
  });

  it('that are cards stay what they are, and go to the adapter', async () => {
    const { context } = await openBot();
    await context.sendActivity({
      type: 'message',
      text: 'A card',
      attachments: [CardFactory.heroCard('Tom'), CardFactory.adaptiveCard({})],
    });
    assert.deepEqual(seen(), ['A card']);
    assert.deepEqual(callCounts(platform.sim), { 'send-text': 1 });
  });
});
