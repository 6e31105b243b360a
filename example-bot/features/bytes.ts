import { type Botkit } from 'botkit';
import { file } from 'botkit-plugin-facebook-attachments';

/** Files that exist only in memory. */
export default function bytes(controller: Botkit): void {
  // The same for everyone: the same bytes are one asset, uploaded once.
  controller.hears(/^invitation$/i, 'message', async (bot, message) => {
    await bot.reply(message, file(invitation(), { filename: 'moonrise.ics' }));
  });

  // For one person's eyes: never saved, because nobody will ask for it again.
  controller.hears(/^receipt$/i, 'message', async (bot, message) => {
    await bot.reply(message, file(receipt(message.user), { filename: 'receipt.txt', reusable: false }));
  });
}

export function invitation(): Buffer {
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Tom and Mia//Example bot//EN',
    'BEGIN:VEVENT',
    'UID:moonrise@example.com',
    'DTSTAMP:20300101T000000Z',
    'DTSTART:20300119T190000Z',
    'DURATION:PT2H',
    'SUMMARY:Moonrise on the hill\\, with Mia',
    'END:VEVENT',
    'END:VCALENDAR',
    '',
  ];
  return Buffer.from(lines.join('\r\n'));
}

export function receipt(person: string): Buffer {
  return Buffer.from(`Received from ${person}:\n  1 saucer of milk\n\nWith thanks,\nTom and Mia\n`);
}
