import { type Botkit } from 'botkit';
import { audio } from 'botkit-plugin-facebook-attachments';

export default function sound(controller: Botkit): void {
  controller.hears(/^sound$/i, 'message', async (bot, message) => {
    await bot.reply(message, audio('lullaby.mp3'));
  });
}
