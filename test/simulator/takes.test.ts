import assert from 'node:assert/strict';
import {
  type Answer,
  assertError,
  call,
  messageWith,
  OTHER_PAGE,
  PAGE,
  PNG,
  received,
  send,
  upload,
  USER,
  useSimulator,
  useWebServer,
} from './support';

const template = (payload: object) => messageWith('template', payload);
const url = 'https://example.com/1.jpg';

describe('The Send API takes an image grid', () => {
  const simulator = useSimulator();
  const grid = (element: object, more: object = {}) =>
    send(simulator(), template({ template_type: 'image_grid', elements: [element], ...more }));
  const images = (count: number) => Array.from({ length: count }, () => ({ url }));

  it('of 2 to 6 images with actions, title, subtitle and buttons', async () => {
    for (const count of [2, 6]) assert.equal((await grid({ images: images(count) })).status, 200);
    const whole = {
      title: 'Cats',
      subtitle: 'All of them',
      images: [
        { url, is_hero_image: true, action: { type: 'web_url', url } },
        { url, action: { type: 'postback', payload: 'TOM' } },
      ],
      buttons: [
        { type: 'web_url', title: 'More', url },
        { type: 'postback', title: 'Other', payload: 'OTHER' },
      ],
    };
    assert.equal((await grid(whole)).status, 200);
    assert.equal(received(simulator()).length, 3);
  });

  const refused: [promise: string, element: object, wording: RegExp][] = [
    ['of 1 image', { images: images(1) }, /\[images\] must have at least 2 elements/],
    ['of 7 images', { images: images(7) }, /\[images\] must have at most 6 elements/],
    ['of no images', {}, /\[images\] is required/],
    ['with an image by ID', { images: [{ url }, { attachment_id: '1' }] }, /\[images\]\[1\]/],
    [
      'with two hero images',
      {
        images: [
          { url, is_hero_image: true },
          { url, is_hero_image: 'true' },
        ],
      },
      /at most one image with is_hero_image/,
    ],
    [
      'with a phone button',
      { images: images(2), buttons: [{ type: 'phone_number', title: 'x', payload: '+1' }] },
      /web_url and postback only/,
    ],
    [
      'with a postback without payload',
      { images: [{ url }, { url, action: { type: 'postback' } }] },
      /\[action\]\[payload\] is required/,
    ],
    [
      'with an action of both kinds',
      { images: [{ url }, { url, action: { type: 'postback', payload: 'x', url } }] },
      /\[action\]\[url\]/,
    ],
  ];
  for (const [promise, element, wording] of refused) {
    it(`but none ${promise}`, async () => {
      assertError(await grid(element), 100, undefined, wording);
      assert.deepEqual(received(simulator()), []);
    });
  }

  it('but none of two elements', async () => {
    const two = template({
      template_type: 'image_grid',
      elements: [{ images: images(2) }, { images: images(2) }],
    });
    assertError(await send(simulator(), two), 100, undefined, /\[elements\] must have exactly 1 element/);
  });
});

describe('A page reacts', () => {
  const simulator = useSimulator();
  const act = (action: string, payload?: object) =>
    call(simulator(), '/me/messages', { recipient: { id: USER }, sender_action: action, payload });
  const first = () => simulator().thread(PAGE.id, USER).messages[0];

  it('to a message, with another emoji, and takes it back', async () => {
    const { mid } = await simulator().say({ page: PAGE.id, user: USER, text: 'Hi' });
    for (const reaction of ['🎉', '😊']) {
      const { status, body } = await act('react', { message_id: mid, reaction });
      assert.deepEqual([status, body], [200, { recipient_id: USER }]);
      assert.equal(first()?.reaction, reaction);
    }
    assert.equal((await act('unreact', { message_id: mid })).status, 200);
    assert.equal(first()?.reaction, undefined);
  });

  it('to no message of another conversation, and not without an emoji', async () => {
    const { mid } = await simulator().say({ page: PAGE.id, user: '2', text: 'Hi' });
    assertError(
      await act('react', { message_id: mid, reaction: '🎉' }),
      100,
      undefined,
      /payload\[message_id\]/,
    );
    await simulator().say({ page: PAGE.id, user: USER, text: 'Hi' });
    assertError(
      await act('react', { message_id: first()?.mid }),
      100,
      undefined,
      /payload\[reaction\] is required/,
    );
    assertError(await act('react'), 100, undefined, /The parameter payload is required/);
    assert.equal(first()?.reaction, undefined);
  });
});

describe('A utility message', () => {
  const simulator = useSimulator();
  const stranger = '7001';
  const utility = {
    name: 'order_update',
    language: { code: 'en' },
    components: [{ type: 'body', parameters: [] }],
  };
  const write = (message: object, more: object = { messaging_type: 'UTILITY' }) =>
    call(simulator(), '/me/messages', { recipient: { id: stranger }, message, ...more });

  it('goes to somebody who has not written in 24 hours', async () => {
    for (const more of [{ messaging_type: 'UTILITY' }, {}]) {
      assert.equal((await write({ template: utility }, more)).status, 200);
    }
    assert.deepEqual(
      simulator()
        .thread(PAGE.id, stranger)
        .messages.map(({ template: sent }) => sent),
      [utility, utility],
    );
  });

  it('is one of a template: any other message needs an open window', async () => {
    assertError(await write({ text: 'Sale!' }), 10, 2018278);
    assertError(await write({ text: 'Sale!', template: utility }), 100, 2018191);
  });

  it('needs name and language', async () => {
    assertError(
      await write({ template: { name: 'x' } }),
      100,
      undefined,
      /\[template\]\[language\] is required/,
    );
    assertError(
      await write({ template: { language: { code: 'en' } } }),
      100,
      undefined,
      /\[name\] is required/,
    );
  });
});

describe('A reply to a message', () => {
  const simulator = useSimulator();
  const reply = (fields: object) =>
    call(simulator(), '/me/messages', { recipient: { id: USER }, message: { text: 'Yes' }, ...fields });

  it('names it beside the message', async () => {
    const { mid } = await simulator().say({ page: PAGE.id, user: USER, text: 'Hi' });
    assert.equal((await reply({ reply_to: { mid } })).status, 200);
    assert.equal(received(simulator())[0]?.reply_to, mid);
  });

  it('must name one', async () => {
    assertError(await reply({ reply_to: {} }), 100, undefined, /reply_to\[mid\] is required/);
    assertError(await reply({ reply_to: 'm_1' }), 100, undefined, /reply_to must be a JSON object/);
    assert.deepEqual(received(simulator()), []);
  });
});

describe('The Send API takes, besides a person’s ID,', () => {
  const simulator = useSimulator();
  const write = (recipient: unknown, token = PAGE.token): Promise<Answer> =>
    call(simulator(), '/me/messages', { recipient, message: { text: 'Hello' } }, { token });
  const text = (user: unknown): unknown[] =>
    simulator()
      .thread(PAGE.id, String(user))
      .messages.map((message) => message.text);

  for (const kind of ['comment_id', 'post_id', 'one_time_notif_token']) {
    it(`${kind}, once, outside of the 24-hour window: 10900 from then on`, async () => {
      const { status, body } = await write({ [kind]: '100_200' });
      assert.equal(status, 200, JSON.stringify(body));
      assert.deepEqual(text(body.recipient_id), ['Hello']);
      assertError(await write({ [kind]: '100_200' }), 10900, undefined, /Activity already replied to/);
      assert.equal((await write({ [kind]: '100_201' })).status, 200);
      assert.equal((await write({ [kind]: '100_200' }, OTHER_PAGE.token)).status, 200);
      assert.deepEqual(text(body.recipient_id), ['Hello']);
    });
  }

  it('comment_id, which a refused message does not use up', async () => {
    const recipient = { comment_id: '1_2' };
    assertError(
      await call(simulator(), '/me/messages', { recipient, message: { text: 'x'.repeat(2001) } }),
      100,
    );
    const dead = messageWith('image', { attachment_id: '1' });
    assertError(await call(simulator(), '/me/messages', { recipient, message: dead }), 100, 2018074);
    assert.equal((await write(recipient)).status, 200);
  });

  it('user_ref, whose answer names no person', async () => {
    const { status, body } = await write({ user_ref: 'ref-of-a-checkbox' });
    assert.deepEqual([status, Object.keys(body)], [200, ['message_id']]);
  });

  it('notification_messages_token, always for the same person', async () => {
    const one = await write({ notification_messages_token: 'token-1' });
    const two = await write({ notification_messages_token: 'token-1' });
    assert.deepEqual([one.status, two.status], [200, 200]);
    assert.equal(one.body.recipient_id, two.body.recipient_id);
    const other = await write({ notification_messages_token: 'token-2' });
    assert.notEqual(other.body.recipient_id, one.body.recipient_id);
  });

  it('nothing else, and not two at once', async () => {
    const wrong = [
      {},
      { name: 'Tom' },
      { id: USER, comment_id: '1' },
      { comment_id: '' },
      { comment_id: 1 },
      { comment_id: 'x'.repeat(501) },
      { id: '1'.repeat(33) },
    ];
    for (const recipient of wrong) assertError(await write(recipient), 100, 2018001);
    for (const recipient of [[USER], USER]) {
      assertError(await write(recipient), 100, undefined, /Param recipient must be a JSON object/);
    }
  });
});

describe('Images by ID in message.attachments', () => {
  const byUrl = useWebServer((_req, res) => res.setHeader('content-type', 'image/png').end(PNG));
  const strict = useSimulator();
  const relaxed = useSimulator({ idsInAttachments: 'accepted' });

  it('are refused, for they are documented for Instagram only', async () => {
    const id = await upload(strict());
    const attachments = [{ type: 'image', payload: { attachment_id: id } }];
    assertError(await send(strict(), { attachments }), 100);
    assert.equal(strict().assets()[0]?.timesUsed, 0);
  });

  it('are taken with the option for it, beside those by URL', async () => {
    const id = await upload(relaxed());
    const attachments = [
      { type: 'image', payload: { attachment_id: id } },
      { type: 'image', payload: { url: `${byUrl()}/tom.png` } },
    ];
    assert.equal((await send(relaxed(), { attachments })).status, 200);
    assert.deepEqual(
      received(relaxed())[0]?.attachments.map(({ attachmentId }) => attachmentId),
      [id, undefined],
    );
    const dead = [{ type: 'image', payload: { attachment_id: '1' } }];
    assertError(await send(relaxed(), { attachments: dead }), 100, 2018074);
    assertError(await send(relaxed(), { attachments: [{ type: 'image', payload: {} }] }), 100);
  });
});

describe('Parameters', () => {
  const simulator = useSimulator();
  const post = async (body: string, headers: Record<string, string> = {}) => {
    // Bytes have no content type of their own.
    const response = await fetch(`${simulator().httpUrl}/me/messages?access_token=${PAGE.token}`, {
      method: 'POST',
      headers,
      body: Buffer.from(body),
    });
    return { status: response.status, body: (await response.json()) as Answer['body'] };
  };
  const fields = (quote: string) =>
    [`recipient={'id':'${USER}'}`, 'messaging_type=RESPONSE', "message={'text':'hello, world'}"]
      .join('&')
      .replaceAll("'", quote);

  it('may be a form without a content type', async () => {
    assert.equal((await post(fields('"'))).status, 200);
    assert.deepEqual(
      [received(simulator())[0]?.text, simulator().calls()[0]?.kind],
      ['hello, world', 'form'],
    );
  });

  it('may be JSON with single quotes, as the Send API’s page prints it', async () => {
    assert.equal((await post(fields("'"))).status, 200);
    assert.equal(received(simulator())[0]?.text, 'hello, world');
  });

  it('stay text when they only look like it', async () => {
    assert.equal((await send(simulator(), { text: "{'not': 'parsed'}" })).status, 200);
    assert.equal(received(simulator())[0]?.text, "{'not': 'parsed'}");
  });
});
