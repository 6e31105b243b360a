import assert from 'node:assert/strict';
import { AttachmentError } from '../../src';
import { deepFreeze } from '../support/checks/deep-freeze';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { readAsset } from '../support/files/assets';
import { openWebsite } from '../support/platform/website';

const BUTTONS = [{ type: 'postback', title: 'Adopt', payload: 'adopt' }];

const mediaTemplate = (...elements: object[]) =>
  deepFreeze({
    attachment: { type: 'template', payload: { template_type: 'media', sharable: true, elements } },
  });

describe('a media template', () => {
  const platform = useSimulator();

  const elements: Record<string, (website: string) => Record<string, unknown>> = {
    'a local picture': () => ({ media_type: 'image', url: 'cats/tom.jpg' }),
    'a local video': () => ({ media_type: 'video', url: 'night.mp4' }),
    'a picture of bytes': () => ({
      media_type: 'image',
      filedata: readAsset('paw.png'),
      filename: 'paw.png',
    }),
    'a picture on the web': (website) => ({ media_type: 'image', url: `${website}/paw.png` }),
  };
  for (const [what, write] of Object.entries(elements)) {
    it(`shows ${what} by its ID, with its buttons, uploaded once`, async () => {
      const website = platform.closeAfterTest(await openWebsite());
      const { sim, ...botkit } = await platform.openBotkit();
      const bot = await botkit.bot();
      const element = write(website.url);
      await bot.say(mediaTemplate({ ...element, buttons: BUTTONS }));
      const { message, attachment } = onlyArrival(sim);
      assert.deepEqual(message.template, {
        template_type: 'media',
        sharable: true,
        elements: [
          { media_type: element.media_type, buttons: BUTTONS, attachment_id: attachment.attachmentId },
        ],
      });
      await bot.say(mediaTemplate({ ...element, buttons: BUTTONS }));
      const upload = what.includes('web') ? 'upload-url' : 'upload-file';
      assert.deepEqual(calls(sim), [upload, 'send-template', 'send-template']);
    });
  }

  it('shares its ID with the attachments of other messages', async () => {
    const { sim, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    await bot.say(mediaTemplate({ media_type: 'image', url: 'cats/tom.jpg' }));
    await bot.say({ attachment: { type: 'image', payload: { url: 'cats/tom.jpg' } } });
    assert.deepEqual(calls(sim), ['upload-file', 'send-template', 'send-id']);
  });

  for (const save of ['upload', 'send'] as const) {
    it(`that is not to be saved is uploaded each time, for it needs an ID: save '${save}'`, async () => {
      const { sim, plugin, ...botkit } = await platform.openBotkit({ save });
      const bot = await botkit.bot();
      const element = { media_type: 'image', url: 'cats/tom.jpg', is_reusable: false };
      await bot.say(mediaTemplate(element));
      await bot.say(mediaTemplate(element));
      assert.equal(arrived(sim).length, 2);
      assert.deepEqual(callCounts(sim), { 'upload-file': 2, 'send-template': 2 });
      assert.deepEqual(await plugin.list(), []);
    });
  }

  it('is filled in where it needs to be, and only there', async () => {
    const { sim, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    // The platform takes one element today; should it take more, they are all seen to.
    sim.addFaults({
      purpose: 'send-template',
      status: 200,
      body: { recipient_id: '7001', message_id: 'm_1' },
    });
    const facebook = { media_type: 'video', url: 'https://www.facebook.com/cats/videos/1/' };
    const settled = { media_type: 'image', attachment_id: '1857777774821032' };
    await bot.say(
      mediaTemplate(facebook, { media_type: 'image', url: 'cats/tom.jpg', buttons: BUTTONS }, settled, {
        media_type: 'video',
        url: 'night.mp4',
      }),
    );
    const ids = Object.fromEntries(sim.assets().map(({ name, id }) => [name, id]));
    const { message } = sim.calls().at(-1)?.body as { message: unknown };
    assert.deepEqual(message, {
      attachment: {
        type: 'template',
        payload: {
          template_type: 'media',
          sharable: true,
          elements: [
            facebook,
            { media_type: 'image', buttons: BUTTONS, attachment_id: ids['tom.jpg'] },
            settled,
            { media_type: 'video', attachment_id: ids['night.mp4'] },
          ],
        },
      },
    });
    assert.deepEqual(callCounts(sim), { 'upload-file': 2, 'send-template': 1 });
  });

  for (const address of [
    'https://facebook.com.example.org/cat.jpg',
    'https://notfacebook.com/cat.jpg',
    'https://example.org/?https://www.facebook.com/cat.jpg',
  ]) {
    it(`does not take an address for Facebook’s that only looks like it: ${address}`, async () => {
      const { sim, ...botkit } = await platform.openBotkit();
      const bot = await botkit.bot();
      // Nothing is really fetched from there.
      sim.addFaults(
        { purpose: 'upload-url', status: 200, body: { attachment_id: '1857777774821032' } },
        { purpose: 'send-template', status: 200, body: { recipient_id: '7001', message_id: 'm_1' } },
      );
      await bot.say(mediaTemplate({ media_type: 'image', url: address }));
      assert.deepEqual(calls(sim), ['upload-url', 'send-template']);
    });
  }

  it('with one bad element is not sent, and the error says which', async () => {
    const { sim, errors, consoleErrors: lines, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    await bot.say(
      mediaTemplate(
        { media_type: 'image', url: 'cats/tom.jpg' },
        { media_type: 'image', url: 'cats/no.jpg' },
      ),
    );
    const [error] = errors;
    assert.ok(error instanceof AttachmentError);
    assert.deepEqual([error.code, error.asset], ['ERR_ATTACHMENT_NOT_FOUND', 'image "cats/no.jpg"']);
    assert.deepEqual(lines, [['Error sending activity to Facebook:', error]]);
    assert.deepEqual([errors.length, arrived(sim).length, sim.assets().length], [1, 0, 0]);
  });
});
