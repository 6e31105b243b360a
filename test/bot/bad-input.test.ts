import assert from 'node:assert/strict';
import type { TurnContext } from 'botbuilder';
import { BotkitConversation } from 'botkit';
import { AttachmentError, GraphError, image } from '../../src';
import { BAD_MESSAGES, writeBadFiles } from '../support/bot/bad-attachments';
import { useFolder } from '../support/files/folder';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { PAGE } from '../support/platform/pages';
import type { RunningBotkit, RunningBotkitOptions } from '../support/bot/botkit';
import { openWebsite } from '../support/platform/website';

const LINE = 'Error sending activity to Facebook:';

describe('what cannot be sent is reported once, and the bot goes on:', () => {
  const platform = useSimulator();
  const folder = useFolder();
  beforeEach(() => writeBadFiles(folder));

  const openBot = (options: RunningBotkitOptions = {}) =>
    platform.openBotkit({ root: folder.path, ...options });

  /** Nothing of it went out, and the next message does. */
  async function checkGoesOn({ sim, plugin, ...botkit }: RunningBotkit): Promise<void> {
    assert.deepEqual([sim.calls(), sim.assets(), await plugin.list()], [[], [], []]);
    const bot = await botkit.bot();
    await bot.say(image('tom.jpg'));
    assert.equal(onlyArrival(sim).attachment.name, 'tom.jpg');
    assert.equal(botkit.errors.length, 1);
  }

  for (const { what, code, write } of BAD_MESSAGES) {
    it(`${what}: ${code}`, async () => {
      const botkit = await openBot();
      const bot = await botkit.bot();
      await bot.say(write(folder));
      const [error] = botkit.errors;
      assert.ok(error instanceof AttachmentError, String(error));
      assert.equal(error.code, code);
      assert.ok(
        error.asset !== '' && error.message.startsWith(`Cannot send ${error.asset}: `),
        error.message,
      );
      // The very same error, for whoever listens and for whoever reads the log.
      assert.equal(botkit.consoleErrors.length, 1);
      assert.equal(botkit.consoleErrors[0]?.[0], LINE);
      assert.equal(botkit.consoleErrors[0][1], error);
      await checkGoesOn(botkit);
    });
  }

  it('a path without a root: ERR_ATTACHMENT_NO_ROOT, and what to do', async () => {
    const noRoot: object = { root: undefined };
    const botkit = await openBot(noRoot);
    const bot = await botkit.bot();
    await bot.say(image('tom.jpg'));
    const [error, ...more] = botkit.errors;
    assert.ok(error instanceof AttachmentError);
    assert.equal(error.code, 'ERR_ATTACHMENT_NO_ROOT');
    assert.match(error.message, /set it to the folder of your assets/);
    assert.deepEqual([botkit.consoleErrors, more], [[[LINE, error]], []]);
    assert.deepEqual(platform.sim.calls(), []);
    await bot.say(image(Buffer.from('GIF89a'), { filename: 'dot.gif' }));
    assert.equal(onlyArrival(platform.sim).attachment.name, 'dot.gif');
  });

  it('in a script, that goes on with its next line', async () => {
    const botkit = await openBot();
    const conversation = new BotkitConversation('the script', botkit.controller);
    conversation.say(image('no.jpg')).say('The end');
    botkit.controller.addDialog(conversation);
    await (await botkit.bot()).beginDialog('the script');
    assert.deepEqual(
      arrived(platform.sim).map(({ text }) => text),
      ['The end'],
    );
    assert.deepEqual(botkit.consoleErrors, [[LINE, botkit.errors[0]]]);
    assert.equal(botkit.errors.length, 1);
  });

  it('among several activities, the others arrive', async () => {
    const botkit = await openBot();
    const context = (await botkit.bot()).getConfig('context') as TurnContext;
    const activities = ['no.jpg', 'tom.jpg'].map((url) => ({ type: 'message', channelData: image(url) }));
    await context.sendActivities(activities);
    assert.equal(onlyArrival(platform.sim).attachment.name, 'tom.jpg');
    assert.deepEqual(botkit.consoleErrors, [[LINE, botkit.errors[0]]]);
  });

  it('by bot.api.callAPI, that rejects with it', async () => {
    const botkit = await openBot();
    const bot = await botkit.bot();
    const params = { recipient: { id: '7001' }, message: image('no.jpg') };
    const failure = bot.api.callAPI('/me/messages', 'POST', params);
    await assert.rejects(failure, (error) => error === botkit.errors[0]);
    assert.deepEqual(botkit.consoleErrors, []);
    await checkGoesOn(botkit);
  });

  it('when nobody listens to `error`', async () => {
    const { plugin, consoleErrors: lines, ...botkit } = await openBot();
    plugin.removeAllListeners('error');
    const bot = await botkit.bot();
    await bot.say(image('no.jpg'));
    assert.equal(lines.length, 1);
    assert.equal(plugin.stats.errors, 1);
  });

  for (const [what, path, subcode] of [
    ['an address where nothing is', '/no.jpg', 2018008],
    ['an address that holds another type', '/lullaby.mp3', 2018047],
  ] as const) {
    it(`${what}: the platform’s error 100/${subcode}; asked once more, and not for the next message`, async () => {
      const website = platform.closeAfterTest(await openWebsite());
      const botkit = await openBot();
      const bot = await botkit.bot();
      await bot.say(image(`${website.url}${path}?signature=SECRET`));
      await bot.say(image(`${website.url}${path}?signature=SECRET`));
      const [error, ...more] = botkit.errors;
      assert.ok(error instanceof GraphError);
      assert.deepEqual(
        [error.code, error.subcode, error.asset],
        [100, subcode, `image ${website.url}${path}`],
      );
      assert.deepEqual(more, [error]);
      // One message, one line.
      assert.deepEqual(
        botkit.consoleErrors,
        botkit.errors.map((each) => [LINE, each]),
      );
      assert.deepEqual(calls(platform.sim), [`upload-url 100/${subcode}`, `upload-url 100/${subcode}`]);
      assert.doesNotMatch(`${error.stack ?? ''}${JSON.stringify(error)}`, /SECRET/);
      assert.deepEqual([arrived(platform.sim), platform.sim.assets()], [[], []]);
    });
  }

  it('a user who cannot be reached; the ID is kept', async () => {
    const botkit = await openBot();
    platform.sim.setUser({ page: PAGE.id, user: '1', available: false });
    for (const user of ['1', '2']) await (await botkit.bot(user)).say(image('tom.jpg'));
    onlyArrival(platform.sim, '2');
    const [error, ...more] = botkit.errors;
    assert.ok(error instanceof GraphError);
    assert.deepEqual([error.code, error.subcode, more.length], [551, 1545041, 0]);
    assert.deepEqual(botkit.consoleErrors, [[LINE, error]]);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 1, 'send-id': 1, 'send-id 551/1545041': 1 });
  });
});
