import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { json } from 'node:stream/consumers';
import { startSimulator } from 'messenger-platform-simulator';
import {
  call,
  callWithForm,
  messageWith,
  openWindows,
  OTHER_PAGE,
  PAGE,
  PNG,
  png,
  proofOf,
  received,
  SECRET_PAGE,
  send,
  sendById,
  upload,
  USER,
  useSimulator,
} from './support';

const jsonOf = (value: object) => JSON.parse(JSON.stringify(value)) as object;

describe('The control API', () => {
  const simulator = useSimulator();

  async function control(path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST') {
    const response = await fetch(`${simulator().httpUrl}/_sim${path}`, {
      method,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  it('shows pages, assets, threads and the clock', async () => {
    const id = await upload(simulator());
    await sendById(simulator(), id);
    const { body } = await control('/state');
    const { pages, assets, threads } = simulator().state();
    assert.deepEqual({ ...body, clock: 0 }, { ...jsonOf({ pages, assets, threads }), clock: 0 });
    assert.deepEqual(Object.keys(body['clock'] as object), ['now', 'advancedDays']);
    assert.deepEqual(body['pages'], [
      { id: PAGE.id, name: `Page ${PAGE.id}`, hasSecret: false },
      { id: OTHER_PAGE.id, name: `Page ${OTHER_PAGE.id}`, hasSecret: false },
      { id: SECRET_PAGE.id, name: `Page ${SECRET_PAGE.id}`, hasSecret: true },
    ]);
    const [asset] = body['assets'] as Record<string, unknown>[];
    assert.deepEqual([asset?.['id'], asset?.['alive'], asset?.['timesUsed']], [id, true, 1]);
  });

  it('shows each call, with what it asked for and what it got', async () => {
    const id = await upload(simulator());
    await sendById(simulator(), id);
    await sendById(simulator(), '1');
    const { body } = await control('/calls');
    const calls = body['calls'] as ReturnType<ReturnType<typeof simulator>['calls']>;
    assert.deepEqual(
      calls.map(({ number, method, path, kind, status, code, subcode, purpose, page }) => [
        ...[number, method, path, kind, status, code, subcode, purpose, page],
      ]),
      [
        [
          1,
          'POST',
          '/me/message_attachments',
          'multipart',
          200,
          undefined,
          undefined,
          'upload-file',
          PAGE.id,
        ],
        [2, 'POST', '/v25.0/me/messages', 'json', 200, undefined, undefined, 'send-id', PAGE.id],
        [3, 'POST', '/v25.0/me/messages', 'json', 400, 100, 2018074, 'send-id', PAGE.id],
      ],
    );
    const [uploaded, sent] = calls;
    assert.deepEqual(uploaded?.body, {
      message: messageWith('image', { is_reusable: true }),
      filedata: {
        name: 'shirt.png',
        type: 'image/png',
        bytes: PNG.length,
        sha256: simulator().assets()[0]?.sha256,
      },
    });
    assert.deepEqual(uploaded.answer, { attachment_id: id });
    const body2 = { recipient: { id: USER }, message: messageWith('image', { attachment_id: id }) };
    assert.equal(sent?.bytes, JSON.stringify(body2).length);
    assert.ok(uploaded.bytes > PNG.length && uploaded.bytes < PNG.length + 1000);
    assert.deepEqual(body['totals'], {
      calls: 3,
      bytes: calls.reduce((sum, { bytes }) => sum + bytes, 0),
      errors: 1,
      byPurpose: { 'upload-file': 1, 'send-id': 2 },
    });
    await control('/calls', undefined, 'DELETE');
    assert.deepEqual(simulator().calls(), []);
    assert.equal(simulator().totals().calls, 0);
  });

  it('never shows tokens, secrets and proofs, wherever a bot has put them', async () => {
    const { token } = SECRET_PAGE;
    const credentials = { access_token: token, appsecret_proof: proofOf(SECRET_PAGE) };
    const query = new URLSearchParams(credentials).toString();
    const message = { text: 'x', metadata: [credentials, { nested: credentials }] };
    await call(
      simulator(),
      `/me/messages?${query}`,
      { recipient: { id: USER }, message, ...credentials },
      { token },
    );
    await callWithForm(
      simulator(),
      '/messages',
      { recipient: { id: USER }, message, ...credentials },
      { token },
    );
    await call(simulator(), '/me', undefined, { token: 'a-wrong-token' });
    await fetch(`${simulator().httpUrl}/me/messages`, {
      method: 'POST',
      body: `{"access_token":"${token}",`,
    });
    assert.equal(received(simulator(), SECRET_PAGE.id).length, 2);
    const shown = JSON.stringify([
      await control('/state'),
      await control('/calls'),
      await control('/faults'),
    ]);
    for (const hidden of [token, SECRET_PAGE.secret, proofOf(SECRET_PAGE), PAGE.token, 'a-wrong-token']) {
      assert.equal(shown.includes(hidden), false);
    }
  });

  it('moves the clock, revokes IDs, sets faults, makes users unavailable, speaks for users, and starts over', async () => {
    const id = await upload(simulator());
    await control('/revoke', { id });
    assert.equal((await sendById(simulator(), id)).body.error?.error_subcode, 2018074);
    const next = await upload(simulator());
    assert.deepEqual((await control('/revoke', { all: true })).body, { revoked: 2 });
    assert.equal((await sendById(simulator(), next)).status, 400);
    const { body } = await control('/clock', { advanceDays: 90 });
    assert.equal(body['advancedDays'], 90);
    assert.ok(Number(body['now']) >= Date.now() + 89 * 24 * 60 * 60 * 1000);
    await control('/faults', [{ path: '/messages', times: 2, status: 503, body: '' }]);
    assert.equal(simulator().faults().length, 1);
    await control('/faults', undefined, 'DELETE');
    assert.deepEqual(simulator().faults(), []);
    await control('/users', { page: PAGE.id, user: USER, available: false });
    assert.equal((await send(simulator(), { text: 'x' })).body.error?.code, 551);
    const said = await control('/say', { page: PAGE.id, user: USER, text: 'Hi', payload: 'HI' });
    assert.equal(said.body['delivered'], false);
    assert.equal(simulator().thread(PAGE.id, USER).messages[0]?.payload, 'HI');
    assert.deepEqual((await control('/reset', {})).body, { ok: true });
    const { assets, threads, clock } = simulator().state();
    assert.deepEqual([assets, threads, clock.advancedDays, simulator().calls()], [[], [], 0, []]);
    assert.equal((await send(simulator(), { text: 'x' })).body.error?.code, 10);
    await control('/window', { page: PAGE.id, user: USER });
    assert.equal((await send(simulator(), { text: 'x' })).status, 200);
  });

  it('lets a person send a file, and react to a message', async () => {
    const query = new URLSearchParams({ page: PAGE.id, user: USER, name: 'my cat.png' }).toString();
    const response = await fetch(`${simulator().httpUrl}/_sim/attachment?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: PNG,
    });
    const { mid } = (await response.json()) as { mid: string };
    const [attachment] = simulator().thread(PAGE.id, USER).messages[0]?.attachments ?? [];
    assert.deepEqual(
      [attachment?.type, attachment?.name, attachment?.bytes],
      ['image', 'my cat.png', PNG.length],
    );
    const said = await control('/say', { page: PAGE.id, user: USER, text: 'Look', replyTo: mid });
    await control('/act', { page: PAGE.id, user: USER, type: 'react', mid: said.body['mid'], emoji: '👍' });
    await control('/act', { page: PAGE.id, user: USER, type: 'unsend', mid });
    const { messages, events } = simulator().thread(PAGE.id, USER);
    assert.deepEqual(
      [messages[0]?.unsent, messages[1]?.userReaction, messages[1]?.reply_to],
      [true, '👍', mid],
    );
    assert.deepEqual(
      events.map(({ type, after }) => [type, after]),
      [
        ['react', said.body['mid']],
        ['unsend', said.body['mid']],
      ],
    );
  });

  it('refuses a file without content', async () => {
    const response = await fetch(`${simulator().httpUrl}/_sim/attachment?page=${PAGE.id}&user=${USER}`, {
      method: 'POST',
      headers: { 'content-type': 'image/png' },
      body: '',
    });
    assert.deepEqual(
      [response.status, await response.json()],
      [400, { error: 'Expected the body to be the file, got nothing' }],
    );
    const person = simulator().person(USER, { page: PAGE.id });
    await assert.rejects(person.sendsFile({ name: 'a.txt', bytes: Buffer.alloc(0) }), {
      message: 'Expected the file "a.txt" to have content, got none',
    });
    assert.deepEqual(simulator().thread(PAGE.id, USER).messages, []);
  });

  it('sets and verifies the webhook', async () => {
    await control('/webhook', { url: 'http://localhost:9/hook' });
    assert.equal(simulator().state().webhook?.url, 'http://localhost:9/hook');
    assert.equal((await control('/webhook/verify', {})).body['delivered'], false);
  });

  const wrong: [path: string, body: unknown, message: string][] = [
    ['/clock', {}, 'Expected "advanceDays" to be a number of days, at least 0, got nothing'],
    ['/clock', { advanceDays: '90' }, 'Expected "advanceDays" to be a number of days, at least 0, got "90"'],
    ['/clock', { advanceDays: -1 }, 'Expected "advanceDays" to be a number of days, at least 0, got -1'],
    ['/clock', { days: 1 }, 'Expected the body to have only the fields advanceDays; got "days"'],
    ['/clock', [], 'Expected the body to be an object, got []'],
    ['/revoke', { id: 7 }, 'Expected "id" to be a string that is not empty, got 7'],
    ['/revoke', { id: '7' }, 'Expected "id" to be an attachment ID, got "7"'],
    ['/act', { page: PAGE.id, user: USER }, 'Expected "type" to be one of react, unreact, '],
    ['/act', { page: PAGE.id, user: USER, type: 'react', mid: 'm_1' }, 'Expected "emoji" to be a string'],
    [
      '/act',
      { page: PAGE.id, user: USER, type: 'read', mid: 'm_1' },
      'Expected the body for "read" to have ',
    ],
    [
      '/act',
      { page: PAGE.id, user: USER, type: 'unsend', mid: 'm_1' },
      'Expected "mid" to be that of a message of this thread, got "m_1"',
    ],
    [
      '/act',
      { page: PAGE.id, user: USER, type: 'hand_back' },
      'Expected a thread that another app controls: the bot controls this thread',
    ],
    ['/attachment?page=1&user=1', 'a file', `Expected "page" to be one of ${PAGE.id}, `],
    [`/attachment?page=${PAGE.id}&user=${USER}&type=photo`, 'a file', 'Expected "type" to be one of image, '],
    [
      '/webhook',
      { url: 'http://localhost', fields: ['all'] },
      'Expected "fields" to be a list of messages, ',
    ],
    [
      '/say',
      { page: PAGE.id, user: USER },
      'Expected a message to have text, attachments, sticker or location; got none',
    ],
    [
      '/say',
      { page: PAGE.id, user: USER, text: 'x', referral: { ref: 'poster' } },
      'Expected "referral" to come with "postback": true; ',
    ],
    ['/say', { page: '1', user: USER, text: 'x' }, `Expected "page" to be one of ${PAGE.id}, `],
    [
      '/say',
      { page: PAGE.id, user: 'tom', text: 'x' },
      'Expected "user" to be a string of digits, got "tom"',
    ],
    [
      '/users',
      { page: PAGE.id, user: USER },
      'Expected "available" or "known" to be true or false, got neither',
    ],
    [
      '/webhook',
      { url: 'nowhere' },
      'Expected the webhook\'s url to be an http or https address, got "nowhere"',
    ],
    ['/faults', {}, 'Expected a fault to have delayMs, hang, reset, status, body, error or drop; got none'],
    ['/faults', ['x'], 'Expected a fault to be an object, got "x"'],
    ['/faults', [{}], 'Expected a fault to have delayMs, hang, reset, status, body, error or drop; got none'],
    ['/faults', [{ statsu: 500 }], 'Expected a fault to have only the fields path, '],
    ['/faults', [{ path: '(', hang: true }], 'Expected "path" to be a regular expression, got "("'],
    ['/faults', [{ purpose: 'send', hang: true }], 'Expected "purpose" to be one of send-id, '],
    ['/faults', [{ times: 0, hang: true }], 'Expected "times" to be a whole number of at least 1, got 0'],
    ['/faults', [{ status: 99 }], 'Expected "status" to be an HTTP status from 200 to 599, got 99'],
    ['/faults', [{ reset: true }], 'Expected "reset" to be one of before, during, after, answer, got true'],
    [
      '/faults',
      [{ reset: 'during', purpose: 'send-id' }],
      'Expected "reset": "during" to come without purpose',
    ],
    ['/faults', [{ hang: true, body: '' }], 'Expected a fault to do one thing, got hang and body'],
    ['/faults', [{ error: { subcode: 1 } }], 'Expected "error.code" to be a number, got nothing'],
    ['/faults', [{ body: 'x', headers: { 'a b': '1' } }], 'Expected "headers" to be HTTP headers: '],
    [
      '/faults',
      [{ drop: 'attachment_id' }],
      'Expected "drop" to be a list of field names, got "attachment_id"',
    ],
    ['/reset', '{', 'Expected the body to be JSON: '],
  ];
  for (const [path, body, message] of wrong) {
    it(`says what is wrong with ${path} ${JSON.stringify(body)}`, async () => {
      const answer = await control(path, body);
      assert.equal(answer.status, 400);
      assert.equal(String(answer.body['error']).slice(0, message.length), message);
    });
  }

  it('adds one fault that is not in a list', async () => {
    assert.equal((await control('/faults', { hang: true })).status, 200);
    assert.deepEqual(simulator().faults(), [{ fault: { hang: true }, hits: 0 }]);
  });

  it('adds all faults of a list or none', async () => {
    await control('/faults', [{ hang: true }, { hang: 'yes' }]);
    assert.deepEqual(simulator().faults(), []);
  });

  it('says which path it does not have', async () => {
    const { status, body } = await control('/stat');
    assert.deepEqual([status, body['error']], [404, 'The control API has no GET /_sim/stat']);
    assert.equal((await control('/content/%E0%A4%A')).status, 400);
  });

  describe('keeps strangers out:', () => {
    async function ask(headers: Record<string, string>, method = 'GET') {
      const sent = request(`${simulator().httpUrl}/_sim/${method === 'GET' ? 'state' : 'reset'}`, {
        method,
        headers,
      });
      sent.end();
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      return { status: response.statusCode, body: (await json(response)) as Record<string, unknown> };
    }

    it('a name that was rebound to this machine', async () => {
      for (const host of [
        'evil.example',
        'evil.example:80',
        'localhost.evil.example',
        '10.0.0.1',
        '127.evil.example',
      ]) {
        const { status, body } = await ask({ host });
        assert.deepEqual([status, Object.keys(body)], [403, ['error']], host);
      }
    });

    it('a web page of another site, whatever it sends', async () => {
      await upload(simulator());
      for (const origin of [
        'https://evil.example',
        'null',
        'http://localhost.evil.example',
        'http://10.0.0.1',
      ]) {
        assert.equal((await ask({ origin, 'content-type': 'text/plain' }, 'POST')).status, 403, origin);
      }
      assert.equal(simulator().assets().length, 1);
    });

    it('but not this machine', async () => {
      for (const host of ['localhost:1', '127.0.0.1', '[::1]:80', 'localhost']) {
        assert.equal((await ask({ host })).status, 200, host);
      }
      const origins = ['http://localhost:3000', 'http://127.0.0.1:1', 'http://[::1]:3', simulator().url];
      for (const origin of origins) assert.equal((await ask({ origin }, 'POST')).status, 200, origin);
    });
  });

  describe('shows the content of attachments', () => {
    const contentOf = (path: string, headers: Record<string, string> = {}) =>
      fetch(simulator().httpUrl + path, { headers });

    it('with its type, and so that it can do no harm', async () => {
      await callWithForm(simulator(), '/messages', {
        recipient: { id: USER },
        message: messageWith('file', {}),
        filedata: new File(['<script>'], 'x.html', { type: 'text/html' }),
      });
      const { url = '' } = received(simulator())[0]?.attachments[0] ?? {};
      const response = await contentOf(url);
      assert.equal(await response.text(), '<script>');
      assert.equal(response.headers.get('content-type'), 'text/html');
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
      assert.match(response.headers.get('content-security-policy') ?? '', /^sandbox; default-src 'none'/);
    });

    it('with the type that each attachment came with, where the bytes are the same', async () => {
      for (const [type, contentType] of [
        ['file', 'application/octet-stream'],
        ['image', 'image/png'],
      ] as const) {
        const filedata = new File([PNG], 'x', { type: contentType });
        const message = messageWith(type, {});
        await callWithForm(simulator(), '/messages', { recipient: { id: USER }, message, filedata });
      }
      const types = received(simulator()).map(async ({ attachments: [attachment] }) => {
        const response = await contentOf(attachment?.url ?? '');
        return response.headers.get('content-type');
      });
      assert.deepEqual(await Promise.all(types), ['application/octet-stream', 'image/png']);
      const { sha256 } = received(simulator())[0]?.attachments[0] ?? {};
      const invented = await contentOf(`/_sim/content/${sha256 ?? ''}?type=text/html`);
      assert.equal(invented.headers.get('content-type'), 'application/octet-stream');
    });

    it('in parts, for players that seek', async () => {
      await upload(simulator());
      const path = `/_sim/content/${simulator().assets()[0]?.sha256 ?? ''}`;
      const part = await contentOf(path, { range: 'bytes=1-3' });
      assert.equal(part.status, 206);
      assert.equal(part.headers.get('content-range'), `bytes 1-3/${PNG.length}`);
      assert.equal(await part.text(), 'PNG');
      const end = await contentOf(path, { range: 'bytes=-4' });
      assert.deepEqual(Buffer.from(await end.arrayBuffer()), PNG.subarray(-4));
      assert.equal((await contentOf(path, { range: 'bytes=900-' })).status, 416);
      assert.equal((await contentOf(`/_sim/content/${'0'.repeat(64)}`)).status, 404);
    });
  });
});

describe('The simulator', () => {
  it('keeps contents up to its limit, and what it knows of them beyond', async () => {
    const simulator = await startSimulator({ pages: [PAGE], windows: 'open', keepContent: 2500 });
    const ids: string[] = [];
    for (const letter of 'abac') {
      const file = new File([letter.repeat(1000)], letter, { type: 'text/plain' });
      ids.push(await upload(simulator, { file, type: 'file' }));
    }
    const kept = simulator
      .assets()
      .map(({ sha256 }) => simulator.content(sha256)?.bytes.toString('utf8', 0, 1));
    assert.deepEqual(kept, ['a', undefined, 'a', 'c']);
    assert.equal((await sendById(simulator, ids[1] ?? '', { type: 'file' })).status, 200);
    assert.equal(received(simulator)[0]?.attachments[0]?.bytes, 1000);
    await simulator.close();
  });

  it('keeps the last calls up to its limit, and counts all', async () => {
    const simulator = await startSimulator({ pages: [PAGE], keepCalls: 3 });
    for (let n = 0; n < 10; n++) await call(simulator, '/me');
    assert.deepEqual(
      simulator.calls().map(({ number }) => number),
      [8, 9, 10],
    );
    assert.equal(simulator.totals().calls, 10);
    await simulator.close();
  });

  it('tells as it happens what happens', async () => {
    const simulator = await startSimulator({ pages: [PAGE], windows: 'open' });
    const seen: string[] = [];
    simulator.events.on('asset', ({ alive }) => seen.push(`asset ${String(alive)}`));
    simulator.events.on('message', ({ text }, { user }) => seen.push(`message ${text ?? ''} to ${user}`));
    simulator.events.on('call', ({ purpose, status }) => seen.push(`call ${purpose} ${status}`));
    simulator.events.on('clock', ({ advancedDays }) => seen.push(`clock ${advancedDays}`));
    const id = await upload(simulator);
    await send(simulator, { text: 'Hi' });
    simulator.revoke(id);
    simulator.advanceDays(1);
    assert.deepEqual(seen, [
      'asset true',
      'call upload-file 200',
      `message Hi to ${USER}`,
      'call send-text 200',
      'asset false',
      'clock 1',
    ]);
    await simulator.close();
  });

  it('does not start at a port that is taken, and leaves nothing behind', async () => {
    const simulator = await startSimulator({ pages: [PAGE] });
    const taken = Number(new URL(simulator.httpUrl).port);
    await assert.rejects(startSimulator({ httpPort: taken }), { code: 'EADDRINUSE' });
    await simulator.close();
  });

  it('gives IDs that mean nothing to another simulator', async () => {
    const [one, two] = [await startSimulator({ pages: [PAGE] }), await startSimulator({ pages: [PAGE] })];
    openWindows(two);
    const id = await upload(one, { file: png() });
    assert.equal((await sendById(two, id)).body.error?.error_subcode, 2018074);
    const next = await upload(two);
    assert.ok(Math.abs(Number(id) - Number(next)) > 1e6, `${id} and ${next} may meet`);
    await Promise.all([one.close(), two.close()]);
  });
});
