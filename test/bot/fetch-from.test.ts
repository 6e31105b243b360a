import assert from 'node:assert/strict';
import { image, isAttachmentError, isGraphError, video, type AttachmentCacheOptions } from '../../src';
import type { RunningBotkit } from '../support/bot/botkit';
import { useSimulator } from '../support/bot/use-simulator';
import { readAsset } from '../support/files/assets';
import { PAGE } from '../support/platform/pages';
import { content, openOrigin, type Origin, type Serve } from '../support/platform/origin';
import { arrived, calls } from '../support/platform/received';

const TOM = readAsset('cats/tom.jpg');
const MIA = readAsset('cats/mia.jpg');

const tom = content(TOM, 'image/jpeg', { etag: '"tom"' });
const mia = content(MIA, 'image/jpeg', { etag: '"mia"' });

const NOT_FETCHED = {
  status: 400,
  error: { code: 100, subcode: 2018008, message: 'Failed to fetch the file' },
};

describe('fetchFrom', () => {
  const platform = useSimulator();
  let origin: Origin;

  beforeEach(async () => {
    origin = platform.closeAfterTest(await openOrigin(tom));
  });

  const open = (options: AttachmentCacheOptions = {}): Promise<RunningBotkit> =>
    platform.openBotkit({ fetchFrom: [origin.url], ...options });

  const shown = ({ sim }: RunningBotkit): (string | undefined)[] =>
    arrived(sim).map(({ attachments }) => {
      const bytes = sim.content(attachments[0]?.sha256 ?? '')?.bytes;
      return bytes?.equals(TOM) ? 'tom' : bytes?.equals(MIA) ? 'mia' : undefined;
    });

  describe('an address of such an origin', () => {
    it('is fetched by the plugin, uploaded as bytes, and sent by its ID from then on', async () => {
      const botkit = await open();
      const bot = await botkit.bot();
      for (let times = 0; times < 3; times++) await bot.say(image(`${origin.url}/tom.jpg`));
      assert.deepEqual(calls(botkit.sim), ['upload-file', 'send-id', 'send-id', 'send-id']);
      assert.deepEqual(shown(botkit), ['tom', 'tom', 'tom']);
      assert.equal(arrived(botkit.sim)[0]?.attachments[0]?.name, 'tom.jpg');
      assert.deepEqual(
        origin.requests.map(({ headers }) => headers['if-none-match']),
        [undefined, '"tom"', '"tom"'],
      );
      assert.deepEqual([botkit.errors, botkit.consoleErrors], [[], []]);
    });

    it('is one asset with another address of the same picture, and with the same file', async () => {
      const botkit = await open();
      const bot = await botkit.bot();
      await bot.say(image(`${origin.url}/tom.jpg`));
      await bot.say(image(`${origin.url}/copy/of/tom.jpg?signature=abc`));
      await bot.say(image('cats/tom.jpg'));
      assert.deepEqual(calls(botkit.sim), ['upload-file', 'send-id', 'send-id', 'send-id']);
    });

    it('shows a change with the next message, and has its old ID again when it is changed back', async () => {
      const botkit = await open();
      const bot = await botkit.bot();
      for (const serve of [tom, mia, tom]) {
        origin.serve(serve);
        await bot.say(image(`${origin.url}/cat.jpg`));
      }
      assert.deepEqual(shown(botkit), ['tom', 'mia', 'tom']);
      assert.deepEqual(calls(botkit.sim), ['upload-file', 'send-id', 'upload-file', 'send-id', 'send-id']);
    });

    it('costs one fetch and one upload for a hundred signatures at a time', async () => {
      const botkit = await open({ cacheKey: (url) => url.origin + url.pathname });
      origin.serve(content(TOM, 'image/jpeg', { 'cache-control': 'max-age=60' }));
      const bots = await Promise.all(
        Array.from({ length: 100 }, (_, index) => botkit.bot(String(7001 + index))),
      );
      await Promise.all(bots.map((bot, index) => bot.say(image(`${origin.url}/tom.jpg?signature=${index}`))));
      assert.equal(origin.requests.length, 1);
      const made = calls(botkit.sim);
      assert.deepEqual([made[0], made.length], ['upload-file', 101]);
      assert.ok(made.slice(1).every((call) => call === 'send-id'));
    });

    it('can be warmed, and forgotten', async () => {
      const { plugin, sim } = await open();
      const address = image(`${origin.url}/tom.jpg`);
      assert.equal((await plugin.warm([address])).uploaded, 1);
      assert.equal((await plugin.warm([address])).known, 1);
      assert.deepEqual(
        (await plugin.list()).map(({ source }) => source),
        [{ url: `${origin.url}/tom.jpg` }],
      );
      await plugin.forget(address);
      assert.equal((await plugin.warm([address])).uploaded, 1);
      assert.deepEqual(calls(sim), ['read', 'upload-file', 'upload-file']);
    });

    it('can stand in a media template', async () => {
      const botkit = await open();
      const bot = await botkit.bot();
      const elements = [{ media_type: 'image', url: `${origin.url}/tom.jpg` }];
      await bot.say({
        attachment: { type: 'template', payload: { template_type: 'media', elements } },
      });
      assert.deepEqual(calls(botkit.sim), ['upload-file', 'send-template']);
    });

    it('is fetched and sent in one step if it is not to be saved', async () => {
      const botkit = await open();
      const bot = await botkit.bot();
      await bot.say(image(`${origin.url}/tom.jpg`, { reusable: false }));
      assert.deepEqual(calls(botkit.sim), ['send-file']);
      assert.deepEqual(shown(botkit), ['tom']);
    });

    it('is left to Facebook if it is of another origin', async () => {
      const other = platform.closeAfterTest(await openOrigin(tom));
      const botkit = await open();
      const bot = await botkit.bot();
      await bot.say(image(`${other.url}/tom.jpg`));
      assert.deepEqual(calls(botkit.sim), ['upload-url', 'send-id']);
      assert.equal(origin.requests.length, 0);
    });
  });

  describe('a server that cannot be waited for', () => {
    const hang: Serve = (response, request) => {
      // Facebook, whose requests are not the plugin's, gets its answer.
      if (!request.headers['user-agent']?.startsWith('botkit-plugin')) tom(response, request);
    };

    it('delays a message by no more than uploadWait; then Facebook fetches the address, for this message only', async () => {
      origin.serve(hang);
      const botkit = await open({ uploadWait: 200 });
      const bot = await botkit.bot();
      const begun = performance.now();
      await bot.say(image(`${origin.url}/tom.jpg`));
      assert.ok(performance.now() - begun < 2_000);
      assert.deepEqual(calls(botkit.sim), ['send-url']);
      assert.deepEqual(shown(botkit), ['tom']);
      assert.deepEqual([botkit.sim.assets(), await botkit.plugin.list()], [[], []]);
    });

    it('is reported once, and the messages go by what Facebook fetches', async () => {
      origin.serve((response, request) => {
        if (request.headers['user-agent']?.startsWith('botkit-plugin')) response.writeHead(502).end();
        else tom(response, request);
      });
      const botkit = await open();
      const bot = await botkit.bot();
      await bot.say(image(`${origin.url}/tom.jpg?signature=abc`));
      await bot.say(image(`${origin.url}/tom.jpg?signature=abc`));
      assert.deepEqual(calls(botkit.sim), ['send-url', 'send-url']);
      assert.deepEqual(
        botkit.errors.map(({ message }) => message),
        [`Cannot send image ${origin.url}/tom.jpg: it could not be fetched (HTTP 502)`],
      );
    });
  });

  for (const [what, serve, code] of [
    ['what is not there', (response) => response.writeHead(404).end(), 'ERR_ATTACHMENT_FETCH_REFUSED'],
    [
      'a redirect to elsewhere',
      (response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(),
      'ERR_ATTACHMENT_FETCH_REFUSED',
    ],
    [
      'a page in the place of a picture',
      content(Buffer.from('<html>'), 'text/html'),
      'ERR_ATTACHMENT_TYPE_MISMATCH',
    ],
  ] as const satisfies readonly (readonly [string, Serve, string])[]) {
    it(`reports ${what}, sends nothing, and the conversation goes on`, async () => {
      origin.serve(serve);
      const botkit = await open();
      const bot = await botkit.bot();
      await bot.say(image(`${origin.url}/tom.jpg?signature=abc`));
      await bot.say('Hello');
      const [error] = botkit.errors;
      assert.ok(isAttachmentError(error));
      assert.equal(error.code, code);
      assert.equal(error.asset, `image ${origin.url}/tom.jpg`);
      assert.equal(error.message.includes('signature'), false);
      assert.deepEqual(calls(botkit.sim), ['send-text']);
    });
  }

  describe('when: refused', () => {
    const openRefused = (options: AttachmentCacheOptions = {}): Promise<RunningBotkit> =>
      open({ fetchFrom: { origins: [origin.url], when: 'refused' }, ...options });

    it('leaves an address to Facebook', async () => {
      const botkit = await openRefused();
      const bot = await botkit.bot();
      await bot.say(image(`${origin.url}/tom.jpg`));
      assert.deepEqual(calls(botkit.sim), ['upload-url', 'send-id']);
      assert.equal(origin.requests.length, 1);
    });

    it('fetches what Facebook could not, once, and uploads its bytes', async () => {
      const botkit = await openRefused();
      const bot = await botkit.bot();
      botkit.sim.addFaults({ purpose: 'upload-url', times: 1, ...NOT_FETCHED });
      for (let times = 0; times < 3; times++) await bot.say(image(`${origin.url}/tom.jpg`));
      assert.deepEqual(calls(botkit.sim), [
        'upload-url 100/2018008',
        'upload-file',
        'send-id',
        'send-id',
        'send-id',
      ]);
      assert.deepEqual(shown(botkit), ['tom', 'tom', 'tom']);
      assert.equal(origin.requests.length, 1);
      assert.deepEqual(botkit.errors, []);
      assert.equal((await botkit.plugin.list())[0]?.bytes, TOM.length);
    });

    it('sends in one step what Facebook could not fetch in one step', async () => {
      const botkit = await openRefused();
      const bot = await botkit.bot();
      botkit.sim.addFaults({ purpose: 'send-url', times: 1, ...NOT_FETCHED });
      await bot.say(image(`${origin.url}/tom.jpg`, { reusable: false }));
      assert.deepEqual(calls(botkit.sim), ['send-url 100/2018008', 'send-file']);
      assert.deepEqual(shown(botkit), ['tom']);
    });

    it('fetches nothing after another error, also in one step', async () => {
      const botkit = await openRefused();
      const bot = await botkit.bot();
      botkit.sim.addFaults({ times: 2, status: 400, error: { code: 100, subcode: 2018047 } });
      await bot.say(image(`${origin.url}/tom.jpg`));
      await bot.say(image(`${origin.url}/tom.jpg`, { reusable: false }));
      assert.deepEqual(calls(botkit.sim), ['upload-url 100/2018047', 'send-url 100/2018047']);
      assert.equal(origin.requests.length, 0);
    });

    it('reports Facebook’s error in one step, and why the plugin could not fetch it either', async () => {
      origin.serve((response) => response.writeHead(404).end());
      const botkit = await openRefused();
      const bot = await botkit.bot();
      botkit.sim.addFaults({ purpose: 'send-url', ...NOT_FETCHED });
      const sent = (await bot.say(image(`${origin.url}/tom.jpg`, { reusable: false }))) as { error?: Error };
      const [own, facebooks, ...more] = botkit.errors;
      assert.ok(isAttachmentError(own) && own.code === 'ERR_ATTACHMENT_FETCH_REFUSED');
      assert.ok(isGraphError(facebooks) && facebooks.subcode === 2018008);
      assert.equal(sent.error, facebooks);
      assert.match(facebooks.message, /^Facebook refused to send image /);
      assert.deepEqual([calls(botkit.sim), more], [['send-url 100/2018008'], []]);
    });

    it('reports Facebook’s error, and why the plugin could not fetch it either', async () => {
      origin.serve((response) => response.writeHead(404).end());
      const botkit = await openRefused();
      const bot = await botkit.bot();
      const contexts: unknown[] = [];
      botkit.plugin.on('error', (_, context) => contexts.push(context));
      botkit.sim.addFaults({ purpose: 'upload-url', ...NOT_FETCHED });
      await bot.say(image(`${origin.url}/tom.jpg`));
      const [own, facebooks, ...more] = botkit.errors;
      assert.ok(isAttachmentError(own) && own.code === 'ERR_ATTACHMENT_FETCH_REFUSED');
      const about = { page: PAGE.id, recipient: { id: '7001' } };
      assert.deepEqual([{ page: own.page, recipient: own.recipient }, contexts[0]], [about, about]);
      assert.ok(isGraphError(facebooks) && facebooks.subcode === 2018008);
      assert.deepEqual(more, []);
    });

    it('fetches nothing of an origin that is not listed', async () => {
      const other = platform.closeAfterTest(await openOrigin(tom));
      const botkit = await openRefused();
      const bot = await botkit.bot();
      botkit.sim.addFaults({ purpose: 'upload-url', times: 2, ...NOT_FETCHED });
      await bot.say(video(`${other.url}/tom.mp4`));
      assert.deepEqual(calls(botkit.sim), ['upload-url 100/2018008', 'upload-url 100/2018008']);
      assert.equal(other.requests.length, 0);
    });
  });
});
