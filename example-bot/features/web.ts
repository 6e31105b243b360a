import { type Botkit } from 'botkit';
import { image } from 'botkit-plugin-facebook-attachments';

/** A picture by its web address. Facebook fetches it, and the bot never does; the second time, nobody does. */
export default function web(controller: Botkit): void {
  controller.hears(/^show https?:\/\/\S+$/i, 'message', async (bot, message) => {
    const address = message.text?.slice('show '.length) ?? '';
    await bot.reply(message, image(address));
  });
}
