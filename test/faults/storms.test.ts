import assert from 'node:assert/strict';
import { Agent } from 'undici';
import type { Fault } from 'messenger-platform-simulator';
import { image, type AttachmentCacheOptions } from '../../src';
import type { PlainAdapter } from '../support/bot/plain-adapter';
import { FaultyStore } from '../support/stores/faulty-store';
import { countUploads, arrived } from '../support/platform/received';
import { useSimulator } from '../support/bot/use-simulator';
import { readAsset } from '../support/files/assets';
import { sha256 } from '../support/checks/sha256';
import type { Bot, RunningBotkit } from '../support/bot/botkit';
import { openWebsite, type Website } from '../support/platform/website';
import { mediaTemplate, say } from './matrix/ways';

const MANY = 1_000;

const USERS = Array.from({ length: MANY }, (_, at) => String(100_000 + at));

describe('A storm of a thousand sends', () => {
  const platform = useSimulator();
  let website: Website;

  before(async () => {
    website = await openWebsite();
  });
  after(() => website.close());

  /** A botkit, and a bot for each user. */
  const open = async (
    options: AttachmentCacheOptions = {},
  ): Promise<{ botkit: RunningBotkit; bots: Bot[] }> => {
    const { sim } = platform;
    const dispatcher = platform.closeAfterTest(new Agent({ connect: { ca: sim.ca } }));
    const botkit = await platform.openBotkit({ dispatcher, ...options });
    return { botkit, bots: await Promise.all(USERS.map((user) => botkit.bot(user))) };
  };

  const sendAll = (bots: Bot[], message: object): Promise<unknown> =>
    Promise.all(bots.map((bot) => say(bot, message)));

  const assertEachArrivedOnce = (botkit: RunningBotkit): void => {
    const right = sha256(readAsset('paw.png'), 'hex');
    const wrong = USERS.filter((user) => {
      const [message, ...more] = arrived(platform.sim, user);
      return more.length > 0 || message?.attachments[0]?.sha256 !== right;
    });
    assert.deepEqual(wrong, [], 'who did not get it exactly once');
    assert.deepEqual(botkit.consoleErrors, []);
  };

  for (const [what, message] of [
    ['a file', () => image('paw.png')],
    ['a web address', () => image(`${website.url}/paw.png`)],
    ['a media template', () => mediaTemplate('paw.png')],
  ] as const) {
    it(`with ${what} that nobody has sent before uploads once`, async () => {
      const { botkit, bots } = await open();
      await sendAll(bots, message());
      assertEachArrivedOnce(botkit);
      assert.equal(countUploads(platform.sim), 1);
    });

    it(`that meets a dead ID of ${what} delivers each once, and the content goes up twice at most`, async () => {
      const { botkit, bots } = await open();
      await say(await botkit.bot(), message());
      platform.sim.revokeAll();
      platform.sim.clearCalls();
      await sendAll(bots, message());
      assertEachArrivedOnce(botkit);
      assert.ok(countUploads(platform.sim) <= 2, `it went up ${countUploads(platform.sim)} times`);
    });
  }

  it("that saves by sending (save: 'send') uploads once", async () => {
    const { botkit, bots } = await open({ save: 'send' });
    await sendAll(bots, image('paw.png'));
    assertEachArrivedOnce(botkit);
    assert.equal(countUploads(platform.sim), 1);
  });

  for (const [how, fault] of [
    ['is refused', { error: { code: 10 } }],
    ['fails every time', { status: 500, body: '' }],
  ] satisfies [string, Fault][]) {
    it(`whose refresh ${how} still delivers each once`, async () => {
      const { botkit, bots } = await open({ uploads: { attempts: 2 } });
      await say(await botkit.bot(), image('paw.png'));
      platform.sim.revokeAll();
      platform.sim.addFaults({ ...fault, path: '/message_attachments$', times: Infinity });
      await sendAll(bots, image('paw.png'));
      assertEachArrivedOnce(botkit);
      // Messages that come after an upload has failed may try another one.
      assert.ok(botkit.errors.length <= 5, `${botkit.errors.length} failures were reported`);
    });
  }

  it('that meets an ID which another process has refreshed goes by that one, and uploads nothing', async () => {
    const store = new FaultyStore();
    const { botkit, bots } = await open({ store });
    await say(await botkit.bot(), image('paw.png'));
    platform.sim.revokeAll();
    const other = platform.openPlainAdapter({ store });
    await renew(other);
    platform.sim.clearCalls();
    await sendAll(bots, image('paw.png'));
    assertEachArrivedOnce(botkit);
    assert.equal(countUploads(platform.sim), 0);
  });

  it('that meets a dead ID in memory, and another dead one in the store, uploads twice at most', async () => {
    const store = new FaultyStore();
    const { botkit, bots } = await open({ store });
    await say(await botkit.bot(), image('paw.png'));
    platform.sim.revokeAll();
    await renew(platform.openPlainAdapter({ store }));
    platform.sim.revokeAll();
    platform.sim.clearCalls();
    await sendAll(bots, image('paw.png'));
    assertEachArrivedOnce(botkit);
    assert.ok(countUploads(platform.sim) <= 2, `it went up ${countUploads(platform.sim)} times`);
  });

  it('is over when it is over: the next send goes by the new ID, and nothing else is called', async () => {
    const { botkit, bots } = await open();
    await say(await botkit.bot(), image('paw.png'));
    platform.sim.revokeAll();
    await sendAll(bots, image('paw.png'));
    platform.sim.clearCalls();
    await say(await botkit.bot(), image('paw.png'));
    assert.deepEqual(platform.sim.totals().byPurpose, { 'send-id': 1 });
  });
});

/** Sends what is dead, so that a new ID is in the store. */
async function renew(client: PlainAdapter): Promise<void> {
  await client.send('7002', image('paw.png'));
  await client.plugin.close();
}
