import assert from 'node:assert/strict';
import { image, type AttachmentCacheOptions, type RecoverEvent } from '../../src';
import { until } from '../support/checks/waiting';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { openWebsite } from '../support/platform/website';

const TOM = image('cats/tom.jpg');
const REFUSED = { code: 100, subcode: 2018074 };

const mediaTemplate = (...urls: string[]) => ({
  attachment: {
    type: 'template',
    payload: { template_type: 'media', elements: urls.map((url) => ({ media_type: 'image', url })) },
  },
});

describe('when the platform refuses an attachment ID', () => {
  const platform = useSimulator();

  /** A bot that has sent `message` once; from then on its ID is dead. */
  async function openBot(options: AttachmentCacheOptions = {}, message: object = TOM) {
    const botkit = await platform.openBotkit(options);
    const bot = await botkit.bot();
    await bot.say(message);
    const [dead] = platform.sim.assets();
    assert.ok(dead);
    platform.sim.revokeAll();
    platform.sim.clearCalls();
    const recoveries: RecoverEvent[] = [];
    botkit.plugin.on('recover', (event) => recoveries.push(event));
    return { ...botkit, dead, recoveries, say: () => bot.say(message) as Promise<unknown> };
  }

  const ids = (user?: string) =>
    arrived(platform.sim, user).map(({ attachments: [shown] }) => shown?.attachmentId);
  const newest = () => platform.sim.assets().at(-1)?.id;

  it('the message arrives in one step, and the next one goes by the new ID', async () => {
    const { say, dead, recoveries, errors, consoleErrors: lines } = await openBot();
    await say();
    await say();
    assert.deepEqual(ids(), [dead.id, undefined, newest()]);
    assert.deepEqual(callCounts(platform.sim), {
      'send-id 100/2018074': 1,
      'send-file': 1,
      'upload-file': 1,
      'send-id': 1,
    });
    const { page, type, asset, bytes } = recoveries[0] ?? assert.fail('nothing was told');
    assert.deepEqual([page, type, asset, bytes], ['1001', 'image', 'image "cats/tom.jpg"', dead.bytes]);
    assert.deepEqual(
      recoveries.map(({ attachmentId, how }) => [attachmentId, how]),
      [[dead.id, 'one-step']],
    );
    assert.deepEqual([errors, lines], [[], []]);
  });

  it('because 90 days have passed, the message arrives all the same', async () => {
    const botkit = await platform.openBotkit();
    const bot = await botkit.bot();
    await bot.say(TOM);
    platform.sim.advanceDays(90);
    await bot.say(TOM);
    await bot.say(TOM);
    const [old] = platform.sim.assets();
    assert.deepEqual(ids(), [old?.id, undefined, newest()]);
    assert.deepEqual(botkit.consoleErrors, []);
  });

  it('again and again, each message arrives once', async () => {
    const { say, recoveries } = await openBot();
    for (let count = 0; count < 4; count++) {
      await say();
      await until('the new ID is there', () => platform.sim.assets().at(-1)?.alive === true);
      platform.sim.revokeAll();
    }
    assert.equal(arrived(platform.sim).length, 5);
    assert.equal(recoveries.length, 4);
    assert.deepEqual(callCounts(platform.sim), {
      'send-id 100/2018074': 4,
      'send-file': 4,
      'upload-file': 4,
    });
  });

  it('to thirty messages at once, each arrives once, and the bytes go up twice at most', async () => {
    const { recoveries, ...botkit } = await openBot();
    const users = Array.from({ length: 30 }, (_, index) => String(8000 + index));
    const bots = await Promise.all(users.map((user) => botkit.bot(user)));
    await Promise.all(bots.map((one) => one.say(TOM) as Promise<unknown>));
    for (const user of users) onlyArrival(platform.sim, user);
    const { 'send-file': inOneStep = 0, 'upload-file': uploads = 0 } = callCounts(platform.sim);
    assert.ok(inOneStep + uploads <= 2, `${inOneStep} sends in one step, ${uploads} uploads`);
    assert.ok(recoveries.length >= 1);
  });

  it('and another bot has a newer one in the store, that is used without an upload', async () => {
    const store = new Map<string, unknown>();
    const first = await openBot({ store });
    const second = await platform.openBotkit({ store });
    const bot = await second.bot('2');
    // The second bot has the dead ID from the store, and meets its end only after the first has replaced it.
    platform.sim.addFaults({
      purpose: 'send-id',
      status: 200,
      body: { recipient_id: '2', message_id: 'm_1' },
    });
    await bot.say(TOM);
    await first.say();
    await until('the new ID is in the store', () => {
      const [, fresh] = platform.sim.assets();
      return fresh !== undefined && JSON.stringify([...store]).includes(fresh.id);
    });
    platform.sim.clearCalls();
    await bot.say(TOM);
    assert.deepEqual(calls(platform.sim), ['send-id 100/2018074', 'send-id']);
    assert.deepEqual(ids('2'), [newest()]);
    assert.equal(second.plugin.stats.recoveries, 1);
  });

  it('of an address on the web, the platform fetches it again', async () => {
    const website = platform.closeAfterTest(await openWebsite());
    const { say, dead } = await openBot({}, image(`${website.url}/cats/tom.jpg`));
    await say();
    await say();
    assert.deepEqual(ids(), [dead.id, undefined, newest()]);
    const { 'send-url': inOneStep, 'upload-url': uploads } = callCounts(platform.sim);
    assert.deepEqual([inOneStep, uploads], [1, 1]);
  });

  it('in a media template, the template goes by a new ID', async () => {
    const { say, dead, recoveries } = await openBot({}, mediaTemplate('cats/tom.jpg'));
    await say();
    await say();
    assert.deepEqual(ids(), [dead.id, newest(), newest()]);
    assert.deepEqual(calls(platform.sim), [
      'send-template 100/2018074',
      'upload-file',
      'send-template',
      'send-template',
    ]);
    assert.deepEqual(
      recoveries.map(({ attachmentId, how }) => [attachmentId, how]),
      [[dead.id, 'id']],
    );
  });

  it('in a media template of several, all of them are replaced, for the platform does not say which it is', async () => {
    const botkit = await platform.openBotkit();
    const bot = await botkit.bot();
    const answer = { status: 200, body: { recipient_id: '7001', message_id: 'm_1' } };
    const message = mediaTemplate('cats/tom.jpg', 'cats/mia.jpg');
    platform.sim.addFaults(
      { purpose: 'send-template', ...answer },
      { purpose: 'send-template', error: REFUSED },
      { purpose: 'send-template', ...answer },
    );
    await bot.say(message);
    const old = platform.sim.assets().map(({ id }) => id);
    await bot.say(message);
    const sent = platform.sim
      .calls()
      .flatMap(({ purpose, body }) => (purpose === 'send-template' ? [idsIn(body)] : []));
    const fresh = ['tom.jpg', 'mia.jpg'].map(
      (name) => platform.sim.assets().findLast((one) => one.name === name)?.id,
    );
    assert.deepEqual(
      sent.map((all) => all.toSorted()),
      [old.toSorted(), old.toSorted(), fresh.toSorted()],
    );
    assert.deepEqual(sent[2], fresh);
    assert.deepEqual(callCounts(platform.sim), {
      'upload-file': 4,
      'send-template': 2,
      'send-template 100/2018074': 1,
    });
    assert.equal(botkit.plugin.stats.recoveries, 2);
  });

  it('in a bot that saves by sending, the message arrives and an ID is made anew', async () => {
    const { say, dead } = await openBot({ save: 'send' });
    await say();
    await say();
    const [, second, third] = ids();
    assert.notEqual(third, dead.id);
    assert.equal(third, newest());
    assert.ok(second === undefined || second === third);
    assert.equal(arrived(platform.sim).length, 3);
  });

  it('that the author has set, it is reported: there is nothing to make a new one of', async () => {
    const { errors, consoleErrors: lines, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    await bot.say({ attachment: { type: 'image', payload: { attachment_id: '1857777774821032' } } });
    assert.deepEqual(calls(platform.sim), ['send-id 100/2018074']);
    assert.deepEqual(
      errors.map(({ message }) => message),
      [`Could not send image: ${String(lines[0]?.[1])}`],
    );
    assert.equal(lines.length, 1);
  });
});

describe('saving by sending', () => {
  const platform = useSimulator();

  it('the first message saves, the next ones go by its ID', async () => {
    const { sim, plugin, ...botkit } = await platform.openBotkit({ save: 'send' });
    const bot = await botkit.bot();
    for (let count = 0; count < 3; count++) await bot.say(TOM);
    assert.deepEqual(calls(sim), ['send-file', 'send-id', 'send-id']);
    const [saved, ...more] = sim.assets();
    assert.deepEqual(more, []);
    for (const { attachments } of arrived(sim)) assert.equal(attachments[0]?.attachmentId, saved?.id);
    assert.deepEqual([plugin.stats.uploads, plugin.stats.sends], [1, 3]);
  });

  it('one of twenty saves, the others wait for its ID', async () => {
    const { sim, ...botkit } = await platform.openBotkit({ save: 'send' });
    const users = Array.from({ length: 20 }, (_, index) => String(8000 + index));
    const bots = await Promise.all(users.map((user) => botkit.bot(user)));
    await Promise.all(bots.map((bot) => bot.say(TOM) as Promise<unknown>));
    for (const user of users) onlyArrival(sim, user);
    assert.deepEqual(callCounts(sim), { 'send-file': 1, 'send-id': 19 });
  });

  it('a message that the platform gives no ID for is not sent again; the next one saves', async () => {
    const { sim, errors, ...botkit } = await platform.openBotkit({ save: 'send' });
    sim.addFaults({ purpose: 'send-file', drop: ['attachment_id'] });
    const bot = await botkit.bot();
    for (let count = 0; count < 3; count++) await bot.say(TOM);
    assert.deepEqual(calls(sim), ['send-file', 'send-file', 'send-id']);
    assert.equal(arrived(sim).length, 3);
    assert.deepEqual(errors, []);
  });

  it('a user who cannot be reached does not keep the others from saving it', async () => {
    const { sim, errors, ...botkit } = await platform.openBotkit({ save: 'send' });
    sim.setUser({ page: '1001', user: '1', available: false });
    const bots = await Promise.all(['1', '2', '3'].map((user) => botkit.bot(user)));
    await Promise.all(bots.map((bot) => bot.say(TOM) as Promise<unknown>));
    assert.deepEqual(
      ['1', '2', '3'].map((user) => arrived(sim, user).length),
      [0, 1, 1],
    );
    assert.equal(errors.length, 1);
    assert.equal(sim.assets().length, 1);
  });
});

/** The attachment IDs in the elements of a media template that was sent. */
function idsIn(body: unknown): string[] {
  const { message } = body as {
    message: { attachment: { payload: { elements: { attachment_id: string }[] } } };
  };
  return message.attachment.payload.elements.map(({ attachment_id: id }) => id);
}
