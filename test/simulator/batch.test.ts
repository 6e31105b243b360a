import assert from 'node:assert/strict';
import {
  type Answer,
  assertError,
  callWithForm,
  call,
  messageWith,
  OTHER_PAGE,
  PAGE,
  PNG,
  png,
  proofOf,
  received,
  SECRET_PAGE,
  USER,
  useSimulator,
} from './support';

interface Part {
  code: number;
  headers?: { name: string; value: string }[];
  body: string;
}

const encoded = (params: Record<string, unknown>) =>
  Object.entries(params)
    .map(([name, value]) => `${name}=${encodeURIComponent(JSON.stringify(value))}`)
    .join('&');
const sending = (text: string, more: object = {}) => ({
  method: 'POST',
  relative_url: 'me/messages',
  body: encoded({ recipient: { id: USER }, message: { text } }),
  ...more,
});

describe('A Graph batch', () => {
  const simulator = useSimulator();
  const post = (batch: unknown, more: object = {}, token = PAGE.token): Promise<Answer> =>
    call(simulator(), '/', { batch, ...more }, { token });
  const parts = async (answer: Promise<Answer>): Promise<(Part | null)[]> => {
    const { status, body } = await answer;
    assert.equal(status, 200, JSON.stringify(body));
    assert(Array.isArray(body));
    return body as (Part | null)[];
  };
  const bodyOf = (part: Part | null | undefined): Answer['body'] =>
    JSON.parse(part?.body ?? '{}') as Answer['body'];

  it('answers each request in order, with code, headers and a body of text', async () => {
    const batch = [
      sending('One'),
      { method: 'GET', relative_url: 'v25.0/me?fields=id' },
      sending('x'.repeat(2001)),
    ];
    const [one, me, refused, ...more] = await parts(post(JSON.stringify(batch)));
    assert.deepEqual([one?.code, me?.code, refused?.code, more], [200, 200, 400, []]);
    assert.equal(bodyOf(one).recipient_id, USER);
    assert.deepEqual(bodyOf(me), { id: PAGE.id });
    assert.equal(bodyOf(refused).error?.code, 100);
    assert.ok(me?.headers?.some(({ name, value }) => name === 'facebook-api-version' && value === 'v25.0'));
    assert.deepEqual(
      received(simulator()).map(({ text }) => text),
      ['One'],
    );
  });

  it('leaves headers out when it is asked to', async () => {
    for (const value of [false, 'false']) {
      const [part] = await parts(post([sending('One')], { include_headers: value }));
      assert.deepEqual(Object.keys(part ?? {}), ['code', 'body']);
    }
  });

  it('gives each request the file that it names in attached_files', async () => {
    const upload = (name: string) => ({
      method: 'POST',
      relative_url: 'me/message_attachments',
      body: encoded({ message: messageWith('image', { is_reusable: true }) }),
      attached_files: name,
    });
    const filedata = new File([Buffer.concat([PNG, Buffer.alloc(1)])], 'two.png', { type: 'image/png' });
    const answer = callWithForm(simulator(), '', {
      batch: [upload('one'), upload('two')],
      one: png(),
      two: filedata,
    });
    const [one, two] = await parts(answer);
    const assets = simulator().assets();
    assert.deepEqual(
      [bodyOf(one).attachment_id, bodyOf(two).attachment_id],
      assets.map(({ id }) => id),
    );
    assert.deepEqual(
      assets.map(({ name, bytes }) => [name, bytes]),
      [
        ['shirt.png', PNG.length],
        ['two.png', PNG.length + 1],
      ],
    );
    const [missing, both] = await parts(
      callWithForm(simulator(), '', {
        batch: [upload('none'), upload('one,two')],
        one: png(),
        two: filedata,
      }),
    );
    assert.equal(bodyOf(missing).error?.error_subcode, 2018005);
    assert.equal(bodyOf(both).error?.error_subcode, 2018005);
  });

  it('takes a token and a proof of the whole, or of a request', async () => {
    const own = sending('Own', { relative_url: `me/messages?access_token=${OTHER_PAGE.token}` });
    const [first, second] = await parts(post([sending('Whole'), own]));
    assert.deepEqual([first?.code, second?.code], [200, 200]);
    assert.equal(received(simulator(), OTHER_PAGE.id)[0]?.text, 'Own');
    const [wrong] = await parts(post([sending('x')], {}, 'wrong'));
    assert.deepEqual([wrong?.code, bodyOf(wrong).error?.code], [400, 190]);
    const [unproved] = await parts(post([sending('x')], {}, SECRET_PAGE.token));
    assert.match(bodyOf(unproved).error?.message ?? '', /require an appsecret_proof argument/);
    const [proved] = await parts(
      post([sending('x')], { appsecret_proof: proofOf(SECRET_PAGE) }, SECRET_PAGE.token),
    );
    assert.equal(proved?.code, 200);
  });

  it('does not carry out what depends on a failure, and omits successes when asked to', async () => {
    const [failed, dependent, omitted, named, kept] = await parts(
      post([
        sending('', { name: 'first' }),
        sending('Second', { depends_on: 'first' }),
        sending('Third', { omit_response_on_success: true }),
        sending('Fourth', { name: 'fourth' }),
        sending('Fifth', { name: 'fifth', depends_on: 'fourth', omit_response_on_success: false }),
      ]),
    );
    assert.deepEqual(
      [failed?.code, dependent?.code, omitted, named, kept?.code],
      [400, 400, null, null, 200],
    );
    assert.deepEqual(
      received(simulator()).map(({ text }) => text),
      ['Third', 'Fourth', 'Fifth'],
    );
  });

  it('gives a request parts of earlier answers', async () => {
    const filedata = { batch: [] as unknown[], file: png() };
    const uploaded = {
      method: 'POST',
      name: 'upload',
      relative_url: 'me/message_attachments',
      body: encoded({ message: messageWith('image', { is_reusable: true }) }),
      attached_files: 'file',
    };
    const sent = {
      method: 'POST',
      relative_url: 'me/messages',
      body: encoded({
        recipient: { id: USER },
        message: messageWith('image', { attachment_id: '{result=upload:$.attachment_id}' }),
      }),
    };
    filedata.batch.push(uploaded, sent);
    const [omitted, second] = await parts(callWithForm(simulator(), '', filedata));
    assert.deepEqual([omitted, second?.code], [null, 200], JSON.stringify(second));
    assert.equal(received(simulator())[0]?.attachments[0]?.attachmentId, simulator().assets()[0]?.id);

    await call(simulator(), '/me/personas', {
      name: 'Tom',
      profile_picture_url: 'https://example.com/tom.png',
    });
    const all = { method: 'GET', relative_url: 'me/personas', name: 'all' };
    const [, one] = await parts(post([all, { method: 'GET', relative_url: '{result=all:$.data.*.id}' }]));
    assert.equal(bodyOf(one)['name'], 'Tom');
  });

  it('is refused whole if a request depends on one that does not come before it', async () => {
    const dependent = sending('Second', { depends_on: 'first' });
    const referring = { method: 'GET', relative_url: '{result=first:$.id}' };
    for (const request of [dependent, referring]) {
      const refused = await post([sending('Zero'), request, sending('First', { name: 'first' })]);
      assertError(
        refused,
        100,
        undefined,
        /^Request 1 cannot depend on an unresolved request with name first\./,
      );
    }
    assert.deepEqual(received(simulator()), []);
  });

  it('holds no batch and no address that is none', async () => {
    const [nested, wrong] = await parts(
      post([
        { method: 'POST', relative_url: '/', body: encoded({ batch: [sending('Inner')] }) },
        { method: 'GET', relative_url: 'https://[' },
      ]),
    );
    assert.deepEqual([bodyOf(nested).error?.code, bodyOf(wrong).error?.code], [2500, 2500]);
    assert.deepEqual(received(simulator()), []);
  });

  it('has 50 requests at most, and must be a list', async () => {
    const many = (count: number) => Array.from({ length: count }, (_, n) => sending(`Message ${n}`));
    assert.equal((await parts(post(many(50)))).length, 50);
    const refused = await post(many(51));
    assertError(refused, 100, undefined, /Maximum batch size is 50/);
    assert.equal(refused.body.error?.type, 'GraphBatchException');
    assert.equal(received(simulator()).length, 50);
    assertError(await post({ method: 'GET' }), 100, undefined, /must be a JSON array/);
    assertError(await post([{ method: 'GET' }]), 100, undefined, /batch\[0\]\[relative_url\] is required/);
  });

  it('is logged as a call, and each of its requests as one, without tokens', async () => {
    await post([
      sending('One'),
      sending('Own', { relative_url: `me/messages?access_token=${OTHER_PAGE.token}` }),
    ]);
    const calls = simulator().calls();
    assert.deepEqual(
      calls.map(({ purpose, kind, page }) => [purpose, kind, page]),
      [
        ['batch', 'json', PAGE.id],
        ['send-text', 'batch', PAGE.id],
        ['send-text', 'batch', OTHER_PAGE.id],
      ],
    );
    assert.doesNotMatch(JSON.stringify(calls), /token-of/);
  });
});
