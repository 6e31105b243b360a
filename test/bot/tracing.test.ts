import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  FacebookAttachmentCache,
  image,
  media,
  type SendTrace,
  type UploadTrace,
  isAdapterError,
} from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { readAsset } from '../support/files/assets';
import { PAGE } from '../support/platform/pages';
import { onlyArrival } from '../support/platform/received';

const TOM = image('cats/tom.jpg');
const NAMES = ['send', 'upload', 'recovery'] as const;

interface Traced {
  readonly name: (typeof NAMES)[number];
  readonly data: Partial<SendTrace & UploadTrace> & { attachmentId?: string };
  readonly result: unknown;
  readonly error: unknown;
}

describe('the tracing channels', () => {
  const platform = useSimulator();
  let traces: Traced[];
  let endings: (() => unknown)[];

  beforeEach(() => {
    traces = [];
    endings = NAMES.map((name) => {
      const channel = `tracing:botkit-plugin-facebook-attachments:${name}:asyncEnd`;
      const onEnd = (message: unknown): void => {
        const { result, error, ...data } = message as Traced['data'] & { result?: unknown; error?: unknown };
        traces.push({ name, data, result, error });
      };
      subscribe(channel, onEnd);
      return () => unsubscribe(channel, onEnd);
    });
  });
  afterEach(() => {
    for (const end of endings) end();
  });

  const named = (name: Traced['name']): Traced[] => traces.filter((trace) => trace.name === name);

  it('tell of a send, and of its upload', async () => {
    const bot = await (await platform.openBotkit()).bot();
    await bot.say(TOM);
    const recipient = { id: '7001' };
    const { mid } = onlyArrival(platform.sim).message;
    const [asset] = platform.sim.assets();
    const [upload, send, ...more] = traces;
    assert.deepEqual(more, []);
    assert.deepEqual(upload?.data, {
      page: PAGE.id,
      recipient,
      type: 'image',
      asset: 'image "cats/tom.jpg"',
      bytes: readAsset('cats/tom.jpg').length,
      reason: 'send',
      attempt: 1,
    });
    assert.equal(upload.result, asset?.id);
    assert.deepEqual(send?.data, { page: PAGE.id, recipient, asset: 'image cats/tom.jpg' });
    assert.deepEqual(send.result, { recipient_id: '7001', message_id: mid });
  });

  it('tell of each try of an upload, of texts, and of errors, without a secret', async () => {
    const { adapter, ...botkit } = await platform.openBotkit();
    const bot = await botkit.bot();
    platform.sim.addFaults({ purpose: 'upload-file', error: { code: 2 } });
    await bot.say(TOM);
    assert.deepEqual(
      named('upload').map(({ data, error }) => [data.attempt, error instanceof Error]),
      [
        [1, true],
        [2, false],
      ],
    );
    const { options } = adapter as unknown as { options: Record<string, unknown> };
    Object.assign(adapter, { options: { ...options, api_host: 'localhost:1' } });
    await (await botkit.bot()).say('Hello');
    const failed = named('send').at(-1);
    assert.equal(failed?.data.asset, 'a text');
    assert.match(String(failed.error), /ECONNREFUSED/);
    assert.ok(isAdapterError(failed.error));
    assert.deepEqual([failed.error.page, failed.error.recipient], [PAGE.id, { id: '7001' }]);
    assert.ok(!JSON.stringify(traces.map(({ data, error }) => [data, String(error)])).includes(PAGE.token));
  });

  for (const [what, message] of [
    ['a picture', TOM],
    ['a media template', media('cats/tom.jpg')],
  ] as const) {
    it(`tell of a recovery, and by which ID it was not sent: ${what}`, async () => {
      const bot = await (await platform.openBotkit()).bot();
      await bot.say(TOM);
      const [dead] = platform.sim.assets();
      platform.sim.revokeAll();
      await bot.say(message);
      const [recovery, ...more] = named('recovery');
      assert.deepEqual(more, []);
      assert.equal(recovery?.data.attachmentId, dead?.id);
      assert.equal(recovery?.error, undefined);
    });
  }

  it('cost a send nothing while nobody listens', async () => {
    for (const end of endings) end();
    const bot = await (await platform.openBotkit()).bot();
    await bot.say(TOM);
    assert.deepEqual(traces, []);
  });
});

describe('Symbol.asyncDispose', () => {
  it('closes the plugin', async () => {
    const plugin = new FacebookAttachmentCache();
    let isClosed = false;
    plugin.close = () => {
      isClosed = true;
      return Promise.resolve();
    };
    await plugin[Symbol.asyncDispose]();
    assert.ok(isClosed);
  });
});
