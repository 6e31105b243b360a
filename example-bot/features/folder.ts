import { type Botkit } from 'botkit';
import { image } from 'botkit-plugin-facebook-attachments';

/**
 * Whichever picture of the folder is asked for. What people type becomes a path, and no path leads out of the folder.
 */
export default function folder(controller: Botkit): void {
  controller.hears(/^show (?!https?:)\S+\.(jpe?g|png|gif|webp)$/i, 'message', async (bot, message) => {
    const path = message.text?.slice('show '.length) ?? '';
    await bot.reply(message, image(path));
  });
}
