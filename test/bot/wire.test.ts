import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { startSimulator, type PageOptions } from 'messenger-platform-simulator';
import { audio, file, image, video, type AttachmentCacheOptions } from '../../src';
import { parseForm, recordCalls, type RecordedRequest } from '../support/platform/recorder';
import { useSimulator } from '../support/bot/use-simulator';
import { readAsset } from '../support/files/assets';
import { onlyArrival } from '../support/platform/received';
import { PAGE } from '../support/platform/pages';
import type { Bot } from '../support/bot/botkit';
import { openWebsite } from '../support/platform/website';

/** The adapter adds it to every message; the pages leave it out of these examples. */
const ALWAYS = { messaging_type: 'RESPONSE' };
const RECIPIENT = { id: '7001' };

const MESSAGES = '/v25.0/me/messages';
const MESSAGE_ATTACHMENTS = '/v25.0/me/message_attachments';

const CAT = { name: 'tom.jpg', type: 'image/jpeg', bytes: readAsset('cats/tom.jpg') };

describe('on the wire, each request is exactly what the platform documents', () => {
  const platform = useSimulator();

  /** What a bot sends over the wire. */
  async function record(
    work: (bot: Bot) => Promise<unknown>,
    options: AttachmentCacheOptions = {},
  ): Promise<RecordedRequest[]> {
    const recorder = platform.closeAfterTest(await recordCalls(platform.sim));
    const botkit = await platform.openBotkit({ sim: recorder, ...options });
    await work(await botkit.bot());
    assert.deepEqual(botkit.consoleErrors, []);
    return recorder.requests;
  }

  const website = async () => platform.closeAfterTest(await openWebsite());

  it('uploads from a URL, then sends the saved asset', async () => {
    const url = `${(await website()).url}/cats/tom.jpg`;
    const [upload, send, ...more] = await record((bot) => bot.say(image(url)));
    assert.deepEqual(more, []);
    checkJson(upload, MESSAGE_ATTACHMENTS, {
      message: { attachment: { type: 'image', payload: { url, is_reusable: true } } },
    });
    checkJson(send, MESSAGES, {
      recipient: RECIPIENT,
      message: { attachment: { type: 'image', payload: { attachment_id: savedId() } } },
      ...ALWAYS,
    });
  });

  it('uploads from a file, then sends the saved asset', async () => {
    const [upload, send, ...more] = await record((bot) => bot.say(image('cats/tom.jpg')));
    assert.deepEqual(more, []);
    checkForm(
      upload,
      MESSAGE_ATTACHMENTS,
      { message: { attachment: { type: 'image', payload: { is_reusable: true } } } },
      CAT,
    );
    checkJson(send, MESSAGES, {
      recipient: RECIPIENT,
      message: { attachment: { type: 'image', payload: { attachment_id: savedId() } } },
      ...ALWAYS,
    });
  });

  it('uploads and sends from a URL in one step', async () => {
    const url = `${(await website()).url}/cats/tom.jpg`;
    const [send, ...more] = await record((bot) => bot.say(image(url, { reusable: false })));
    assert.deepEqual(more, []);
    checkJson(send, MESSAGES, {
      recipient: RECIPIENT,
      message: { attachment: { type: 'image', payload: { url } } },
      ...ALWAYS,
    });
  });

  it('uploads and sends from a file in one step', async () => {
    const [send, ...more] = await record((bot) => bot.say(image('cats/tom.jpg', { reusable: false })));
    assert.deepEqual(more, []);
    checkForm(
      send,
      MESSAGES,
      { recipient: RECIPIENT, message: { attachment: { type: 'image', payload: {} } }, ...ALWAYS },
      CAT,
    );
  });

  it('saves from a URL with the Send API', async () => {
    const url = `${(await website()).url}/cats/tom.jpg`;
    const [send, ...more] = await record((bot) => bot.say(image(url)), { save: 'send' });
    assert.deepEqual(more, []);
    checkJson(send, MESSAGES, {
      recipient: RECIPIENT,
      message: { attachment: { type: 'image', payload: { url, is_reusable: true } } },
      ...ALWAYS,
    });
  });

  it('saves from a file with the Send API', async () => {
    const [send, ...more] = await record((bot) => bot.say(image('cats/tom.jpg')), { save: 'send' });
    assert.deepEqual(more, []);
    checkForm(
      send,
      MESSAGES,
      {
        recipient: RECIPIENT,
        message: { attachment: { type: 'image', payload: { is_reusable: true } } },
        ...ALWAYS,
      },
      CAT,
    );
  });

  it('puts the ID of a saved asset into a media template', async () => {
    const buttons = [{ type: 'web_url', url: 'https://example.com/adopt', title: 'Adopt' }];
    const element = { media_type: 'image', url: 'cats/tom.jpg', buttons };
    const payload = { template_type: 'media', sharable: true, elements: [element] };
    const [upload, send, ...more] = await record((bot) =>
      bot.say({ attachment: { type: 'template', payload } }),
    );
    assert.deepEqual(more, []);
    checkForm(
      upload,
      MESSAGE_ATTACHMENTS,
      { message: { attachment: { type: 'image', payload: { is_reusable: true } } } },
      CAT,
    );
    const filled = { media_type: 'image', buttons, attachment_id: savedId() };
    checkJson(send, MESSAGES, {
      recipient: RECIPIENT,
      message: { attachment: { type: 'template', payload: { ...payload, elements: [filled] } } },
      ...ALWAYS,
    });
  });

  it('sends by the ID of the page where the bot does', async () => {
    const params = { recipient: RECIPIENT, message: image('cats/tom.jpg') };
    const [, send] = await record((bot) => bot.api.callAPI('/1001/messages', 'POST', params));
    checkJson(send, '/v25.0/1001/messages', {
      recipient: RECIPIENT,
      message: { attachment: { type: 'image', payload: { attachment_id: savedId() } } },
    });
  });

  it('asks for the ID of the page, and for nothing else of it', async () => {
    const recorder = platform.closeAfterTest(await recordCalls(platform.sim));
    const { adapter } = await platform.openBotkit({ sim: recorder });
    const api = (await adapter.getAPI({})) as Bot['api'];
    await api.callAPI('/me/messages', 'POST', { recipient: RECIPIENT, message: image('cats/tom.jpg') });
    const [me] = recorder.requests;
    assert.ok(me);
    assert.equal(me.method, 'GET');
    assert.equal(me.path, '/v25.0/me');
    assert.deepEqual(Object.fromEntries(me.query), {
      fields: 'id',
      appsecret_proof: credentials(PAGE).appsecret_proof,
    });
    assert.equal(me.headers.authorization, `Bearer ${PAGE.token}`);
    assert.equal(me.body.length, 0);
  });

  const files = [
    { message: image('paw.png'), name: 'paw.png', type: 'image/png' },
    { message: image('blink.gif'), name: 'blink.gif', type: 'image/gif' },
    { message: audio('lullaby.mp3'), name: 'lullaby.mp3', type: 'audio/mpeg' },
    { message: video('night.mp4'), name: 'night.mp4', type: 'video/mp4' },
    { message: file('cat-care.pdf'), name: 'cat-care.pdf', type: 'application/pdf' },
  ];
  for (const { message, name, type } of files) {
    it(`names ${name} and says that it is ${type}`, async () => {
      const [upload] = await record((bot) => bot.say(message));
      const attachment = { type: message.attachment.type, payload: { is_reusable: true } };
      const bytes = readAsset(name);
      checkForm(upload, MESSAGE_ATTACHMENTS, { message: { attachment } }, { name, type, bytes });
    });
  }

  it('keeps a name in any alphabet', async () => {
    const name = 'Menü für 猫.pdf';
    const [upload] = await record((bot) => bot.say(file('cat-care.pdf', { filename: name })));
    const attachment = { type: 'file', payload: { is_reusable: true } };
    const expected = { name, type: 'application/pdf', bytes: readAsset('cat-care.pdf') };
    checkForm(upload, MESSAGE_ATTACHMENTS, { message: { attachment } }, expected);
  });

  it('gives the token as it is, whatever characters it has', async () => {
    const page: PageOptions = { id: '1003', token: 'EAA|b+c/d=&e%20f', secret: 'another-secret' };
    const sim = platform.closeAfterTest(await startSimulator({ pages: [page], windows: 'open' }));
    const recorder = platform.closeAfterTest(await recordCalls(sim));
    const botkit = await platform.openBotkit({ sim: recorder, pages: [page] });
    const bot = await botkit.bot();
    await bot.say(image('cats/tom.jpg'));
    assert.equal(onlyArrival(sim, '7001', page.id).attachment.name, 'tom.jpg');
    const [upload, send] = recorder.requests;
    const attachment = { type: 'image', payload: { is_reusable: true } };
    const expected = { name: 'tom.jpg', type: 'image/jpeg', bytes: readAsset('cats/tom.jpg') };
    checkForm(upload, MESSAGE_ATTACHMENTS, { message: { attachment } }, expected, page);
    assert.ok(send);
    const { access_token: token } = JSON.parse(send.body.toString()) as Record<string, unknown>;
    assert.equal(token, page.token);
  });

  function savedId(): string | undefined {
    return onlyArrival(platform.sim).attachment.attachmentId;
  }
});

function credentials({ token, secret = '' }: PageOptions): Record<string, string> {
  const proof = createHmac('sha256', secret).update(token).digest('hex');
  return { access_token: token, appsecret_proof: proof };
}

function checkHead(request: RecordedRequest | undefined, path: string): asserts request is RecordedRequest {
  assert.ok(request, 'nothing was sent');
  assert.equal(request.method, 'POST');
  assert.equal(request.path, path);
  assert.deepEqual([...request.query], [], 'addresses stand in logs, so they hold no credentials');
  assert.equal(request.headers['content-length'], String(request.body.length));
  assert.equal(request.headers['transfer-encoding'], undefined);
}

function checkJson(request: RecordedRequest | undefined, path: string, body: object): void {
  checkHead(request, path);
  assert.equal(request.headers['content-type'], 'application/json');
  assert.deepEqual(JSON.parse(request.body.toString()), { ...credentials(PAGE), ...body });
}

function checkForm(
  request: RecordedRequest | undefined,
  path: string,
  fields: Record<string, unknown>,
  { name, type, bytes }: { name: string; type: string; bytes: Buffer },
  page = PAGE,
): void {
  checkHead(request, path);
  const parts = parseForm(request);
  const filedata = parts.pop();
  const sent = parts.map(({ headers, body }) => [headers, readField(body)]);
  const expected = Object.entries({ ...credentials(page), ...fields }).map(([field, value]) => [
    { 'content-disposition': `form-data; name="${field}"` },
    value,
  ]);
  assert.deepEqual(sent, expected);
  assert.deepEqual(filedata?.headers, {
    'content-disposition': `form-data; name="filedata"; filename="${name}"`,
    'content-type': type,
  });
  assert.ok(filedata.body.equals(bytes), 'other bytes were sent');
}

function readField(body: Buffer): unknown {
  const text = body.toString();
  return text.startsWith('{') ? JSON.parse(text) : text;
}
