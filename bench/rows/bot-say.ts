import type { BotWorker, Botkit } from 'botkit';
import { BY_ID, createController, createPlugin, PAGE, PICTURE, type Attachment } from '../contenders';
import { atOnce, newRecipients } from '../measure/at-once';
import { contest, microseconds, ratio } from '../measure/contest';
import type { Row } from '../row';

type Bot = BotWorker & { startConversationWithUser(user: string): Promise<void> };

/** `bot.say` from end to end: Botkit, the adapter, the wire. Each message is another bot's, and goes to another person. */
export const row: Row = async (bench) => {
  const sends = bench.size(500, 25);
  const rounds = bench.size(7, 1);
  const recipient = newRecipients();
  const sayAll = async (bots: readonly Bot[], attachment: Attachment): Promise<void> =>
    atOnce(sends, async (index) => bots[index]?.say({ attachment }));
  const plugged = createController(bench, createPlugin(bench));
  const bare = createController(bench);
  const pluggedBots = await spawnAll(plugged, sends, recipient);
  const bareBots = await spawnAll(bare, sends, recipient);
  await bench.stage.forget();
  const results = await contest(rounds, {
    plugin: () => sayAll(pluggedBots, PICTURE),
    bare: () => sayAll(bareBots, BY_ID),
  });
  await bench.stage.expectEach(rounds + 1, sends * 2);
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

async function spawnAll(controller: Botkit, count: number, recipient: () => string): Promise<Bot[]> {
  const bots: Bot[] = [];
  for (let index = 0; index < count; index++) {
    const bot = (await controller.spawn(PAGE)) as Bot;
    await bot.startConversationWithUser(recipient());
    bots.push(bot);
  }
  return bots;
}
