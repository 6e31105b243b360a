import assert from 'node:assert/strict';
import { assertError, call, messageWith, received, send, upload, USER, useSimulator } from './support';

const template = (payload: object) => messageWith('template', payload);
const reply = { content_type: 'text', title: 'Yes', payload: 'YES' };
const button = { type: 'postback', title: 'Go', payload: 'GO' };
const dynamicText = { text: 'Hello {{first_name}}!', fallback_text: 'Hello friend!' };
const card = { title: 'Tom', subtitle: 'A cat' };
const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value);

describe('The Send API refuses with 100', () => {
  const simulator = useSimulator();

  const refused: [promise: string, message: object, wording: RegExp][] = [
    [
      'an unknown key of a message',
      { text: 'x', reply_to: { mid: 'm' } },
      /^\(#100\) Invalid keys "reply_to" were found in param "message"$/,
    ],
    [
      'an unknown key of an attachment',
      { attachment: { type: 'image', payload: { attachment_id: '1' }, title: 'Tom' } },
      /Invalid keys "title" were found in param "message\[attachment\]"/,
    ],
    [
      'an unknown key of a payload',
      messageWith('image', { url: 'http://localhost/', reusable: true }),
      /Invalid keys "reusable" were found in param "message\[attachment\]\[payload\]"/,
    ],
    [
      'an unknown key of a quick reply',
      { text: 'x', quick_replies: [{ ...reply, playload: 'x' }] },
      /Invalid keys "playload" were found in param "message\[quick_replies\]\[0\]"/,
    ],
    [
      'an unknown key of a button',
      template({ template_type: 'button', text: 'x', buttons: [{ ...button, url: 'x' }] }),
      /Invalid keys "url" were found in param "message\[attachment\]\[payload\]\[buttons\]\[0\]"/,
    ],
    [
      'an unknown key, rather than what it leaves missing',
      { text: 'x', quick_replies: [{ content_type: 'text', title: 'a', playload: 'b' }] },
      /Invalid keys "playload" were found in param "message\[quick_replies\]\[0\]"/,
    ],
    [
      'attachment and attachments in one message',
      {
        ...messageWith('image', { url: 'http://localhost:9/' }),
        attachments: [{ type: 'image', payload: { url: 'http://localhost:9/' } }],
      },
      /Param message must have only one of attachment, attachments, sticker_id and template/,
    ],
    [
      'a sticker beside an attachment',
      { ...messageWith('image', { url: 'http://localhost:9/' }), sticker_id: 767226160478561 },
      /only one of attachment, attachments, sticker_id and template/,
    ],
    ['quick replies that are no list', { text: 'x', quick_replies: reply }, /quick_replies\] must be a list/],
    [
      'a quick reply without content_type',
      { text: 'x', quick_replies: [{ title: 'Yes', payload: 'YES' }] },
      /message\[quick_replies\]\[0\]\[content_type\]/,
    ],
    [
      'a quick reply of text without title',
      { text: 'x', quick_replies: [{ content_type: 'text', payload: 'YES' }] },
      /The parameter message\[quick_replies\]\[0\]\[title\] is required/,
    ],
    [
      '14 quick replies',
      { text: 'x', quick_replies: times(14, reply) },
      /quick_replies\] must have at most 13 elements/,
    ],
    ['2,001 characters', { text: 'x'.repeat(2001) }, /message\[text\] must be less than or equal to 2000/],
    ['text that is no string', { text: { a: 1 } }, /message\[text\] must be a string/],
    [
      'a generic template without elements',
      template({ template_type: 'generic' }),
      /\[elements\] is required/,
    ],
    [
      'a generic template of 11 elements',
      template({ template_type: 'generic', elements: times(11, card) }),
      /\[elements\] must have at most 10 elements/,
    ],
    [
      'an element of a title alone',
      template({ template_type: 'generic', elements: [{ title: 'Tom' }] }),
      /\[elements\]\[0\] must have a title and at least one of/,
    ],
    [
      'an element with four buttons',
      template({ template_type: 'generic', elements: [{ ...card, buttons: times(4, button) }] }),
      /\[buttons\] must have at most 3 elements/,
    ],
    [
      'a button template without buttons',
      template({ template_type: 'button', text: 'x', buttons: [] }),
      /\[buttons\] must have at least 1 element$/,
    ],
    [
      'a button template of 641 characters',
      template({ template_type: 'button', text: 'x'.repeat(641), buttons: [button] }),
      /\[text\] must be less than or equal to 640/,
    ],
    [
      'an attachment type that does not exist',
      messageWith('photo', { url: 'http://localhost:9/' }),
      /^\(#100\) Param message\[attachment\]\[type\] must be one of \{AUDIO, FILE, IMAGE, TEMPLATE, VIDEO\}$/,
    ],
    [
      'a template that does not exist',
      template({ template_type: 'carousel', elements: [card] }),
      /\[payload\]\[template_type\] must be one of \{BUTTON, COUPON, .*RECEIPT\}$/,
    ],
    [
      'a button that does not exist',
      template({ template_type: 'button', text: 'x', buttons: [{ type: 'dance', title: 'x' }] }),
      /\[buttons\]\[0\]\[type\] must be one of \{ACCOUNT_LINK, .*WEB_URL\}$/,
    ],
    [
      'a postback without payload',
      template({ template_type: 'button', text: 'x', buttons: [{ type: 'postback', title: 'x' }] }),
      /\[buttons\]\[0\]\[payload\] is required/,
    ],
    [
      'a receipt without what it needs',
      template({ template_type: 'receipt' }),
      /recipient_name\] is required/,
    ],
  ];
  for (const [promise, message, wording] of refused) {
    it(promise, async () => {
      assertError(await send(simulator(), message), 100, undefined, wording);
      assert.deepEqual(received(simulator()), []);
    });
  }

  const hello = { recipient: { id: USER }, message: { text: 'Hello' } };
  const types: [promise: string, fields: object, wording: RegExp][] = [
    ['an unknown messaging type', { messaging_type: 'ANSWER' }, /messaging_type must be one of/],
    ['a message with a tag that has none', { messaging_type: 'MESSAGE_TAG' }, /parameter tag is required/],
    ['a tag that has ended', { messaging_type: 'MESSAGE_TAG', tag: 'ACCOUNT_UPDATE' }, /tag must be one of/],
    ['an unknown tag', { tag: 'NEWS' }, /tag must be one of/],
  ];
  for (const [promise, fields, wording] of types) {
    it(promise, async () => {
      assertError(await call(simulator(), '/me/messages', { ...hello, ...fields }), 100, undefined, wording);
    });
  }
});

describe('The Send API takes', () => {
  const simulator = useSimulator();
  const card3 = { ...card, buttons: times(3, button) };
  const taken: [promise: string, message: object][] = [
    ['2,000 characters', { text: 'x'.repeat(2000) }],
    ['13 quick replies', { text: 'x', quick_replies: times(13, reply) }],
    [
      'a quick reply that asks for a number',
      { text: 'x', quick_replies: [{ content_type: 'user_phone_number' }] },
    ],
    ['10 elements with 3 buttons', template({ template_type: 'generic', elements: times(10, card3) })],
    ['a sticker', { sticker_id: 767226160478561 }],
    [
      'a button that calls',
      template({ template_type: 'button', text: 'x', buttons: [{ type: 'audio_call', title: 'Call' }] }),
    ],
    ['fields that are null', { text: 'x', quick_replies: null, attachment: null }],
  ];
  for (const [promise, message] of taken) {
    it(promise, async () => {
      const { status, body } = await send(simulator(), message);
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(received(simulator()).length, 1);
    });
  }
});

describe('Text beside an attachment', () => {
  const simulator = useSimulator();

  it('is refused with 100/2018191, whatever the attachment', async () => {
    const id = await upload(simulator());
    const image = { type: 'image', payload: { url: 'http://localhost:9/' } };
    const messages = [
      messageWith('image', { attachment_id: id }),
      template({ template_type: 'media', elements: [{ media_type: 'image', attachment_id: id }] }),
      template({ template_type: 'button', text: 'x', buttons: [button] }),
      { attachments: [image, image] },
      { dynamic_text: dynamicText },
    ];
    for (const message of messages) {
      const wording = /^\(#100\) Only one of the text, attachment, and dynamic_text fields can be specified$/;
      assertError(await send(simulator(), { text: 'Tom', ...message }), 100, 2018191, wording);
    }
    assert.deepEqual(received(simulator()), []);
    assert.equal(simulator().assets()[0]?.timesUsed, 0);
  });

  it('and dynamic_text beside one, too; alone it shows its fallback_text', async () => {
    const image = messageWith('image', { url: 'http://localhost:9/' });
    assertError(await send(simulator(), { dynamic_text: dynamicText, ...image }), 100, 2018191);
    assert.equal((await send(simulator(), { dynamic_text: dynamicText })).status, 200);
    assert.deepEqual(
      received(simulator()).map(({ text }) => text),
      ['Hello friend!'],
    );
    assert.equal(simulator().calls().at(-1)?.purpose, 'send-text');
    const misspelt = { ...dynamicText, fallback: 'x' };
    assertError(
      await send(simulator(), { dynamic_text: misspelt }),
      100,
      undefined,
      /Invalid keys "fallback"/,
    );
  });

  it('as two messages arrives', async () => {
    const id = await upload(simulator());
    assert.equal((await send(simulator(), { text: 'Tom' })).status, 200);
    const message = { ...messageWith('image', { attachment_id: id }), quick_replies: [reply] };
    assert.equal((await send(simulator(), message)).status, 200);
    assert.equal(received(simulator()).length, 2);
  });
});
