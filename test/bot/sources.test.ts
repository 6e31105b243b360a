import assert from 'node:assert/strict';
import { Blob, File } from 'node:buffer';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { audio, file, image, video, type AttachmentMessage } from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls } from '../support/platform/received';
import { readAsset, ASSETS } from '../support/files/assets';
import { openWebsite } from '../support/platform/website';

const TOM = readAsset('cats/tom.jpg');
const PAW = readAsset('paw.png');
const TOM_FILE = path.join(ASSETS, 'cats/tom.jpg');

/** A view into a larger buffer, as libraries give them. */
const VIEW = Buffer.concat([Buffer.alloc(7), PAW, Buffer.alloc(7)]).subarray(7, -7);

const withUrl = (url: string | URL): AttachmentMessage => ({
  attachment: { type: 'image', payload: { url } },
});

/** A message as it comes out of a database or a script. */
const throughJson = (message: AttachmentMessage) => JSON.parse(JSON.stringify(message)) as AttachmentMessage;

/** What an author may write, and what the user is to see of it. */
const SOURCES: Record<string, [AttachmentMessage, bytes: Uint8Array, name: string, contentType: string]> = {
  'a path in the root': [image('cats/tom.jpg'), TOM, 'tom.jpg', 'image/jpeg'],
  'a path by detours': [image('./sounds/../cats/tom.jpg'), TOM, 'tom.jpg', 'image/jpeg'],
  'an absolute path': [image(TOM_FILE), TOM, 'tom.jpg', 'image/jpeg'],
  'a file: URL in text': [image(pathToFileURL(TOM_FILE).href), TOM, 'tom.jpg', 'image/jpeg'],
  'a file: URL object': [image(pathToFileURL(TOM_FILE)), TOM, 'tom.jpg', 'image/jpeg'],
  'a file: URL object, without the helper': [withUrl(pathToFileURL(TOM_FILE)), TOM, 'tom.jpg', 'image/jpeg'],
  'a path with a name of its own': [
    image('cats/tom.jpg', { filename: 'Tom.jpeg' }),
    TOM,
    'Tom.jpeg',
    'image/jpeg',
  ],
  'a data: URI': [image(`data:image/png;base64,${PAW.toString('base64')}`), PAW, 'image.png', 'image/png'],
  'a data: URI of text': [
    file('data:text/plain;charset=utf-8,It%20rains%20cats', { filename: 'rain.txt' }),
    Buffer.from('It rains cats'),
    'rain.txt',
    'text/plain',
  ],
  'a data: URI without a type': [
    image(`data:;base64,${PAW.toString('base64')}`),
    PAW,
    'image.png',
    'image/png',
  ],
  'a Buffer': [image(PAW), PAW, 'image.png', 'image/png'],
  'a Buffer with a name': [image(PAW, { filename: 'Paw.png' }), PAW, 'Paw.png', 'image/png'],
  'a Buffer that is part of another': [image(VIEW), PAW, 'image.png', 'image/png'],
  'a Uint8Array': [image(new Uint8Array(PAW)), PAW, 'image.png', 'image/png'],
  'a Blob': [image(new Blob([PAW], { type: 'image/png' })), PAW, 'image.png', 'image/png'],
  'a Blob without a type': [image(new Blob([PAW])), PAW, 'image.png', 'image/png'],
  'a File': [image(new File([PAW], 'Paw.png', { type: 'image/png' })), PAW, 'Paw.png', 'image/png'],
  'a Buffer that went through JSON': [
    throughJson(image(PAW, { filename: 'Paw.png' })),
    PAW,
    'Paw.png',
    'image/png',
  ],
  'an animation': [image('blink.gif'), readAsset('blink.gif'), 'blink.gif', 'image/gif'],
  'a sound': [audio('lullaby.mp3'), readAsset('lullaby.mp3'), 'lullaby.mp3', 'audio/mpeg'],
  'a sound of bytes': [audio(readAsset('lullaby.mp3')), readAsset('lullaby.mp3'), 'audio.mp3', 'audio/mpeg'],
  'a video': [video('night.mp4'), readAsset('night.mp4'), 'night.mp4', 'video/mp4'],
  'a video of bytes': [video(readAsset('night.mp4')), readAsset('night.mp4'), 'video.mp4', 'video/mp4'],
  'a file': [file('cat-care.pdf'), readAsset('cat-care.pdf'), 'cat-care.pdf', 'application/pdf'],
  'a picture to download': [file('cats/tom.jpg'), TOM, 'tom.jpg', 'image/jpeg'],
  'a file with a name of its own': [
    file('cat-care.pdf', { filename: 'Cat care 2025.pdf' }),
    readAsset('cat-care.pdf'),
    'Cat care 2025.pdf',
    'application/pdf',
  ],
  'a file of unknown kind': [
    file(Buffer.from([1, 2, 3]), { filename: 'purr' }),
    Buffer.from([1, 2, 3]),
    'purr',
    'application/octet-stream',
  ],
};

/** What stands on a website. */
const WEB: Record<string, (website: string) => AttachmentMessage> = {
  'a web address': (website) => image(`${website}/cats/tom.jpg`),
  'a web address as a URL object': (website) => image(new URL(`${website}/cats/tom.jpg`)),
  'a web address as a URL object, without the helper': (website) =>
    withUrl(new URL(`${website}/cats/tom.jpg`)),
  'a web address with a query': (website) => image(`${website}/cats/tom.jpg?size=large&crop=1`),
  'a sound on the web': (website) => audio(`${website}/lullaby.mp3`),
  'a video on the web': (website) => video(`${website}/night.mp4`),
  'a file on the web': (website) => file(`${website}/cat-care.pdf`),
};

describe('a source', () => {
  const platform = useSimulator();

  for (const [what, [message, bytes, name, contentType]] of Object.entries(SOURCES)) {
    it(`can be ${what}: whole, under its name, uploaded once`, async () => {
      const { sim, ...botkit } = await platform.openBotkit();
      const bot = await botkit.bot();
      await bot.say(message);
      await bot.say(message);
      const { type } = message.attachment;
      for (const { attachments } of arrived(sim)) {
        const shown = attachments.map((one) => [one.type, one.name, one.contentType]);
        assert.deepEqual(shown, [[type, name, contentType]]);
        assert.ok(sim.content(attachments[0]?.sha256 ?? '')?.bytes.equals(bytes), 'other bytes arrived');
      }
      assert.deepEqual(calls(sim), ['upload-file', 'send-id', 'send-id']);
      assert.deepEqual([botkit.errors, botkit.consoleErrors], [[], []]);
    });
  }

  for (const [what, write] of Object.entries(WEB)) {
    it(`can be ${what}: fetched by the platform, once`, async () => {
      const website = platform.closeAfterTest(await openWebsite());
      const { sim, ...botkit } = await platform.openBotkit();
      const bot = await botkit.bot();
      const message = write(website.url);
      await bot.say(message);
      await bot.say(message);
      const address = new URL(message.attachment.payload.url ?? '');
      assert.deepEqual(website.fetched, [address.pathname + address.search]);
      const expected = readAsset(address.pathname);
      for (const { attachments } of arrived(sim)) {
        assert.equal(attachments[0]?.type, message.attachment.type);
        assert.ok(sim.content(attachments[0].sha256)?.bytes.equals(expected), 'other bytes arrived');
      }
      assert.deepEqual(calls(sim), ['upload-url', 'send-id', 'send-id']);
    });
  }

  for (const [what, source, call] of [
    ['a path', () => 'cats/tom.jpg', 'send-file'],
    ['bytes', () => PAW, 'send-file'],
    ['a web address', (website: string) => `${website}/cats/tom.jpg`, 'send-url'],
  ] as const) {
    it(`that is not reusable is sent in one step each time, and leaves nothing behind: ${what}`, async () => {
      const website = platform.closeAfterTest(await openWebsite());
      const { sim, ...botkit } = await platform.openBotkit();
      const bot = await botkit.bot();
      const message = image(source(website.url), { reusable: false });
      await bot.say(message);
      await bot.say(message);
      assert.deepEqual(calls(sim), [call, call]);
      assert.equal(arrived(sim).length, 2);
      assert.deepEqual([sim.assets(), await botkit.plugin.list()], [[], []]);
    });
  }
});
