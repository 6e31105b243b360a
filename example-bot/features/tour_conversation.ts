import { BotkitConversation, type Botkit } from 'botkit';

const ID = 'tour';

/** A scripted conversation: what people answer becomes a part of the path of what they get. */
export default function tourConversation(controller: Botkit): void {
  const tour = new BotkitConversation(ID, controller);

  tour.say('Two cats live here, Tom and Mia.');
  tour.ask(
    { text: ['Whom would you like to meet?'], quick_replies: [reply('Tom'), reply('Mia')] },
    [
      {
        pattern: '^(tom|mia)$',
        handler: (answer: string, convo) => {
          convo.setVar('cat', answer.toLowerCase());
          return Promise.resolve();
        },
      },
      {
        default: true,
        handler: async (_answer, convo, bot) => {
          await bot.say('I know Tom and Mia only.');
          await convo.repeat();
        },
      },
    ],
    'cat',
  );
  // Three braces: two would make an HTML entity of a slash.
  tour.say({ attachment: { type: 'image', payload: { url: 'cats/{{{vars.cat}}}.jpg' } } });

  // A question may be a picture, too. It may be answered days later, when its ID has long expired.
  tour.ask(
    {
      attachment: { type: 'image', payload: { url: 'blink.gif' } },
      quick_replies: [reply('Sing'), reply('Good night')],
    },
    [
      { pattern: '^sing$', handler: (_answer, convo) => convo.gotoThread('song') },
      { default: true, handler: (_answer, convo) => convo.gotoThread('end') },
    ],
    'wish',
  );

  tour.addMessage({ attachment: { type: 'audio', payload: { url: 'lullaby.mp3' } } }, 'song');
  tour.addAction('end', 'song');
  tour.addMessage('Come back soon!', 'end');

  controller.addDialog(tour);
  controller.hears(/^tour$/i, 'message', async (bot) => {
    await bot.beginDialog(ID);
  });
}

function reply(title: string): { content_type: 'text'; title: string; payload: string } {
  return { content_type: 'text', title, payload: title };
}
