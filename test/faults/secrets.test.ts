import assert from 'node:assert/strict';
import { Agent, type Dispatcher } from 'undici';
import { startSimulator, type Fault, type Simulator } from 'messenger-platform-simulator';
import { image, type AttachmentCacheOptions } from '../../src';
import { CANARY, CANARY_PAGE, catchLeaks, PROOF, type Leaks } from '../support/checks/secret-leaks';
import { FaultyStore, throws } from '../support/stores/faulty-store';
import { openTcpRelay } from '../support/platform/tcp-relay';
import { arrived } from '../support/platform/received';
import { openBotkit, type Bot, type RunningBotkit } from '../support/bot/botkit';
import { openWebsite, type Website } from '../support/platform/website';
import { PLATFORM_FAULTS } from './matrix/platform-faults';
import { mediaTemplate, say } from './matrix/ways';

/** What the platform might say back, and a proxy or a library put into an error. */
const ECHO = [
  `Cannot fetch https://${CANARY.user}:${CANARY.password}@example.com/cat.jpg?${CANARY.query}#top,`,
  `asked with access_token=${encodeURIComponent(CANARY_PAGE.token)}&appsecret_proof=${PROOF}`,
  `(${CANARY_PAGE.token}, ${CANARY_PAGE.secret ?? ''})`,
].join(' ');

describe('Secrets', () => {
  let sim: Simulator;
  let website: Website;
  let botkit: RunningBotkit | undefined;
  let store: FaultyStore;
  let leaks: Leaks;

  before(async () => {
    sim = await startSimulator({ pages: [CANARY_PAGE] });
    website = await openWebsite();
  });
  after(async () => {
    await website.close();
    await sim.close();
  });
  beforeEach(() => {
    sim.reset();
    sim.openWindow({ page: CANARY_PAGE.id });
    store = new FaultyStore();
    leaks = catchLeaks();
  });
  afterEach(async () => {
    await botkit?.close();
    botkit = undefined;
    leaks.stop();
  });

  const open = async (options: AttachmentCacheOptions = {}): Promise<Bot> => {
    botkit = await openBotkit({ sim, pages: [CANARY_PAGE], store, uploads: { attempts: 2 }, ...options });
    leaks.watch(botkit.plugin);
    return botkit.bot();
  };

  /** Sends it, whatever becomes of it, and looks everywhere. */
  const sendAndCollect = async (bot: Bot, ...messages: object[]): Promise<void> => {
    for (const message of messages) await say(bot, message).catch(leaks.take);
    await botkit?.plugin.close();
    leaks.take(botkit?.consoleErrors, botkit?.errors, botkit?.plugin.stats, botkit?.plugin, [
      ...store.records,
    ]);
    assert.ok(leaks.size > 0, 'there was something to look at');
    leaks.assertNone();
  };

  const signed = () => `${website.url}/paw.png?${CANARY.query}#canarysignature`;

  const ways: readonly (readonly [string, () => object[]])[] = [
    ['a file', () => [image('paw.png')]],
    ['a signed web address', () => [image(signed())]],
    ['a media template with a signed web address', () => [mediaTemplate(signed())]],
  ];

  for (const [what, messages] of ways) {
    it(`are in nothing that ${what} leaves when all is well, and when an ID dies`, async () => {
      const bot = await open();
      for (const message of messages()) await say(bot, message);
      sim.revokeAll();
      await sendAndCollect(bot, ...messages());
      assert.equal(arrived(sim, '7001', CANARY_PAGE.id).length, 2);
    });

    for (const { name, fault, hangs } of PLATFORM_FAULTS) {
      if (hangs) continue;
      for (const door of ['messages', 'message_attachments']) {
        it(`are in nothing that ${what} leaves when the call of /${door} ${name}`, async () => {
          sim.addFaults(withEcho({ ...fault, path: `/${door}$` }));
          await sendAndCollect(await open(), ...messages());
        });
      }
    }
  }

  it('are in nothing that an address with a password leaves', async () => {
    const address = signed().replace('//', `//${CANARY.user}:${CANARY.password}@`);
    await sendAndCollect(await open(), image(address), mediaTemplate(address), image(new URL(address)));
    assert.equal(botkit?.errors.length, 3, 'the platform fetches no such address');
  });

  for (const [what, address] of [
    ['without a host', `https://${CANARY.user}:${CANARY.password}@:80/x?${CANARY.query}`],
    ['of a mistyped scheme', `htps://${CANARY.user}:${CANARY.password}@example.com/cat.jpg?${CANARY.query}`],
    ['without a scheme', `//example.com/cat.jpg?${CANARY.query}`],
    ['that forgot its scheme', `www.example.com/cat.jpg?${CANARY.query}`],
  ] as const) {
    it(`are in nothing that an address ${what} leaves`, async () => {
      await sendAndCollect(await open(), image(address));
      assert.equal(botkit?.errors.length, 1);
    });
  }

  it('are in nothing that a `cacheKey` leaves which throws the address', async () => {
    const cacheKey = (url: URL): string => {
      throw new Error(`No key for ${url.href}`);
    };
    await sendAndCollect(await open({ cacheKey }), image(signed()));
    assert.equal(botkit?.errors.length, 1);
  });

  it('are in nothing that strict mode rejects with', async () => {
    sim.addFaults(withEcho({ error: { code: 100, subcode: 2018008 }, times: Infinity }));
    const bot = await open({ strict: true });
    await assert.rejects(say(bot, image(signed())), (error) => {
      leaks.take(error);
      return true;
    });
    await sendAndCollect(bot, image(signed()), mediaTemplate(signed()));
  });

  it('are in nothing that a connection leaves which never comes up', async () => {
    const relay = await openTcpRelay(sim);
    relay.refuse('refused', Infinity);
    await sendAndCollect(
      await open({ dispatcher: relay.dispatcher }),
      ...ways.flatMap(([, messages]) => messages()),
    );
    assert.ok(botkit?.errors.length);
    await relay.close();
  });

  it('are in nothing that a dispatcher leaves whose errors hold the request', async () => {
    const agent = new Agent();
    const dispatcher = agent.compose(() => (options: Dispatcher.DispatchOptions) => {
      throw Object.assign(new Error(`Cannot dispatch ${options.method} ${options.path}: ${ECHO}`), {
        options,
      });
    });
    await sendAndCollect(await open({ dispatcher }), ...ways.flatMap(([, messages]) => messages()));
    assert.ok(botkit?.errors.length);
    await agent.close();
  });

  it('are in nothing that a text leaves which the platform refuses, although the adapter sends and prints it', async () => {
    const bot = await open();
    sim.addFaults({ path: '/messages$', times: 1, error: { code: 190, message: ECHO } });
    await sendAndCollect(bot, { text: 'Hello' });
    assert.equal(botkit?.errors.length, 1);
  });

  it('are in nothing that connect leaves, whatever the platform says', async () => {
    await open();
    const { token: accessToken, secret: appSecret } = CANARY_PAGE;
    const page = botkit?.plugin.connect({ accessToken, appSecret, apiHost: sim.host });
    assert.ok(page);
    leaks.take(page);
    sim.addFaults({ times: 3, error: { code: 100, message: ECHO } });
    for (const message of [{ text: 'Hello' }, image(signed())]) {
      leaks.take(await page.send('7001', message).catch((error: unknown) => error));
    }
    leaks.take(await page.callAPI(`/me/nothing?${CANARY.query}`, 'GET').catch((error: unknown) => error));
    for (const account of [
      accessToken,
      { accessToken: `${accessToken}\n` },
      { accessToken, appSecret: `${accessToken} ` },
    ]) {
      assert.throws(
        () => botkit?.plugin.connect(account as never),
        (error) => {
          leaks.take(error);
          return true;
        },
      );
    }
    const bot = await botkit?.bot();
    assert.ok(bot);
    await sendAndCollect(bot, image(signed()));
  });

  for (const scheme of ['redis', 'rediss', 'postgres', 'mysql', 'mongodb+srv', 'https']) {
    it(`are in nothing that a store of ${scheme}: leaves which fails`, async () => {
      const server = `${scheme}://${CANARY.user}:${CANARY.password}@db.example.com:6379/0?${CANARY.query}`;
      const failing = throws(`connect ECONNREFUSED "${server}"`);
      store.fail({ get: failing, set: failing, delete: failing });
      const bot = await open();
      await sendAndCollect(bot, image('paw.png'));
      await botkit?.plugin.forget(image('paw.png')).catch(leaks.take);
      await sendAndCollect(bot);
      assert.ok(botkit?.errors.length);
    });
  }
});

/** With an error message that holds all there is to hide. */
function withEcho(fault: Fault): Fault {
  if (fault.error) return { ...fault, error: { ...fault.error, message: ECHO } };
  return typeof fault.body === 'string' && fault.body !== '' ? { ...fault, body: fault.body + ECHO } : fault;
}
