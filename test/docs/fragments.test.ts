import assert from 'node:assert/strict';
import { copyFile, cp, mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import KeyvRedis from '@keyv/redis';
import { TurnContext } from 'botbuilder';
import { FacebookAdapter } from 'botbuilder-adapter-facebook';
import { BotkitConversation, type BotkitMessage, type BotWorker } from 'botkit';
import Keyv from 'keyv';
import { Agent, ProxyAgent } from 'undici';
import { startSimulator } from 'messenger-platform-simulator';
import * as plugin from '../../src';
import { useFolder } from '../support/files/folder';
import { useSimulator } from '../support/bot/use-simulator';
import { arrived } from '../support/platform/received';
import { ASSETS } from '../support/files/assets';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import type { RunningBotkit } from '../support/bot/botkit';
import { openWebhook } from '../support/platform/webhook';
import { openWebsite, type Website } from '../support/platform/website';
import { blocksOfDocstrings, blocksOfMarkdown, MARKDOWN, ROOT, SOURCES, type Block } from './blocks';
import { runFragment } from './run-fragment';

/** What needs packages of the tests of stores, and what needs another bot: see testing.test.ts. */
const ELSEWHERE = ['docs/scaling.md', 'simulator/docs/testing.md', 'simulator/README.md'];

/** It is large, and made for each system. */
const NEEDS_SHARP = /require\('sharp'\)/;

const FRAGMENTS = [
  ...SOURCES.flatMap(blocksOfDocstrings),
  ...MARKDOWN.filter((file) => !ELSEWHERE.includes(file)).flatMap(blocksOfMarkdown),
].filter(({ isFragment, text }) => isFragment && !NEEDS_SHARP.test(text));

const USER = '7001';

/** Where the documentation has the simulator run, and the page that it has there. */
const CHAT_PAGE = 'http://localhost:8080';
const NO_SECRET = { id: PAGE.id, token: 'a-token' };

/** What the examples call their files, and what stands for it. */
const FILES = {
  'cats/tom.png': 'paw.png',
  'greeting.mp3': 'lullaby.mp3',
  'sounds/greeting.mp3': 'lullaby.mp3',
  'menu.pdf': 'cat-care.pdf',
  'cat.jpg': 'cats/mia.jpg',
  'tour.mp4': 'night.mp4',
};

/** Has an example say something to a person. */
const SENDS = /\bbot\.(reply|say)\(|\bsendActivity\(|\bpage\.send\(/;

/** Sends by an ID of the author's own. */
const OWN_ID = /\battachment_id: '\d+'/;

/** Registers somebody who is told of what the plugin does. */
const LISTENS = /\bcache\.on\(/;

describe('the examples of docstrings', () => {
  it('are all found, each on lines of its own', async () => {
    for (const file of SOURCES) {
      const text = await readFile(path.join(ROOT, file), 'utf8');
      const tags = text.match(/^ *(?:\/\*)?\* @example.*$/gm) ?? [];
      assert.equal(blocksOfDocstrings(file).length, tags.length, file);
      for (const tag of tags) assert.match(tag, /@example$/, file);
    }
  });
});

describe('the fragments of the documentation run in the middle of a conversation:', function () {
  this.timeout(30_000);
  const home = process.cwd();
  // Before the folder goes, which would take the current one away from all tests after this.
  afterEach(() => {
    process.chdir(home);
  });
  const platform = useSimulator();
  const folder = useFolder('assets');

  beforeEach(async () => {
    await cp(ASSETS, folder.path, { recursive: true });
    for (const [name, asset] of Object.entries(FILES)) {
      await mkdir(path.dirname(folder.at(name)), { recursive: true });
      await copyFile(path.join(ASSETS, asset), folder.at(name));
    }
    process.chdir(folder.at('..'));
  });
  for (const block of FRAGMENTS) {
    it(`${block.file}:${block.line}`, async () => {
      const site = platform.closeAfterTest(await openWebsite(folder.path));
      const webhook = platform.closeAfterTest(await openWebhook());
      platform.sim.setWebhook(webhook.url);
      const pages = block.heading === 'Several pages' ? [PAGE, OTHER_PAGE] : [PAGE];
      const configuration = { webserver: webhook.webserver };
      const botkit = await platform.openBotkit({
        sim: platform.sim,
        root: folder.path,
        pages,
        configuration,
      });
      await inTurn(botkit, (bot, message) => run(block, botkit, site, bot, message));
      // Nobody has uploaded what stands for an ID there.
      if (!OWN_ID.test(block.text)) assert.deepEqual(botkit.errors, []);
      assert.equal(arrived(platform.sim, USER).length > 0, SENDS.test(block.text));
      if (!LISTENS.test(block.text)) return;
      const bot = await botkit.bot(USER);
      for (const name of ['cats/tom.jpg', 'missing.jpg']) await bot.say(plugin.image(name));
      assert.equal(botkit.errors.length, 1);
    });
  }

  async function run(
    { file, line, text }: Block,
    { sim, ...botkit }: RunningBotkit,
    { url }: Website,
    bot: BotWorker,
    message: BotkitMessage,
  ): Promise<void> {
    const printed: unknown[][] = [];
    const scope: Record<string, unknown> = {
      ...plugin,
      FacebookAdapter,
      BotkitConversation,
      Keyv,
      KeyvRedis,
      ProxyAgent,
      path,
      startSimulator,
      adapter: botkit.adapter,
      controller: botkit.controller,
      bot,
      message,
      cache: botkit.plugin,
      page: botkit.plugin.connect({
        accessToken: PAGE.token,
        appSecret: PAGE.secret,
        apiHost: sim.host,
      }),
      dispatcher: new Agent(),
      root: folder.path,
      person: USER,
      people: [USER, '7002'],
      reference: TurnContext.getConversationReference(message.incoming_message),
      signedAddress: (name: string) => Promise.resolve(`${url}/${name}?signature=${Math.random()}`),
      text: 'a text',
      pdf: await readFile(folder.at('menu.pdf')),
      log: { warn: () => undefined },
      qrCode: () => readFile(folder.at('paw.png')),
      require: createRequire(__filename),
      __dirname: folder.at('..'),
      console: { log: () => undefined, error: (...line: unknown[]) => void printed.push(line) },
      process: {
        env: {
          FACEBOOK_VERIFY_TOKEN: 'verify',
          FACEBOOK_ACCESS_TOKEN: PAGE.token,
          FACEBOOK_APP_SECRET: PAGE.secret,
          FACEBOOK_API_HOST: sim.host,
        },
        once: () => undefined,
      },
    };
    const other = text.includes(CHAT_PAGE)
      ? platform.closeAfterTest(await startSimulator({ pages: [NO_SECRET] }))
      : sim;
    const here = text.replaceAll('https://example.com', url).replaceAll(CHAT_PAGE, other.httpUrl);
    await runFragment(here, `${file}:${line}`, scope);
    assert.deepEqual(printed, []);
  }

  /** Does something as the bot's answer to a person. */
  async function inTurn(
    { controller, sim }: RunningBotkit,
    work: (bot: BotWorker, message: BotkitMessage) => Promise<void>,
  ): Promise<void> {
    const done = new Promise<void>((resolve, reject) => {
      controller.on('message', async (bot, message) => {
        await work(bot, message).then(resolve, reject);
      });
    });
    await Promise.all([sim.say({ page: PAGE.id, user: USER, text: 'Show me' }), done]);
  }
});
