import { type Botkit } from 'botkit';
import { video } from 'botkit-plugin-facebook-attachments';

export default function film(controller: Botkit): void {
  controller.hears(/^video$/i, 'message', async (bot, message) => {
    await bot.reply(message, video('night.mp4'));
  });
}
