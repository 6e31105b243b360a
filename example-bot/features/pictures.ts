import { type Botkit } from 'botkit';
import { image } from 'botkit-plugin-facebook-attachments';

/** A local picture by its path: JPEG, PNG and animated GIF are all images to Messenger. */
export default function pictures(controller: Botkit): void {
  controller.hears(/^picture$/i, 'message', async (bot, message) => {
    await bot.reply(message, image('cats/tom.jpg'));
  });

  controller.hears(/^logo$/i, 'message', async (bot, message) => {
    await bot.reply(message, image('paw.png'));
  });

  // The same without the helper: this is what it builds.
  controller.hears(/^gif$/i, 'message', async (bot, message) => {
    await bot.reply(message, { attachment: { type: 'image', payload: { url: 'blink.gif' } } });
  });
}
