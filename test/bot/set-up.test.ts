import assert from 'node:assert/strict';
import { errorMonitor, type EventEmitter } from 'node:events';
import { FacebookAdapter, type FacebookAdapterOptions } from 'botbuilder-adapter-facebook';
import { Botkit } from 'botkit';
import { stub } from 'sinon';
import { FacebookAttachmentCache, image, type AttachmentCacheOptions, type FailedMessage } from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { ASSETS } from '../support/files/assets';
import { PAGE } from '../support/platform/pages';
import { calls } from '../support/platform/received';

const USER = '7001';
const TOM = image('cats/tom.jpg');

describe('what is wrong with the set-up is named:', () => {
  const platform = useSimulator();

  function openPlugin(options: AttachmentCacheOptions = {}): FacebookAttachmentCache {
    const plugin = platform.closeAfterTest(new FacebookAttachmentCache({ root: ASSETS, ...options }));
    plugin.on('error', () => undefined);
    return plugin;
  }

  it('a certificate that is not trusted', async () => {
    const page = openPlugin().connect({ accessToken: PAGE.token, apiHost: platform.sim.host });
    await assert.rejects(page.send(USER, TOM), {
      code: 'ERR_GRAPH_UNREACHABLE',
      message: /Nothing was sent\. Its certificate is not trusted\..* NODE_EXTRA_CA_CERTS=/,
    });
  });

  it('the HTTP port of the host', async () => {
    const apiHost = new URL(platform.sim.httpUrl).host;
    const page = openPlugin().connect({ accessToken: PAGE.token, apiHost });
    await assert.rejects(page.send(USER, TOM), {
      code: 'ERR_GRAPH_UNREACHABLE',
      message: /Nothing was sent\. What answers there does not speak HTTPS: give the HTTPS port /,
    });
    assert.deepEqual(calls(platform.sim), []);
  });

  it('no app secret, where the app wants a proof with each call', async () => {
    const { plugin } = platform.openPlainAdapter();
    const page = plugin.connect({ accessToken: PAGE.token, apiHost: platform.sim.host });
    await assert.rejects(page.send(USER, { text: 'Hello' }), {
      name: 'GraphError',
      message: /No app secret is set, .* `app_secret` of the adapter, `appSecret` of `connect`/,
    });
  });

  const apis: [what: string, api: object, message: RegExp][] = [
    [
      'a host with a scheme',
      { api_host: 'https://localhost:8443' },
      /^Expected `api_host` to be a host such as .*, without https:\/\/ and path, got "https:\/\/localhost:8443"$/,
    ],
    [
      'a version without its v',
      { api_version: '25' },
      /^Expected `api_version` to be a version such as v25\.0, got "25"$/,
    ],
  ];
  for (const [what, api, message] of apis) {
    it(`${what}, given to the adapter, when the plugin is attached`, () => {
      const options = { verify_token: 'any', access_token: PAGE.token, app_secret: 'any', ...api };
      const plugin = openPlugin();
      const adapter = new FacebookAdapter(options);
      const wrong = { name: 'TypeError', code: 'ERR_OPTION_INVALID', message };
      assert.throws(() => plugin.attach(adapter), wrong);
      // Botkit prints what a plugin throws, and goes on.
      const controller = new Botkit({ adapter, disable_webserver: true, disable_console: true });
      const print = stub(console, 'error');
      try {
        controller.usePlugin(plugin);
      } finally {
        print.restore();
      }
      assert.match(String(print.args[0]?.[1]).replace(/^(Error: |TypeError: )+/, ''), message);
      assert.equal(controller.plugins.attachments, plugin);
    });

    it(`${what}, if an adapter’s client has it, with each message`, async () => {
      const { adapter, plugin, errors, ...botkit } = await platform.openBotkit();
      Object.assign(adapter, { options: { ...(adapter as unknown as { options: object }).options, ...api } });
      const bot = await botkit.bot();
      await bot.say(TOM);
      const [error, ...more] = errors;
      assert.deepEqual(
        more.map((other) => other.message),
        [],
      );
      assert.ok(error instanceof TypeError);
      assert.equal((error as { code?: unknown }).code, 'ERR_OPTION_INVALID');
      const { page, recipient } = error as Partial<FailedMessage>;
      assert.deepEqual([page, recipient], [PAGE.id, { id: USER }]);
      assert.match(error.message, message);
      assert.deepEqual(calls(platform.sim), []);
      await assert.rejects(plugin.warm([TOM]), { code: 'ERR_OPTION_INVALID', message });
    });
  }

  it('no host and no version, for which the adapter has defaults, are right', () => {
    const options = { verify_token: 'any', access_token: PAGE.token, app_secret: 'any' };
    for (const api of [{}, { api_host: undefined, api_version: undefined }]) {
      openPlugin().attach(new FacebookAdapter({ ...options, ...api } as FacebookAdapterOptions));
    }
  });

  it('an event that there is not, and which one is meant', () => {
    const plugin = openPlugin() as unknown as EventEmitter;
    const wrong = {
      name: 'TypeError',
      code: 'ERR_ARGUMENT_INVALID',
      message:
        /^Expected the event to be one of upload, send, recover, refresh, error, got `uplaod`; did you mean "upload"\?$/,
    };
    for (const add of ['on', 'once', 'addListener', 'prependListener', 'prependOnceListener'] as const) {
      assert.throws(() => plugin[add]('uplaod', () => undefined), wrong);
    }
    assert.deepEqual(plugin.listeners('uplaod'), []);
    for (const name of ['upload', 'newListener', 'removeListener', errorMonitor]) {
      plugin.once(name, () => undefined);
    }
  });

  for (const [what, name] of [
    ['a web address without its scheme', 'www.example.com/cat.png'],
    ['one without www', 'example.com/cats/cat.png'],
    ['one with slashes', '//example.com/cat.png'],
  ] as const) {
    for (const options of [{}, { root: undefined }] as AttachmentCacheOptions[]) {
      it(`${what}${'root' in options ? ', if there is no root' : ''}`, async () => {
        const { plugin } = platform.openPlainAdapter(options);
        const account = { accessToken: PAGE.token, appSecret: PAGE.secret, apiHost: platform.sim.host };
        const page = plugin.connect(account);
        const message = /\(a web address begins with https:\/\/\)$/;
        await assert.rejects(page.send(USER, image(name)), { name: 'AttachmentError', message });
        await assert.rejects(page.forget(name), { name: 'AttachmentError', message });
      });
    }
  }

  for (const [what, name, meant] of [
    ['a name in other case', 'cats/Tom.JPG', 'cats/tom.jpg'],
    ['a path that begins with the root', 'assets/cats/tom.jpg', 'cats/tom.jpg'],
  ] as const) {
    it(`${what}, in place of a file’s`, async () => {
      const { plugin } = platform.openPlainAdapter();
      const page = plugin.connect({ accessToken: PAGE.token, apiHost: platform.sim.host });
      await assert.rejects(page.send(USER, image(name)), {
        code: 'ERR_ATTACHMENT_NOT_FOUND',
        reason: `there is no such file in ${JSON.stringify(ASSETS)}; did you mean "${meant}"?`,
      });
    });
  }
});
