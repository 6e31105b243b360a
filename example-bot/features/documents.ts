import { type Botkit } from 'botkit';
import { file } from 'botkit-plugin-facebook-attachments';

export default function documents(controller: Botkit): void {
  controller.hears(/^file$/i, 'message', async (bot, message) => {
    await bot.reply(message, file('cat-care.pdf'));
  });
}
