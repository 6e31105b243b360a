import { Botkit } from 'botkit';
import { FacebookAdapter } from 'botbuilder-adapter-facebook';
import { FacebookAttachmentCache, image } from 'botkit-plugin-facebook-attachments';

const adapter = new FacebookAdapter({
  verify_token: 'verify',
  access_token: process.env.PAGE_TOKEN,
  app_secret: process.env.APP_SECRET,
  api_host: process.env.API_HOST,
  api_version: 'v25.0',
});
const controller = new Botkit({ adapter, disable_webserver: true, disable_console: true });
const cache = new FacebookAttachmentCache({ root: 'pictures' });
controller.usePlugin(cache);

const bot = await controller.spawn(process.env.PAGE);
await bot.startConversationWithUser(process.env.USER_ID);
await bot.say(image('paw.png'));
await controller.shutdown();
console.log(JSON.stringify({ stats: cache.stats }));
