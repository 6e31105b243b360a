import type { BotWorker, Botkit } from 'botkit';
import { BY_ID, createController, createPlugin, PAGE, PICTURE, type Attachment } from '../contenders';
import { apart, type Contenders } from '../measure/apart';
import { atOnce, newRecipients } from '../measure/at-once';
import { contest, microseconds, ratio, timed, turnsOf, type Round, type Turn } from '../measure/contest';
import type { Bench, Row } from '../row';

type Bot = BotWorker & { startConversationWithUser(user: string): Promise<void> };

export const contenders: Contenders<'plugin' | 'bare', Round> = {
  plugin: async (bench) => sayAll(bench, await createController(bench, createPlugin(bench)), PICTURE),
  bare: async (bench) => sayAll(bench, await createController(bench), BY_ID),
};

/**
 * `bot.say` from end to end: Botkit, the adapter, the wire. Each message is another bot's, and goes to another person.
 */
export const row: Row = async (bench) => {
  const sends = sendsOf(bench);
  const rounds = bench.size(7, 1);
  await bench.stage.forget();
  const results = await contest(rounds, await apart(bench, __filename, contenders));
  await bench.stage.expectEach(turnsOf(results.bare), sends * 2);
  return [
    {
      what: '`bot.say` end to end, 32 at a time: rate',
      against: 'bare Botkit and adapter',
      measured: ratio(results.bare, results.plugin),
      unit: 'times',
      goal: { atLeast: 1.5 },
      details: {
        'plugin µs': microseconds(results.plugin, sends),
        'bare µs': microseconds(results.bare, sends),
      },
    },
  ];
};

function sendsOf({ size }: Bench): number {
  return size(1_500, 25);
}

async function sayAll(bench: Bench, controller: Botkit, attachment: Attachment): Promise<Turn<Round>> {
  const recipient = newRecipients();
  const bots: Bot[] = [];
  while (bots.length < sendsOf(bench)) {
    const bot = (await controller.spawn(PAGE)) as Bot;
    await bot.startConversationWithUser(recipient());
    bots.push(bot);
  }
  return timed(() => atOnce(bots.length, async (index) => bots[index]?.say({ attachment })));
}
