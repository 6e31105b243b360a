import { type Botkit } from 'botkit';

const HELP = [
  'Write picture, logo, gif, sound, video or file, and I send it.',
  'card and postcard come with buttons, gallery with more pictures.',
  'invitation and receipt are made while you wait.',
  'show https://… shows a picture from the web.',
  'tour: Tom and Mia show you around.',
].join('\n');

/** Botkit calls this for a message that no other feature has heard. */
export default function help(controller: Botkit): void {
  controller.on('message', async (bot, message) => {
    await bot.reply(message, HELP);
  });
}
