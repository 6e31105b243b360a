import { type Botkit } from 'botkit';
import { image } from 'botkit-plugin-facebook-attachments';

const PICTURES = ['cats/tom.jpg', 'cats/mia.jpg', 'paw.png'] as const;

/** Quick replies stand beside a picture: a tap asks for the next one. */
export default function gallery(controller: Botkit): void {
  controller.hears(/^gallery( \d+)?$/i, 'message', async (bot, message) => {
    const asked = Number(message.text?.split(' ')[1] ?? 1);
    const index = (Math.max(asked, 1) - 1) % PICTURES.length;
    const picture = image(PICTURES[index] ?? PICTURES[0], {
      quick_replies: [
        { content_type: 'text', title: `Gallery ${index + 2}`, payload: 'NEXT' },
        { content_type: 'text', title: 'Help', payload: 'HELP' },
      ],
    });
    await bot.reply(message, picture);
  });
}
