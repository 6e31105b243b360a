import assert from 'node:assert/strict';
import { image, media } from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { until } from '../support/checks/waiting';
import { arrived, calls } from '../support/platform/received';

const TOM = image('cats/tom.jpg');
const SLOW = { path: '/message_attachments', delayMs: 1_400 };

describe('while a message waits for its upload', () => {
  const platform = useSimulator();

  const actions = (): unknown[] => calls(platform.sim).filter((call) => call.startsWith('send-action'));

  for (const [what, message] of [
    ['a picture', TOM],
    ['a media template', media('cats/tom.jpg')],
  ] as const) {
    it(`the person sees from a second on that the bot is typing: ${what}`, async () => {
      const bot = await (await platform.openBotkit({ typing: true })).bot();
      platform.sim.addFaults(SLOW);
      await bot.say(message);
      assert.equal(arrived(platform.sim).length, 1);
      // Before the message, which ends it.
      assert.deepEqual(calls(platform.sim).at(-2), 'send-action');
      assert.equal(actions().length, 1);
    });
  }

  it('nobody sees it if the option is not set, or the upload is faster, or there is an ID', async () => {
    const without = await (await platform.openBotkit()).bot();
    platform.sim.addFaults(SLOW);
    await without.say(TOM);
    const quick = await (await platform.openBotkit({ typing: true })).bot('7002');
    await quick.say(TOM);
    platform.sim.addFaults({ path: '/messages', delayMs: 1_400 });
    await quick.say(TOM);
    assert.equal(arrived(platform.sim, '7002').length, 2);
    assert.deepEqual(actions(), []);
  });

  it('the message arrives also if that cannot be shown, and nothing is reported', async () => {
    const { errors, ...botkit } = await platform.openBotkit({ typing: true });
    const bot = await botkit.bot();
    platform.sim.addFaults(SLOW, { purpose: 'send-action', error: { code: 10 } });
    await bot.say(TOM);
    assert.equal(arrived(platform.sim).length, 1);
    assert.deepEqual(actions(), ['send-action 10']);
    assert.deepEqual(errors, []);
  });

  it('it holds up the message by a second at most', async () => {
    const bot = await (await platform.openBotkit({ typing: true })).bot();
    platform.sim.addFaults(SLOW, { purpose: 'send-action', delayMs: 4_000 });
    const begun = performance.now();
    await bot.say(TOM);
    assert.ok(performance.now() - begun < 4_000);
    assert.equal(arrived(platform.sim).length, 1);
  });

  it('a recipient without an ID is shown nothing', async () => {
    const { adapter } = await platform.openBotkit({ typing: true });
    platform.sim.addFaults(SLOW);
    const api = (await adapter.getAPI({ recipient: { id: '1001', name: '' } })) as {
      callAPI(path: string, method: string, payload: object): Promise<unknown>;
    };
    const params = { recipient: { user_ref: 'any' }, message: TOM };
    await api.callAPI('/me/messages', 'POST', params).catch(() => undefined);
    await until('the call is over', () => calls(platform.sim).length >= 2);
    assert.deepEqual(actions(), []);
  });
});
