import { type Botkit } from 'botkit';

/** Media templates: Facebook takes only attachment IDs and its own posts there, so these paths could not be sent without the plugin. */
export default function cards(controller: Botkit): void {
  controller.hears(/^card$/i, 'message', async (bot, message) => {
    await bot.reply(message, {
      attachment: {
        type: 'template',
        payload: {
          template_type: 'media',
          elements: [
            {
              media_type: 'video',
              url: 'night.mp4',
              // A tap on a button reaches the bot as if the person had typed its payload.
              buttons: [{ type: 'postback', title: 'The tune, please', payload: 'sound' }],
            },
          ],
        },
      },
    });
  });

  controller.hears(/^postcard$/i, 'message', async (bot, message) => {
    await bot.reply(message, {
      attachment: {
        type: 'template',
        payload: {
          template_type: 'media',
          elements: [
            {
              media_type: 'image',
              url: 'cats/mia.jpg',
              buttons: [{ type: 'web_url', title: 'About cats', url: 'https://en.wikipedia.org/wiki/Cat' }],
            },
          ],
        },
      },
    });
  });
}
