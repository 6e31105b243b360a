import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type RequestListener } from 'node:http';
import {
  assertError,
  call,
  callWithForm,
  messageWith,
  openWindows,
  OTHER_PAGE,
  PAGE,
  PNG,
  png,
  received,
  send,
  sendById,
  upload,
  USER,
  useWebServer,
  useSimulator,
} from './support';
import { freePort } from '../support/platform/listen';

const MB = 1024 * 1024;
const reusable = (type: string) => ({ message: messageWith(type, { is_reusable: true }) });
const bytes = (size: number, type: string) => new File([Buffer.alloc(size, 'x')], 'file', { type });

describe('An attachment ID', () => {
  const simulator = useSimulator();

  it('sends the uploaded bytes, as often as one likes', async () => {
    const id = await upload(simulator());
    for (let n = 0; n < 3; n++) assert.equal((await sendById(simulator(), id)).status, 200);
    const sha256 = createHash('sha256').update(PNG).digest('hex');
    assert.deepEqual(
      received(simulator()).map(({ attachments }) => attachments.map((attachment) => attachment.sha256)),
      [[sha256], [sha256], [sha256]],
    );
    assert.equal(simulator().assets()[0]?.timesUsed, 3);
  });

  it('is private to the page that uploaded it', async () => {
    const id = await upload(simulator());
    assertError(await sendById(simulator(), id, { token: OTHER_PAGE.token }), 100, 2018074);
    assert.equal((await sendById(simulator(), id)).status, 200);
  });

  it('dies after 90 days; what is in a thread stays', async () => {
    const id = await upload(simulator());
    simulator().advanceDays(89.999);
    openWindows(simulator());
    assert.equal((await sendById(simulator(), id)).status, 200);
    simulator().advanceDays(0.001);
    assertError(await sendById(simulator(), id), 100, 2018074, /Possible invalid ID/);
    const [message] = received(simulator());
    const shown = await fetch(simulator().httpUrl + (message?.attachments[0]?.url ?? ''));
    assert.deepEqual(Buffer.from(await shown.arrayBuffer()), PNG);
  });

  it('dies when it is revoked, and alone', async () => {
    const [one, two] = [await upload(simulator()), await upload(simulator())];
    assert.notEqual(one, two);
    assert.equal(simulator().revoke(one), true);
    assert.equal(simulator().revoke('1'), false);
    assertError(await sendById(simulator(), one), 100, 2018074);
    assert.equal((await sendById(simulator(), two)).status, 200);
    assert.equal(simulator().revokeAll(), 2);
    assertError(await sendById(simulator(), two), 100, 2018074);
  });

  it('that nobody has uploaded is refused with 100/2018074', async () => {
    assertError(await sendById(simulator(), '1857777774821032'), 100, 2018074);
  });

  it('sends only attachments of its type', async () => {
    const id = await upload(simulator());
    assertError(await sendById(simulator(), id, { type: 'video' }), 100, 2018047);
  });

  it('comes from a send with is_reusable, too, and from no other send', async () => {
    const recipient = { id: '1' };
    const saved = await callWithForm(simulator(), '/messages', {
      recipient,
      ...reusable('image'),
      filedata: png(),
    });
    assert.equal((await sendById(simulator(), saved.body.attachment_id ?? '')).status, 200);
    const message = messageWith('image', {});
    const { status, body } = await callWithForm(simulator(), '/messages', {
      recipient,
      message,
      filedata: png(),
    });
    assert.deepEqual([status, 'attachment_id' in body], [200, false]);
    assert.deepEqual(
      simulator()
        .assets()
        .map(({ via }) => via),
      ['send'],
    );
  });

  it('of an upload that is not reusable is good for one message', async () => {
    for (const payload of [{}, { is_reusable: false }]) {
      const form = { message: messageWith('image', payload), filedata: png() };
      const { status, body } = await callWithForm(simulator(), '/message_attachments', form);
      assert.equal(status, 200, JSON.stringify(body));
      const id = body.attachment_id ?? '';
      assert.equal((await sendById(simulator(), id)).status, 200);
      assertError(await sendById(simulator(), id), 100, 2018074);
    }
    assert.equal(received(simulator()).length, 2);
  });

  it('is given for a file without a payload, as the platform’s page prints it', async () => {
    const form = { message: { attachment: { type: 'image' } }, filedata: png() };
    assert.equal((await callWithForm(simulator(), '/message_attachments', form)).status, 200);
    const sent = { ...form, recipient: { id: USER } };
    assert.equal((await callWithForm(simulator(), '/messages', sent)).status, 200);
  });

  it('is given for a message that could be sent, and for no other', async () => {
    const payload = { url: 'http://localhost:9/', is_reusable: true };
    const refused: [message: object, subcode: number | undefined, wording: RegExp][] = [
      [{ ...messageWith('image', payload), foo: 1 }, undefined, /Invalid keys "foo" .* "message"$/],
      [
        { attachment: { type: 'image', payload, foo: 1 } },
        undefined,
        /Invalid keys "foo" .*\[attachment\]"$/,
      ],
      [messageWith('image', { ...payload, foo: 1 }), undefined, /Invalid keys "foo" .*\[payload\]"$/],
      [messageWith('image', { ...payload, is_reusable: 'yes' }), undefined, /\[is_reusable\]/],
      [{ ...messageWith('image', payload), quick_replies: 'junk' }, undefined, /\[quick_replies\]/],
      [{ ...messageWith('image', payload), text: 'x' }, 2018191, /Only one of/],
      [{ text: 'x' }, undefined, /The parameter message\[attachment\] is required/],
      [
        messageWith('template', { template_type: 'one_time_notif_req' }),
        undefined,
        /must be one of \{AUDIO, FILE, IMAGE, VIDEO\}/,
      ],
    ];
    for (const [message, subcode, wording] of refused) {
      const answer = await call(simulator(), '/me/message_attachments', { message });
      assertError(answer, 100, subcode, wording);
    }
  });
});

describe('A file', () => {
  const simulator = useSimulator();
  const uploadAs = (type: string, file: File) =>
    callWithForm(simulator(), '/message_attachments', { ...reusable(type), filedata: file });

  it('of 25 MB is taken; one byte more is refused with 100/2018109', async () => {
    assert.equal((await uploadAs('file', bytes(25 * MB, 'application/pdf'))).status, 200);
    assertError(await uploadAs('file', bytes(25 * MB + 1, 'application/pdf')), 100, 2018109);
    assert.equal(simulator().assets()[0]?.bytes, 25 * MB);
  });

  it('must be what its type says: 100/2018047 otherwise', async () => {
    for (const type of ['image', 'audio', 'video']) {
      assert.equal((await uploadAs(type, bytes(9, `${type}/any`))).status, 200);
      assertError(await uploadAs(type, bytes(9, 'application/octet-stream')), 100, 2018047);
    }
    const video = await uploadAs('audio', bytes(9, 'video/mp4'));
    assertError(video, 100, 2018047, /^\(#100\) Upload attachment failure\.$/);
    assert.equal((await uploadAs('file', bytes(9, 'video/mp4'))).status, 200);
  });

  it('must not be empty', async () => {
    assertError(await uploadAs('image', bytes(0, 'image/png')), 100, 2018047);
  });

  it('must stand in filedata: 100/2018005 otherwise', async () => {
    for (const form of [reusable('image'), { ...reusable('image'), upload: png() }]) {
      assertError(await callWithForm(simulator(), '/message_attachments', form), 100, 2018005);
      assertError(
        await callWithForm(simulator(), '/messages', { recipient: { id: USER }, ...form }),
        100,
        2018005,
      );
    }
  });

  it('keeps its name, in any script', async () => {
    await upload(simulator(), { file: new File([PNG], 'Кошка 猫 "1".png', { type: 'image/png' }) });
    assert.equal(simulator().assets()[0]?.name, 'Кошка 猫 "1".png');
  });

  it('in a message needs an attachment there', async () => {
    const form = { recipient: { id: '1' }, message: { text: 'x' }, filedata: png() };
    assertError(await callWithForm(simulator(), '/messages', form), 100, undefined, /message\[attachment\]/);
  });
});

describe('A URL', () => {
  const simulator = useSimulator({ fetchTimeouts: { video: 1400, other: 400 } });
  const routes: Record<string, RequestListener> = {
    '/tom.png': (_req, res) => res.setHeader('content-type', 'image/png').end(PNG),
    '/moved': (_req, res) => res.writeHead(302, { location: '/tom.png' }).end(),
    '/empty.png': (_req, res) => res.setHeader('content-type', 'image/png').end(),
    '/page': (_req, res) => res.setHeader('content-type', 'text/html').end('<p>'),
    '/untyped': (_req, res) => res.end(PNG),
    '/slow': () => undefined,
    '/700ms-video': (_req, res) => setTimeout(() => res.setHeader('content-type', 'video/mp4').end('x'), 700),
    '/half': (_req, res) => {
      res.writeHead(200, { 'content-type': 'image/png', 'content-length': 1000 }).write('half');
      setTimeout(() => res.destroy(), 10);
    },
  };
  const files = useWebServer((req, res) => {
    const route = routes[req.url?.replace(/\?.*/, '') ?? ''];
    if (route) route(req, res);
    else res.writeHead(404).end();
  });
  const uploadUrl = (path: string, type = 'image') =>
    call(simulator(), '/me/message_attachments', {
      message: messageWith(type, { url: URL.canParse(path) ? path : files() + path, is_reusable: true }),
    });

  it('is fetched, through redirects, and its file is named after it', async () => {
    assert.equal((await uploadUrl('/tom.png?size=1')).status, 200);
    assert.equal((await uploadUrl('/moved')).status, 200);
    const [asset, moved] = simulator().assets();
    assert.deepEqual(
      [asset?.name, asset?.contentType, asset?.url, asset?.sha256],
      ['tom.png', 'image/png', `${files()}/tom.png?size=1`, moved?.sha256],
    );
  });

  it('that cannot be fetched is refused with 100/2018008', async () => {
    for (const path of [
      '/missing',
      '/half',
      '/slow',
      'http://localhost:9/',
      'ftp://localhost/x',
      'file:///etc/hosts',
    ]) {
      assertError(await uploadUrl(path), 100, 2018008, /^\(#100\) Failed to fetch the file from the url$/);
    }
    assertError(await uploadUrl('not a url'), 100, 2018008);
  });

  it('that cannot be fetched has its reason in the log of calls', async () => {
    const port = await freePort();
    const reasons: [path: string, reason: RegExp][] = [
      ['/missing', /^The address answered 404$/],
      ['/slow', /^The file was not there within \d+ ms$/],
      [`http://127.0.0.1:${port}/`, new RegExp(`^connect ECONNREFUSED 127\\.0\\.0\\.1:${port}$`)],
      ['ftp://localhost/x', /^It is no http or https address/],
    ];
    for (const [path, reason] of reasons) {
      const { body } = await uploadUrl(path);
      assert.doesNotMatch(JSON.stringify(body), reason);
      assert.match(simulator().calls().at(-1)?.reason ?? '', reason);
    }
  });

  it('with a certificate that nobody trusts is refused with 100/2018008', async () => {
    assertError(await uploadUrl(`${simulator().url}/_sim/state`, 'file'), 100, 2018008);
    assert.equal((await uploadUrl(`${simulator().httpUrl}/_sim/state`, 'file')).status, 200);
  });

  it('gets longer for a video, and then is refused with 100/2018294', async () => {
    assert.equal((await uploadUrl('/700ms-video', 'video')).status, 200);
    assertError(await uploadUrl('/700ms-video', 'file'), 100, 2018008);
    assertError(await uploadUrl('/slow', 'video'), 100, 2018294);
    assertError(await uploadUrl('/missing', 'video'), 100, 2018008);
  });

  it('must lead to what the type says: 100/2018047 otherwise', async () => {
    for (const path of ['/page', '/untyped', '/empty.png']) assertError(await uploadUrl(path), 100, 2018047);
    assert.equal((await uploadUrl('/page', 'file')).status, 200);
  });

  it('is fetched again for each message', async () => {
    for (let n = 0; n < 2; n++) await send(simulator(), messageWith('image', { url: `${files()}/tom.png` }));
    assert.deepEqual(
      received(simulator()).map(({ attachments }) => attachments[0]?.attachmentId),
      [undefined, undefined],
    );
    assert.deepEqual(simulator().assets(), []);
  });
});

describe('A URL’s file', () => {
  const simulator = useSimulator();
  const files = useWebServer((req, res) => {
    const { searchParams } = new URL(req.url ?? '', 'http://localhost');
    res
      .setHeader('content-type', searchParams.get('type') ?? '')
      .end(Buffer.alloc(Number(searchParams.get('size'))));
  });
  const uploadOf = (type: string, contentType: string, size: number) =>
    call(simulator(), '/me/message_attachments', {
      message: messageWith(type, { url: `${files()}/?type=${contentType}&size=${size}`, is_reusable: true }),
    });

  it('has at most 8 MB if it is an image, 25 MB if not: 100/2018008 otherwise', async () => {
    assert.equal((await uploadOf('image', 'image/png', 8 * MB)).status, 200);
    assertError(await uploadOf('image', 'image/png', 8 * MB + 1), 100, 2018008);
    assert.equal((await uploadOf('video', 'video/mp4', 25 * MB)).status, 200);
    assertError(await uploadOf('video', 'video/mp4', 25 * MB + 1), 100, 2018008);
  });
});

describe('A media template', () => {
  const simulator = useSimulator();
  const media = (...elements: object[]) =>
    send(simulator(), messageWith('template', { template_type: 'media', elements }));

  it('shows an image or video by the page’s own ID', async () => {
    const id = await upload(simulator());
    assert.equal((await media({ media_type: 'image', attachment_id: id })).status, 200);
    const [message] = received(simulator());
    assert.equal(message?.attachments[0]?.attachmentId, id);
    assert.deepEqual(message.template, {
      template_type: 'media',
      elements: [{ media_type: 'image', attachment_id: id }],
    });
  });

  it('refuses an ID that is dead, another page’s, or of another type', async () => {
    const id = await upload(simulator());
    const others = await upload(simulator(), { token: OTHER_PAGE.token });
    assertError(await media({ media_type: 'image', attachment_id: others }), 100, 2018074);
    assertError(await media({ media_type: 'video', attachment_id: id }), 100, 2018047);
    simulator().advanceDays(90);
    openWindows(simulator());
    assertError(await media({ media_type: 'image', attachment_id: id }), 100, 2018074);
  });

  it('takes a URL of Facebook, and no other', async () => {
    const url = 'https://www.facebook.com/photo.php?fbid=1';
    assert.equal((await media({ media_type: 'image', url })).status, 200);
    for (const other of [
      'https://example.com/x.png',
      'https://notfacebook.com/',
      'https://facebook.com.example.com/',
    ]) {
      assertError(await media({ media_type: 'image', url: other }), 100, undefined, /Facebook URL/);
    }
  });

  it('shows one image or video, nothing else', async () => {
    const id = await upload(simulator());
    const element = { media_type: 'image', attachment_id: id };
    assertError(await media({ media_type: 'audio', attachment_id: id }), 100);
    assertError(await media(element, element), 100, undefined, /exactly 1 element/);
    assertError(await media({ ...element, url: 'https://www.facebook.com/1' }), 100);
    assertError(await media({ media_type: 'image' }), 100);
  });
});

describe('A message', () => {
  const simulator = useSimulator();
  const files = useWebServer((_req, res) => res.setHeader('content-type', 'image/png').end(PNG));

  it('shows in the thread with all that came with it', async () => {
    const quick_replies = [{ content_type: 'text', title: 'Yes', payload: 'YES' }];
    const answer = await call(simulator(), '/me/messages', {
      recipient: { id: '7' },
      message: { text: 'Well?', quick_replies },
      messaging_type: 'RESPONSE',
      notification_type: 'NO_PUSH',
      persona_id: '5',
    });
    const [message] = simulator().thread(PAGE.id, '7').messages;
    assert.deepEqual(message, {
      mid: answer.body.message_id,
      from: 'page',
      at: message?.at,
      text: 'Well?',
      attachments: [],
      quick_replies,
      messaging_type: 'RESPONSE',
      notification_type: 'NO_PUSH',
      persona_id: '5',
    });
  });

  it('may be a button or generic template, and not one that the platform does not have', async () => {
    const templates = [
      { template_type: 'button', text: 'x', buttons: [{ type: 'postback', title: 'Go', payload: 'GO' }] },
      { template_type: 'generic', elements: [{ title: 'x', subtitle: 'y' }] },
    ];
    for (const payload of templates) {
      assert.equal((await send(simulator(), messageWith('template', payload))).status, 200);
    }
    assert.deepEqual(
      received(simulator()).map(({ template }) => template),
      templates,
    );
    assertError(await send(simulator(), messageWith('template', { template_type: 'poem' })), 100);
  });

  it('may have several images by URL, and only those', async () => {
    const image = { type: 'image', payload: { url: `${files()}/tom.png` } };
    const answer = await send(simulator(), { attachments: [image, image, image] });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    assert.equal(received(simulator())[0]?.attachments.length, 3);
    assert.equal(simulator().calls().at(-1)?.purpose, 'send-images');
    assertError(await send(simulator(), { attachments: [{ ...image, type: 'video' }] }), 100);
    assertError(
      await send(simulator(), { attachments: [{ type: 'image', payload: { attachment_id: '1' } }] }),
      100,
    );
    assertError(await send(simulator(), { attachments: [] }), 100);
  });
});
