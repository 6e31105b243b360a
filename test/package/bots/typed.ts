import { strict as assert } from 'node:assert';
import { Botkit } from 'botkit';
import { FacebookAdapter, type FacebookBotWorker } from 'botbuilder-adapter-facebook';
import Keyv from 'keyv';
import {
  AttachmentError,
  FacebookAttachmentCache,
  GraphError,
  image,
  type AttachmentCacheOptions,
  type AttachmentErrorCode,
  type AttachmentMessage,
  type AttachmentStats,
  type SendEvent,
} from 'botkit-plugin-facebook-attachments';

type Bot = Pick<FacebookBotWorker, 'say' | 'startConversationWithUser'>;

const { PAGE, USER_ID, PAGE_TOKEN = '', APP_SECRET = '', API_HOST = '' } = process.env;

const options: AttachmentCacheOptions = {
  root: 'pictures',
  store: new Keyv(),
  save: 'upload',
  uploads: { concurrency: 2 },
  cacheKey: (url) => url.origin + url.pathname,
};

// @ts-expect-error -- A misspelt option is found before the bot runs.
const misspelt: AttachmentCacheOptions = { roots: 'pictures' };

const adapter = new FacebookAdapter({
  verify_token: 'verify',
  access_token: PAGE_TOKEN,
  app_secret: APP_SECRET,
  api_host: API_HOST,
  api_version: 'v25.0',
});
const controller = new Botkit({ adapter, disable_webserver: true, disable_console: true });
const cache = new FacebookAttachmentCache(options);
controller.usePlugin(cache);

const errors: (AttachmentErrorCode | number)[] = [];
const sends: SendEvent['how'][] = [];

cache.on('error', (error) => {
  if (error instanceof AttachmentError) errors.push(error.code);
  if (error instanceof GraphError) errors.push(error.subcode ?? error.status);
});
cache.on('send', ({ how }) => sends.push(how));
assert.throws(
  // @ts-expect-error -- So is an event that there is none of.
  () => cache.on('sent', () => undefined),
  { code: 'ERR_ARGUMENT_INVALID' },
);

async function main(): Promise<void> {
  const bot = (await controller.spawn(PAGE)) as Bot;
  await bot.startConversationWithUser(USER_ID);
  const picture: AttachmentMessage<{ tag: string }> = image('paw.png', { tag: 'HUMAN_AGENT' });
  await bot.say(picture);
  await bot.say(image('missing.png'));
  await controller.shutdown();
  const stats: AttachmentStats = cache.stats;
  console.log(JSON.stringify({ stats, errors, sends, refused: Object.keys(misspelt) }));
}

void main();
