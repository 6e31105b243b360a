import assert from 'node:assert/strict';
import { once } from 'node:events';
import path from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import Debug from 'debug';
import sinon from 'sinon';
import { image } from '../../../src/message/builders';
import { FacebookAttachmentCache, type BotkitLike } from '../../../src/plugin';
import { runCommand } from '../../support/processes/command';
import { FakeAdapter, type ApiClient, type FakeAPI } from '../../support/bot/fake-adapter';
import { loadAnew } from '../../support/checks/load-anew';
import { transportError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';
import { useSimulator } from '../../support/bot/use-simulator';
import { arrived, calls } from '../../support/platform/received';
import { OTHER_PAGE, PAGE } from '../../support/platform/pages';
import type { Bot, RunningBotkit, RunningBotkitOptions } from '../../support/bot/botkit';

/** Of which there is no instance yet. */
const { FacebookAttachmentCache: First } = loadAnew(require.resolve('../../../src/plugin')) as {
  FacebookAttachmentCache: typeof FacebookAttachmentCache;
};

const TOM = image('cats/tom.jpg');
const MISSING = image('nowhere.jpg');
const paramsOf = (message: object): object => ({ recipient: { id: '7001' }, message });

describe('FacebookAttachmentCache', () => {
  const platform = useSimulator();
  const folder = useFolder();
  let plugin: FacebookAttachmentCache;
  let adapter: FakeAdapter;

  beforeEach(() => {
    plugin = new FacebookAttachmentCache();
    adapter = new FakeAdapter();
  });
  afterEach(() => {
    sinon.restore();
  });

  /** The API client that the botkit's adapter makes for a page. */
  const apiOf = async ({ adapter: real }: RunningBotkit, page = PAGE.id): Promise<Bot['api']> =>
    await real.getAPI({ recipient: { id: page, name: '' } });

  const open = (options?: RunningBotkitOptions): Promise<RunningBotkit> => platform.openBotkit(options);

  it('has a name that Botkit lists it under', () => {
    assert.match(plugin.name, /^Facebook Attachment Cache( \d+)?$/);
    const names = [new First().name, new First().name];
    assert.deepEqual(names, ['Facebook Attachment Cache', 'Facebook Attachment Cache 2']);
  });

  it('rejects a negative ttl with a RangeError', () => {
    assert.throws(() => new FacebookAttachmentCache({ ttl: -1 }), RangeError);
  });

  it('adds a send middleware to Botkit only in strict mode', () => {
    assert.equal(plugin.middlewares.send.length, 0);
    assert.equal(new FacebookAttachmentCache({ strict: true }).middlewares.send.length, 1);
  });

  describe('init', () => {
    it('attaches the plugin, extends the controller, and closes the plugin with the bot', async () => {
      const known: unknown[] = [];
      const handlers = new Map<string, () => Promise<void>>();
      const close = sinon.spy(plugin, 'close');
      const controller: BotkitLike = {
        adapter,
        addPluginExtension: (...extension) => known.push(extension),
        on: (event, handler) => handlers.set(event, handler),
      };
      plugin.init(controller);
      assert.deepEqual(known, [['attachments', plugin]]);
      assert.ok(Object.hasOwn(adapter, 'getAPI'), 'it is hooked');
      assert.deepEqual([...handlers.keys()], ['shutdown']);
      assert.equal(close.callCount, 0);
      await handlers.get('shutdown')?.();
      assert.equal(close.callCount, 1);
    });
  });

  describe('attach', () => {
    it('warns that strict mode needs a Botkit bot', () => {
      const warn = sinon.stub(process, 'emitWarning');
      new FacebookAttachmentCache({ strict: true }).attach(adapter);
      assert.match(String(warn.args[0]?.[0]), /^The option `strict` has no effect with attach\(\)/);
    });

    it('returns the plugin', () => {
      assert.equal(plugin.attach(adapter), plugin);
    });

    const others: [adapter: unknown, got: string][] = [
      [42, '42'],
      [undefined, 'undefined'],
      ['Facebook Adapter', 'a string'],
      [{ name: 'Slack Adapter', getAPI: () => undefined }, 'an object'],
    ];
    for (const [other, got] of others) {
      it(`refuses what is not a Facebook adapter: ${got}`, () => {
        assert.throws(() => plugin.attach(other), {
          name: 'TypeError',
          code: 'ERR_ARGUMENT_INVALID',
          message: `Expected \`adapter\` to be a FacebookAdapter of botbuilder-adapter-facebook, got ${got}`,
        });
      });
    }
  });

  describe('leaves to the adapter', () => {
    const text = paramsOf({ text: 'Hello' });
    const tom = paramsOf(TOM);
    const passing: [what: string, call: [path: string, method?: string, payload?: unknown]][] = [
      ['a text', ['/me/messages', 'POST', text]],
      [
        'a message with an ID',
        [
          '/me/messages',
          'POST',
          paramsOf({ attachment: { type: 'image', payload: { attachment_id: '1' } } }),
        ],
      ],
      ['a call without a payload', ['/me/messages', 'POST']],
      ['a call of nothing but a path', ['/me/messages']],
      ['a GET', ['/me/messages', 'GET', tom]],
      ['a call of another kind', ['/me/messenger_profile', 'POST', tom]],
      ['an upload', ['/me/message_attachments', 'POST', tom]],
      ['a longer path', ['/me/messages/1', 'POST', tom]],
      ['a path that ends alike', ['/x/me/messages', 'POST', tom]],
      ['a path of no page', ['/12x/messages', 'POST', tom]],
    ];
    for (const [what, call] of passing) {
      it(`${what}, unchanged`, async () => {
        plugin.attach(adapter);
        const api = (await adapter.getAPI()) as ApiClient;
        assert.deepEqual(await api.callAPI(...call), { message_id: `answer to ${call[0]}` });
        assert.deepEqual((adapter.made[0] as FakeAPI).asked, [call]);
        assert.equal(plugin.stats.sends, 0);
      });
    }
  });

  describe('sends', () => {
    const paths: [path: string, method: string | undefined][] = [
      ['/me/messages', 'POST'],
      ['/me/messages', undefined],
      ['/me/messages', 'post'],
      ['/me/messages/', 'POST'],
      [`/${PAGE.id}/messages`, 'POST'],
    ];
    for (const [path, method] of paths) {
      it(`an attachment itself: ${method ?? 'no method'} ${path}`, async () => {
        const botkit = await open();
        const api = await apiOf(botkit);
        const answer = await api.callAPI(path, method as string, paramsOf(TOM));
        assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id']);
        assert.deepEqual(answer, { recipient_id: '7001', message_id: arrived(platform.sim)[0]?.mid });
      });
    }

    it('and rejects with one event for each failure', async () => {
      const botkit = await open();
      const api = await apiOf(botkit);
      await assert.rejects(api.callAPI('/me/messages', 'POST', paramsOf(MISSING)), {
        code: 'ERR_ATTACHMENT_NOT_FOUND',
      });
      await assert.rejects(api.callAPI('/me/messages', 'POST', paramsOf({ attachment: 'tom.jpg' })), {
        code: 'ERR_ATTACHMENT_BAD_SOURCE',
      });
      assert.deepEqual(
        botkit.errors.map((error) => (error as { code?: unknown }).code),
        ['ERR_ATTACHMENT_NOT_FOUND', 'ERR_ATTACHMENT_BAD_SOURCE'],
      );
      assert.equal(botkit.plugin.stats.errors, 2);
      assert.deepEqual(calls(platform.sim), []);
    });

    it('and rejects without a listener as well', async () => {
      const botkit = await open();
      botkit.plugin.removeAllListeners('error');
      const warn = sinon.spy(process, 'emitWarning');
      const api = await apiOf(botkit);
      await assert.rejects(api.callAPI('/me/messages', 'POST', paramsOf(MISSING)), {
        name: 'AttachmentError',
      });
      assert.equal(botkit.plugin.stats.errors, 1);
      assert.deepEqual(warn.args, []);
    });

    it('and warns when a listener throws', async () => {
      const botkit = await open();
      botkit.plugin.once('send', () => {
        throw new Error('I am confused');
      });
      const warned = once(process, 'warning');
      const api = await apiOf(botkit);
      await api.callAPI('/me/messages', 'POST', paramsOf(TOM));
      const [warning] = (await warned) as [Error];
      assert.equal(warning.name, 'FacebookAttachmentCacheWarning');
      assert.equal(warning.message, 'A listener of the event send threw: Error: I am confused');
      assert.equal(arrived(platform.sim).length, 1);
      assert.deepEqual(botkit.errors, []);
    });

    it('and asks for the page of a token once', async () => {
      const botkit = await open();
      for (const url of ['cats/tom.jpg', 'cats/mia.jpg']) {
        const api = (await botkit.adapter.getAPI(undefined as never)) as Bot['api'];
        await api.callAPI('/me/messages', 'POST', paramsOf(image(url)));
      }
      assert.equal(calls(platform.sim).filter((call) => call === 'read').length, 1);
    });

    it('by separate IDs for each page', async () => {
      const botkit = await open({ pages: [PAGE, OTHER_PAGE] });
      for (const page of [PAGE, OTHER_PAGE, PAGE, OTHER_PAGE]) {
        await (await apiOf(botkit, page.id)).callAPI('/me/messages', 'POST', paramsOf(TOM));
      }
      assert.deepEqual(calls(platform.sim), [
        'upload-file',
        'send-id',
        'upload-file',
        'send-id',
        'send-id',
        'send-id',
      ]);
      assert.deepEqual(
        platform.sim.assets().map(({ page }) => page),
        [PAGE.id, OTHER_PAGE.id],
      );
    });
  });

  describe('has options that', () => {
    it('set the folder of files', async () => {
      await folder.write('own.gif', 'GIF89a');
      const botkit = await open({ root: folder.path });
      await (await apiOf(botkit)).callAPI('/me/messages', 'POST', paramsOf(image('own.gif')));
      assert.equal(arrived(platform.sim).length, 1);
    });

    it('limit the attempts of an upload', async () => {
      const botkit = await open({ uploads: { attempts: 1 } });
      platform.sim.addFaults({ path: '/message_attachments', error: { code: 4 } });
      await (await apiOf(botkit)).callAPI('/me/messages', 'POST', paramsOf(TOM));
      assert.deepEqual(calls(platform.sim), ['upload-file 4', 'send-file']);
    });

    it('let messages save their attachments', async () => {
      const botkit = await open({ save: 'send' });
      await (await apiOf(botkit)).callAPI('/me/messages', 'POST', paramsOf(TOM));
      assert.deepEqual(calls(platform.sim), ['send-file']);
      assert.equal(platform.sim.assets().length, 1);
    });

    it('decide which addresses are the same', async () => {
      const botkit = await open({ cacheKey: (url) => url.pathname });
      const address = (query: string): object => image(`${platform.sim.httpUrl}/_sim/nowhere.png${query}`);
      platform.sim.addFaults({ path: '/message_attachments', body: { attachment_id: '11' } });
      platform.sim.addFaults({ path: '/messages', times: 2, body: { message_id: 'm' } });
      const api = await apiOf(botkit);
      await api.callAPI('/me/messages', 'POST', paramsOf(address('?sig=1')));
      await api.callAPI('/me/messages', 'POST', paramsOf(address('?sig=2')));
      assert.deepEqual(calls(platform.sim), ['upload-url', 'send-id', 'send-id']);
    });

    it('limit how long a message waits for the store, whose failure is reported', async () => {
      const store = {
        get: () => new Promise<never>(() => undefined),
        set: () => true,
        delete: () => true,
        clear: () => undefined,
      };
      const botkit = await open({ store, storeTimeout: 20 });
      await (await apiOf(botkit)).callAPI('/me/messages', 'POST', paramsOf(TOM));
      assert.equal(arrived(platform.sim).length, 1);
      assert.match(String(botkit.errors[0]), /^StoreError: .*no answer within 20 ms/);
    });
  });

  describe('strict mode', () => {
    /** What the middleware says of an activity that `bot` is to send. */
    function prepare(
      botkit: RunningBotkit,
      activity: object,
      real: unknown = botkit.adapter,
    ): Promise<unknown> {
      const [middleware] = botkit.plugin.middlewares.send;
      assert.ok(middleware);
      const config: Record<string, unknown> = {
        adapter: real,
        context: { activity: { recipient: { id: PAGE.id } } },
      };
      return new Promise((resolve) => {
        middleware({ getConfig: (key) => config[key] }, activity, resolve);
      });
    }

    const message = (channelData: unknown): object => ({ type: 'message', channelData });

    it('prepares the attachment before it is sent', async () => {
      const botkit = await open({ strict: true });
      assert.equal(await prepare(botkit, message(TOM)), undefined);
      assert.deepEqual(calls(platform.sim), ['upload-file']);
    });

    it('prepares Bot Framework attachments, all of them', async () => {
      const botkit = await open({ strict: true });
      const attachments = ['cats/tom.jpg', 'cats/mia.jpg'].map((contentUrl) => ({
        contentType: 'image/jpeg',
        contentUrl,
      }));
      assert.equal(await prepare(botkit, { type: 'message', attachments }), undefined);
      assert.deepEqual(calls(platform.sim), ['upload-file', 'upload-file']);
    });

    it('rejects what cannot be sent, and reports it once', async () => {
      const botkit = await open({ strict: true });
      const error = await prepare(botkit, message(MISSING));
      assert.deepEqual(botkit.errors, [error]);
      assert.equal((error as { code?: string }).code, 'ERR_ATTACHMENT_NOT_FOUND');
      assert.equal(await prepare(botkit, message({ attachment: 'tom.jpg' })), botkit.errors[1]);
    });

    for (const channelData of [
      undefined,
      null,
      {},
      { attachment: null },
      { attachment: { type: 'image', payload: { attachment_id: '1' } } },
    ]) {
      it(`has nothing to do for ${JSON.stringify({ channelData })}`, async () => {
        const botkit = await open({ strict: true });
        assert.equal(await prepare(botkit, message(channelData)), undefined);
        assert.deepEqual(calls(platform.sim), []);
      });
    }

    it("has nothing to do on an adapter that is not Facebook's", async () => {
      const botkit = await open({ strict: true });
      assert.equal(await prepare(botkit, message(MISSING), { name: 'Slack Adapter' }), undefined);
    });

    const broken = {
      name: 'Facebook Adapter',
      getAPI: () => Promise.reject(transportError('ERR_GRAPH_UNREACHABLE')),
    };

    it('rejects when the adapter has no client', async () => {
      const botkit = await open({ strict: true });
      assert.equal(await prepare(botkit, message(TOM), broken), botkit.errors[0]);
    });

    it('needs no client for a message without an attachment', async () => {
      const botkit = await open({ strict: true });
      for (const channelData of [undefined, {}, { attachment: null }]) {
        assert.equal(await prepare(botkit, message(channelData), broken), undefined);
      }
      assert.deepEqual(botkit.errors, []);
    });
  });

  it('loads undici and tinyglobby only when they are needed', async () => {
    const program = `
      require('./src');
      const loaded = Object.keys(require.cache).join();
      for (const name of ['lru-cache', 'undici', 'tinyglobby']) console.log(name, loaded.includes('/node_modules/' + name + '/'));
    `;
    const args = ['--import', 'tsx', '--input-type=commonjs', '--eval', program];
    const cwd = path.join(__dirname, '../../..');
    const { stdout } = await runCommand(process.execPath, args, { cwd, timeout: 15_000 });
    assert.equal(stdout, 'lru-cache true\nundici false\ntinyglobby false\n');
  });

  it('prints every event, whole, when DEBUG says so', async () => {
    const botkit = await open();
    const print = sinon.stub(process.stderr, 'write');
    Debug.enable('botkit:facebook-attachments');
    try {
      await (await apiOf(botkit)).callAPI('/me/messages', 'POST', paramsOf(TOM));
    } finally {
      Debug.disable();
      print.restore();
    }
    const printed = stripVTControlCharacters(print.args.join(''));
    for (const name of ['upload', 'send']) {
      assert.match(
        printed,
        new RegExp(
          `botkit:facebook-attachments ${name} \\{[^{}]*(\\{[^}]*\\})?[^}]*attachmentId: '${platform.sim.assets()[0]?.id}'`,
        ),
      );
    }
  });

  it('waits on close for work in the background', async () => {
    const botkit = await open();
    const api = await apiOf(botkit);
    await api.callAPI('/me/messages', 'POST', paramsOf(TOM));
    platform.sim.revokeAll();
    platform.sim.addFaults({ path: '/message_attachments', delayMs: 100 });
    await api.callAPI('/me/messages', 'POST', paramsOf(TOM));
    await botkit.plugin.close();
    assert.equal(calls(platform.sim).filter((call) => call === 'upload-file').length, 2);
    assert.equal(botkit.plugin.stats.uploads, 2);
  });
});
