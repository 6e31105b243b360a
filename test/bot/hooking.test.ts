import assert from 'node:assert/strict';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { Botkit } from 'botkit';
import { FacebookAdapter, FacebookAPI } from 'botbuilder-adapter-facebook';
import sinon from 'sinon';
import { Agent } from 'undici';
import { KEY_PREFIX } from '../../src/cache/saved-id';
import { FacebookAttachmentCache, image } from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived, calls, onlyArrival, callCounts } from '../support/platform/received';
import { ASSETS } from '../support/files/assets';
import { createAdapter, type Bot } from '../support/bot/botkit';
import { PAGE } from '../support/platform/pages';
import { warningsOf } from '../support/checks/warnings';

const TOM = image('cats/tom.jpg');
const PARAMS = { recipient: { id: '7001' }, message: TOM };

describe('the hook', () => {
  const platform = useSimulator();

  const openPlugin = () => {
    const dispatcher = platform.closeAfterTest(new Agent({ connect: { ca: platform.sim.ca } }));
    return platform.closeAfterTest(new FacebookAttachmentCache({ root: ASSETS, dispatcher }));
  };

  const credentials = () => ({
    verify_token: 'verify',
    app_secret: PAGE.secret ?? '',
    access_token: PAGE.token,
    api_host: platform.sim.host,
  });

  async function send(adapter: FacebookAdapter): Promise<void> {
    const api = (await adapter.getAPI({ recipient: { id: PAGE.id, name: '' } })) as Bot['api'];
    await api.callAPI('/me/messages', 'POST', PARAMS);
  }

  it('is put in once, however often the plugin is used and attached', async () => {
    const { sim, adapter, controller, plugin, errors } = await platform.openBotkit();
    const before = Object.entries(adapter);
    controller.usePlugin(plugin);
    plugin.attach(adapter).attach(adapter);
    plugin.init(controller);
    assert.deepEqual(Object.entries(adapter), before);
    await send(adapter);
    onlyArrival(sim);
    assert.deepEqual(calls(sim), ['upload-file', 'send-id']);
    assert.deepEqual(errors, []);
    assert.equal(plugin.stats.sends, 1);
  });

  it('is put in once by two instances: the first one does the work, and the other one warns', async () => {
    const { sim, adapter, controller, plugin } = await platform.openBotkit();
    const before = Object.entries(adapter);
    const second = openPlugin();
    const warning =
      'FacebookAttachmentCacheWarning: Another FacebookAttachmentCache is already attached to this adapter, so this one has no effect on it.';
    const warnings = await warningsOf(() => {
      controller.usePlugin(second);
      return Promise.resolve();
    });
    assert.deepEqual(warnings, [warning]);
    assert.deepEqual(await warningsOf(() => Promise.resolve(second.attach(adapter))), [warning]);
    assert.deepEqual(Object.entries(adapter), before);
    await send(adapter);
    onlyArrival(sim);
    assert.deepEqual([plugin.stats.sends, second.stats.sends], [1, 0]);
    assert.equal(controller.plugins.attachments, plugin);
  });

  it('can be in two adapters, which share the IDs of a page', async () => {
    const { sim, adapter, plugin } = await platform.openBotkit();
    const second = createAdapter(sim, [PAGE]);
    plugin.attach(second);
    await send(adapter);
    await send(second);
    assert.equal(arrived(sim).length, 2);
    assert.deepEqual(calls(sim), ['upload-file', 'send-id', 'send-id']);
  });

  it('is put into subclasses of the adapter, whatever they are called', async () => {
    class OurAdapter extends FacebookAdapter {
      override name = 'Our own';
    }
    const adapter = new OurAdapter(credentials());
    openPlugin().attach(adapter);
    await send(adapter);
    onlyArrival(platform.sim);
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id']);
  });

  it('goes around a client once, though the adapter gives it out again and again', async () => {
    const client = new FacebookAPI(PAGE.token, PAGE.secret ?? '', platform.sim.host, 'v25.0');
    class ThriftyAdapter extends FacebookAdapter {
      override getAPI(): Promise<FacebookAPI> {
        return Promise.resolve(client);
      }
    }
    const adapter = new ThriftyAdapter(credentials());
    openPlugin().attach(adapter);
    await send(adapter);
    const hooked = Object.entries(client);
    for (let count = 0; count < 2; count++) await send(adapter);
    assert.deepEqual(Object.entries(client), hooked);
    assert.equal(arrived(platform.sim).length, 3);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 1, 'send-id': 3 });
  });

  it('is what `controller.plugins.attachments` gives', async () => {
    const { controller, plugin } = await platform.openBotkit();
    assert.equal(controller.plugins.attachments, plugin);
  });

  describe('is not put into what is no Facebook adapter; `attach` throws, and `usePlugin` warns:', () => {
    const client = { callAPI: () => Promise.resolve({}) };
    const others: Record<string, unknown> = {
      'Slack’s': { name: 'Slack Adapter', getAPI: () => Promise.resolve(client) },
      'one without clients': { name: 'Facebook Adapter' },
      'no adapter at all': undefined,
      null: null,
      text: 'Facebook Adapter',
    };
    for (const [what, adapter] of Object.entries(others)) {
      it(what, async () => {
        const before = Object.entries(adapter ?? {});
        assert.throws(() => openPlugin().attach(adapter), { code: 'ERR_ARGUMENT_INVALID' });
        const controller = { adapter, addPluginExtension: () => undefined, on: () => undefined };
        const warnings = await warningsOf(() => {
          openPlugin().init(controller);
        });
        assert.deepEqual(warnings, [
          'FacebookAttachmentCacheWarning: This adapter is not a FacebookAdapter of botbuilder-adapter-facebook, ' +
            'so its attachments are sent unchanged.',
        ]);
        assert.deepEqual(Object.entries(adapter ?? {}), before);
      });
    }

    it('Botkit’s default, for the Bot Framework', async () => {
      const controller = new Botkit({ disable_webserver: true, disable_console: true });
      const plugin = openPlugin();
      const warnings = await warningsOf(() => {
        controller.usePlugin(plugin);
      });
      assert.equal(warnings.length, 1);
      assert.equal(controller.plugins.attachments, plugin);
      await controller.shutdown();
    });
  });

  it('lets a message through although a listener fails', async () => {
    const { sim, plugin, consoleErrors: lines, ...botkit } = await platform.openBotkit();
    plugin.on('send', () => {
      throw new Error('The listener is at fault');
    });
    const bot = await botkit.bot();
    const warnings = await warningsOf(() => bot.say(TOM) as Promise<unknown>);
    onlyArrival(sim);
    assert.deepEqual(warnings, [
      'FacebookAttachmentCacheWarning: A listener of the event send threw: Error: The listener is at fault',
    ]);
    assert.deepEqual(lines, []);
  });

  it('lets a message through although a listener rejects, and warns', async () => {
    const { sim, plugin, consoleErrors: lines, ...botkit } = await platform.openBotkit();
    plugin.on('send', sinon.stub().rejects(new Error('The listener is at fault')));
    const bot = await botkit.bot();
    const warnings = await warningsOf(() => bot.say(TOM) as Promise<unknown>);
    onlyArrival(sim);
    assert.deepEqual(warnings, [
      'FacebookAttachmentCacheWarning: A listener of the event send rejected: Error: The listener is at fault',
    ]);
    assert.deepEqual(lines, []);
  });

  for (const [how, end] of [
    ['plugin.close', (plugin: FacebookAttachmentCache) => plugin.close()],
    ['controller.shutdown', (_: unknown, controller: Botkit) => controller.shutdown()],
  ] as const) {
    it(`${how} waits until IDs are written`, async () => {
      const store = new SlowMap();
      const { plugin, controller, ...botkit } = await platform.openBotkit({ store });
      const bot = await botkit.bot();
      await bot.say(TOM);
      const ids = (): string[] => [...store.keys()].filter((key) => key.includes(KEY_PREFIX));
      assert.deepEqual(ids(), []);
      await end(plugin, controller);
      assert.equal(ids().length, 1);
    });

    it(`${how} waits until an ID is refreshed and written`, async () => {
      const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
      try {
        const store = new SlowMap();
        const { sim, plugin, controller, ...botkit } = await platform.openBotkit({ store });
        const bot = await botkit.bot();
        await bot.say(TOM);
        clock.tick(86 * 24 * 60 * 60 * 1000);
        sim.addFaults({ purpose: 'upload-file', delayMs: 100 });
        await bot.say(TOM);
        await end(plugin, controller);
        const fresh = sim.assets()[1]?.id ?? assert.fail('nothing was refreshed');
        assert.ok(JSON.stringify([...store]).includes(fresh));
      } finally {
        clock.restore();
      }
    });
  }

  it('goes on after `close`, which closes nothing that is not its own', async () => {
    const { sim, plugin, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    await bot.say(TOM);
    await plugin.close();
    await plugin.close();
    await bot.say(TOM);
    assert.equal(arrived(sim).length, 2);
    assert.deepEqual(calls(sim), ['upload-file', 'send-id', 'send-id']);
  });

  it('tells of a send by the event, with what it was sent by', async () => {
    const { sim, plugin, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    const sent = once(plugin, 'send');
    await bot.say(TOM);
    const [{ page, type, asset, bytes, how, attachmentId }] = (await sent) as [Record<string, unknown>];
    const { attachment } = onlyArrival(sim);
    assert.deepEqual(
      { page, type, asset, bytes, how, attachmentId },
      {
        page: PAGE.id,
        type: 'image',
        asset: 'image "cats/tom.jpg"',
        bytes: attachment.bytes,
        how: 'id',
        attachmentId: attachment.attachmentId,
      },
    );
  });
});

/** A storage adapter whose writes take their time. */
class SlowMap extends Map<string, unknown> {
  override set(key: string, value: unknown): this {
    const write = async () => {
      await wait(500);
      super.set(key, value);
    };
    // Keyv waits for what an adapter's `set` returns.
    return write() as unknown as this;
  }
}
