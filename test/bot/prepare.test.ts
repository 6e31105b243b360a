import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import {
  file,
  image,
  isAttachmentError,
  type AssetToPrepare,
  type AttachmentCacheOptions,
  type Prepare,
  type PreparedAsset,
} from '../../src';
import type { RunningBotkit } from '../support/bot/botkit';
import { useSimulator } from '../support/bot/use-simulator';
import { readAsset } from '../support/files/assets';
import { useFolder } from '../support/files/folder';
import { content, openOrigin } from '../support/platform/origin';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import { arrived, calls } from '../support/platform/received';

const PAW = readAsset('paw.png');
const WEBP = Buffer.from('RIFF....WEBPVP8 a picture of a cat');

describe('prepare', () => {
  const platform = useSimulator();
  const folder = useFolder();
  let asked: AssetToPrepare[];

  beforeEach(async () => {
    asked = [];
    await folder.write('tom.webp', WEBP);
    await folder.write('copy.webp', WEBP);
    await folder.write('paw.png', PAW);
  });

  const toPng = ({ file: { type } }: AssetToPrepare): PreparedAsset | undefined =>
    type === 'image/webp' ? { filedata: PAW, filename: 'tom.png' } : undefined;

  /** With a `convert` whose calls are noted. */
  const open = (
    convert: Prepare['convert'] = toPng,
    options: AttachmentCacheOptions & { version?: number } = {},
  ): Promise<RunningBotkit> => {
    const { version = 1, ...rest } = options;
    return platform.openBotkit({
      root: folder.path,
      prepare: {
        version,
        convert: (asset) => {
          asked.push(asset);
          return convert(asset);
        },
      },
      ...rest,
    });
  };

  const shown = ({ sim }: RunningBotkit): unknown[] =>
    arrived(sim).map(({ attachments: [one] }) => [
      one?.type,
      one?.name,
      sim.content(one?.sha256 ?? '')?.bytes.equals(PAW) ?? false,
    ]);

  it('converts content before its upload, once, and never when there is an ID', async () => {
    const botkit = await open();
    const bot = await botkit.bot();
    for (const name of ['tom.webp', 'tom.webp', 'copy.webp']) await bot.say(image(name));
    assert.deepEqual(calls(botkit.sim), ['upload-file', 'send-id', 'send-id', 'send-id']);
    assert.deepEqual(shown(botkit), Array(3).fill(['image', 'tom.png', true]));
    assert.deepEqual(
      asked.map(({ type, asset, file: { name, type: contentType, size } }) => [
        type,
        asset,
        name,
        contentType,
        size,
      ]),
      [['image', 'image "tom.webp"', 'tom.webp', 'image/webp', WEBP.length]],
    );
    assert.deepEqual([botkit.errors, botkit.consoleErrors], [[], []]);
  });

  it('gives what is to be converted', async () => {
    const read: Buffer[] = [];
    const botkit = await open(async ({ file: given }) => {
      read.push(Buffer.from(await given.arrayBuffer()));
      return { filedata: PAW };
    });
    await (await botkit.bot()).say(image('tom.webp'));
    assert.deepEqual(read, [WEBP]);
    assert.deepEqual(shown(botkit), [['image', 'image.png', true]]);
  });

  it('converts once for several pages, and for all who send at the same time', async () => {
    const botkit = await open(
      async (asset) => {
        await wait(20);
        return toPng(asset);
      },
      { pages: [PAGE, OTHER_PAGE] } as never,
    );
    const bots = await Promise.all(
      [PAGE, OTHER_PAGE, PAGE, OTHER_PAGE].map(({ id }, index) => botkit.bot(String(7001 + index), id)),
    );
    await Promise.all(bots.map((bot) => bot.say(image('tom.webp'))));
    assert.equal(calls(botkit.sim).filter((call) => call === 'upload-file').length, 2);
    assert.equal(asked.length, 1);
  });

  it('asks once about what stays as it is, and sends that', async () => {
    const botkit = await open();
    const bot = await botkit.bot();
    for (let times = 0; times < 2; times++) await bot.say(image('paw.png', { reusable: false }));
    assert.deepEqual(calls(botkit.sim), ['send-file', 'send-file']);
    assert.deepEqual(shown(botkit), Array(2).fill(['image', 'paw.png', true]));
    assert.equal(asked.length, 1);
  });

  it('does so anew for another version, which is part of what an asset is', async () => {
    const store = new Map();
    for (const version of [1, 1, 2]) {
      const botkit = await open(toPng, { store, version, sim: platform.sim } as never);
      await (await botkit.bot()).say(image('tom.webp'));
      await platform.close(botkit);
    }
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id', 'send-id', 'upload-file', 'send-id']);
    assert.equal(asked.length, 2);
  });

  it('may make a file of a picture: it is uploaded and sent as one, also by an ID from the store', async () => {
    const store = new Map();
    for (let times = 0; times < 2; times++) {
      const botkit = await open(() => ({ type: 'file' }), { store, sim: platform.sim } as never);
      await (await botkit.bot()).say(image('tom.webp'));
      assert.deepEqual(botkit.errors, []);
      await platform.close(botkit);
    }
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id', 'send-id']);
    assert.deepEqual(
      arrived(platform.sim).map(({ attachments: [one] }) => [one?.type, one?.name]),
      Array(2).fill(['file', 'tom.webp']),
    );
  });

  it('may do so in one step, and where the send saves', async () => {
    const botkit = await open(() => ({ type: 'file' }), { save: 'send' });
    const bot = await botkit.bot();
    await bot.say(image('tom.webp', { reusable: false }));
    for (let times = 0; times < 2; times++) await bot.say(image('tom.webp'));
    assert.deepEqual(calls(botkit.sim), ['send-file', 'send-file', 'send-id']);
    assert.deepEqual(
      arrived(botkit.sim).map(({ attachments: [one] }) => one?.type),
      ['file', 'file', 'file'],
    );
  });

  it('reports a picture in a media template that has become a file', async () => {
    const botkit = await open(() => ({ type: 'file' }));
    const elements = [{ media_type: 'image', url: 'tom.webp' }];
    await (
      await botkit.bot()
    ).say({
      attachment: { type: 'template', payload: { template_type: 'media', elements } },
    });
    const [error] = botkit.errors;
    assert.ok(isAttachmentError(error) && error.code === 'ERR_ATTACHMENT_TYPE_MISMATCH');
    assert.match(error.reason, /converts it to type file/);
  });

  it('converts bytes and what the plugin fetches, and not what Facebook fetches', async () => {
    const origin = platform.closeAfterTest(await openOrigin(content(WEBP, 'image/webp', { etag: '"1"' })));
    const other = platform.closeAfterTest(await openOrigin(content(PAW, 'image/png')));
    const botkit = await open(toPng, { fetchFrom: [origin.url] });
    const bot = await botkit.bot();
    for (const source of [WEBP, `${origin.url}/tom.webp`, `${other.url}/paw.png`])
      await bot.say(image(source));
    assert.deepEqual(calls(botkit.sim), ['upload-file', 'send-id', 'send-id', 'upload-url', 'send-id']);
    assert.equal(asked.length, 1);
  });

  const failures: [what: string, convert: Prepare['convert'], code: string, reason: RegExp][] = [
    [
      'an error',
      () => Promise.reject(new Error('no: access_token=EAAB')),
      'ERR_ATTACHMENT_PREPARE_FAILED',
      /^`prepare\.convert` threw: no: access_token=…$/,
    ],
    [
      'no object',
      () => 5 as never,
      'ERR_ATTACHMENT_PREPARE_FAILED',
      /^`prepare\.convert` did not return an object$/,
    ],
    [
      'no type of attachment',
      () => ({ type: 'sticker' }) as never,
      'ERR_ATTACHMENT_PREPARE_FAILED',
      /^`prepare\.convert` returned an unknown `type`$/,
    ],
    [
      'no name',
      () => ({ filename: '' }),
      'ERR_ATTACHMENT_PREPARE_FAILED',
      /^`prepare\.convert` returned a `filename` that is not a string, or is empty$/,
    ],
    ['nothing in it', () => ({ filedata: Buffer.alloc(0) }), 'ERR_ATTACHMENT_EMPTY', /^it has no content$/],
    [
      'another type',
      () => ({ type: 'audio', filedata: PAW }),
      'ERR_ATTACHMENT_TYPE_MISMATCH',
      /^its content type is image\/png/,
    ],
    [
      'what is no content',
      () => ({ filedata: 'bytes' as never }),
      'ERR_ATTACHMENT_BAD_SOURCE',
      /^expected `filedata`/,
    ],
  ];
  for (const [what, convert, code, reason] of failures) {
    it(`reports ${what}, sends nothing, and is not asked again within 30 s`, async () => {
      const botkit = await open(convert);
      const bot = await botkit.bot();
      for (let times = 0; times < 2; times++) await bot.say(image('tom.webp'));
      await bot.say('Hello');
      const [error] = botkit.errors;
      assert.ok(isAttachmentError(error), String(error));
      assert.deepEqual([error.code, reason.test(error.reason)], [code, true], error.reason);
      assert.deepEqual(calls(botkit.sim), ['send-text']);
      assert.equal(asked.length, 1);
    });
  }

  it('sends a file that changes while it is converted as it is then', async () => {
    let times = 0;
    const botkit = await open(async ({ file: given }) => {
      if (times++ === 0) await folder.write('tom.webp', 'changed');
      await given.arrayBuffer();
      return { filedata: PAW };
    });
    await (await botkit.bot()).say(image('tom.webp'));
    assert.deepEqual(botkit.errors, []);
    assert.deepEqual(shown(botkit), [['image', 'image.png', true]]);
    assert.equal(asked.length, 2);
  });

  it('is waited for longer than uploadWait', async () => {
    const botkit = await open(
      async () => {
        await wait(600);
        return { filedata: PAW };
      },
      { uploadWait: 100 },
    );
    await (await botkit.bot()).say(image('tom.webp'));
    assert.deepEqual(calls(botkit.sim), ['upload-file', 'send-id']);
  });

  it('converts two at a time', async () => {
    let underWay = 0;
    let most = 0;
    const botkit = await open(async () => {
      most = Math.max(most, ++underWay);
      await wait(10);
      underWay--;
      return undefined;
    });
    const { results } = await botkit.plugin.warm(
      Array.from({ length: 20 }, (_, index) => file(Buffer.from([index]), { filename: 'a.bin' })),
      { concurrency: 20 },
    );
    assert.ok(results.every(({ outcome }) => outcome === 'uploaded'));
    assert.equal(most, 2);
  });
});
