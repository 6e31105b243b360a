import assert from 'node:assert/strict';
import { FOLLOWING, hasAttachment, splitMessage, withQuickReplies } from '../../../src/message/split';
import { deepFreeze } from '../../support/checks/deep-freeze';

const recipient = { id: '7001' };
const tom = { type: 'image', payload: { url: 'cats/tom.jpg' } };
const bytes = { type: 'image', payload: { filedata: Buffer.from('a cat') } };
const web = (name: string): object => ({ type: 'image', payload: { url: `https://example.com/${name}` } });
const quick_replies = [{ content_type: 'text', title: 'More', payload: 'more' }];

/** The messages of the call's parts. */
const messagesOf = (message: object): unknown[] | undefined =>
  splitMessage(deepFreeze({ recipient, message }))?.parts.map((part) => part.message);

describe('splitMessage', () => {
  const attachments: [what: string, attachment: object][] = [
    ['an image', tom],
    ['an attachment_id of the author’s', { type: 'image', payload: { attachment_id: '1857777774821032' } }],
    ['a template', { type: 'template', payload: { template_type: 'button', text: 'Go?', buttons: [] } }],
    ['an attachment of an unknown type', { type: 'fallback', payload: {} }],
  ];
  for (const [what, attachment] of attachments) {
    it(`puts the text before ${what}`, () => {
      assert.deepEqual(messagesOf({ text: 'Look!', attachment }), [{ text: 'Look!' }, { attachment }]);
    });
  }

  it('puts the text before several images, which stay together', () => {
    const images = [web('1.png'), web('2.png')];
    assert.deepEqual(messagesOf({ text: 'Look!', attachments: images }), [
      { text: 'Look!' },
      { attachments: images },
    ]);
  });

  it('gives a file, or bytes, among several images a message of its own, in order', () => {
    const [one, two, three] = [web('1.png'), web('2.png'), web('3.png')];
    assert.deepEqual(messagesOf({ attachments: [one, two, tom, bytes, three] }), [
      { attachments: [one, two] },
      { attachment: tom },
      { attachment: bytes },
      { attachments: [three] },
    ]);
  });

  it('takes only what begins so for a web address among several images', () => {
    const odd = { type: 'image', payload: { url: 'mirror/https://example.com/2.png' } };
    assert.deepEqual(messagesOf({ attachments: [web('1.png'), odd] }), [
      { attachments: [web('1.png')] },
      { attachment: odd },
    ]);
  });

  it('leaves URLs of the web together, and gives one of a file a message of its own', () => {
    const of = (url: string): object => ({ type: 'image', payload: { url: new URL(url) } });
    assert.equal(
      messagesOf({ attachments: [of('http://example.com/1.png'), of('HTTPS://example.com/2.png')] }),
      undefined,
    );
    assert.deepEqual(messagesOf({ attachments: [of('http://example.com/1.png'), of('file:///2.png')] }), [
      { attachments: [of('http://example.com/1.png')] },
      { attachment: of('file:///2.png') },
    ]);
  });

  it('gives an attachment of a misspelt type among several images a message of its own, which is refused', () => {
    const misspelt = { type: 'imgae', payload: { url: 'https://example.com/2.png' } };
    assert.deepEqual(messagesOf({ attachments: [web('1.png'), misspelt] }), [
      { attachments: [web('1.png')] },
      { attachment: misspelt },
    ]);
  });

  const here: [what: string, payload: object][] = [
    ['a path', { url: 'a.png' }],
    ['a path that begins like an address', { url: 'https/a.png' }],
    ['a file: URL', { url: 'file:///a.png' }],
    ['a URL object of a file', { url: new URL('file:///a.png') }],
    ['a data: URI', { url: 'data:image/png;base64,AA==' }],
    ['bytes', { filedata: Buffer.from('a') }],
  ];
  for (const [what, payload] of here) {
    it(`makes a message of ${what} in the only place of a list`, () => {
      const attachment = { type: 'image', payload };
      assert.deepEqual(splitMessage({ message: { attachments: [attachment] } })?.parts, [
        { message: { attachment } },
      ]);
    });
  }

  const there: [what: string, attachment: unknown][] = [
    ['an address', web('a.png')],
    ['an address in capitals, after a space', { type: 'image', payload: { url: ' HTTPS://example.com/' } }],
    ['a URL object', { type: 'image', payload: { url: new URL('https://example.com/') } }],
    ['an ID', { type: 'image', payload: { attachment_id: '1', url: 'a.png' } }],
    ['another type', { type: 'template', payload: { url: 'a.png' } }],
    ['nothing', undefined],
    ['an image without a payload', { type: 'image' }],
    ['an image without a source', { type: 'image', payload: {} }],
  ];
  for (const [what, attachment] of there) {
    it(`leaves ${what} in a list to the platform`, () => {
      assert.equal(splitMessage({ message: { attachments: [attachment] } }), undefined);
    });
  }

  it('takes out an empty text, and leaves one message', () => {
    assert.deepEqual(messagesOf({ text: '', attachment: tom }), [{ attachment: tom }]);
    assert.deepEqual(messagesOf({ text: '', sticker_id: '369239263222822' }), [
      { sticker_id: '369239263222822' },
    ]);
  });

  const whole: [what: string, params: unknown][] = [
    ['nothing', undefined],
    ['a list', [{ message: { text: 'Look!', attachment: tom } }]],
    ['a call without a message', { recipient, sender_action: 'typing_on' }],
    ['a message that is no object', { message: 'Look!' }],
    ['a text', { message: { text: 'Look!', quick_replies } }],
    [
      'a text beside attachments that are not set',
      { message: { text: 'Look!', attachment: undefined, attachments: null } },
    ],
    ['an empty text', { message: { text: '' } }],
    ['an attachment', { message: { attachment: tom } }],
    ['an attachment beside texts that are not set', { message: { text: undefined, attachment: tom } }],
    ['an attachment beside a null', { message: { text: null, attachment: tom } }],
    ['several images', { message: { attachments: [web('1.png'), web('2.png')] } }],
    ['attachments that are no list', { message: { attachments: 'cats' } }],
    ['a sticker', { message: { sticker_id: '369239263222822' } }],
  ];
  for (const [what, params] of whole) {
    it(`leaves ${what} whole`, () => {
      assert.equal(splitMessage(params), undefined);
    });
  }

  it('repeats in each part what is about all of the message', () => {
    const about = {
      recipient,
      messaging_type: 'MESSAGE_TAG',
      tag: 'HUMAN_AGENT',
      persona_id: '4711',
      notification_type: 'SILENT_PUSH',
    };
    const message = { text: 'Look!', attachment: tom, metadata: 'm' };
    assert.deepEqual(splitMessage(deepFreeze({ ...about, message }))?.parts, [
      { ...about, message: { metadata: 'm', text: 'Look!' } },
      { ...about, message: { metadata: 'm', attachment: tom } },
    ]);
  });

  it('keeps the quick replies for the last part', () => {
    const split = splitMessage(deepFreeze({ message: { text: 'Look!', attachment: tom, quick_replies } }));
    assert.ok(split);
    const [first, last] = split.parts;
    assert.deepEqual(first, { message: { text: 'Look!' } });
    assert.ok(last);
    assert.deepEqual(withQuickReplies(last, split.quickReplies), {
      message: { attachment: tom, quick_replies },
    });
    assert.equal(withQuickReplies(last, undefined), last);
  });

  it('lets attachments that follow follow, one message each', () => {
    const following = [tom, bytes];
    const params = {
      recipient,
      message: { text: 'Look!', attachment: web('1.png') },
      [FOLLOWING]: following,
    };
    assert.deepEqual(
      splitMessage(deepFreeze(params))?.parts.map(({ message }) => message),
      [{ text: 'Look!' }, { attachment: web('1.png') }, { attachment: tom }, { attachment: bytes }],
    );
  });

  it('does not tell the platform of attachments that follow', () => {
    const params = { message: { text: '' }, [FOLLOWING]: [tom] };
    const [part, ...more] = splitMessage(params)?.parts ?? [];
    assert.deepEqual(more, []);
    assert.deepEqual(Reflect.ownKeys(part ?? {}), ['message']);
  });

  it('sends a sticker before what follows', () => {
    const params = { message: { sticker_id: '1' }, [FOLLOWING]: [tom] };
    assert.deepEqual(splitMessage(params)?.parts, [
      { message: { sticker_id: '1' } },
      { message: { attachment: tom } },
    ]);
  });

  it('shows a sender action before what follows', () => {
    const params = {
      recipient,
      sender_action: 'typing_on',
      [FOLLOWING]: [tom],
    };
    assert.deepEqual(splitMessage(params)?.parts, [
      { recipient, sender_action: 'typing_on' },
      { recipient, message: { attachment: tom } },
    ]);
  });

  for (const kind of ['comment_id', 'post_id', 'one_time_notif_token', 'notification_messages_token']) {
    it(`refuses to make several messages for a recipient with ${kind}, which permits one`, () => {
      const params = { recipient: { [kind]: '1' }, message: { text: 'Look!', attachment: tom } };
      assert.throws(() => splitMessage(params), {
        name: 'AttachmentError',
        code: 'ERR_ATTACHMENT_ONE_MESSAGE',
        asset: 'a text and image cats/tom.jpg',
        message: new RegExp(`^Cannot send a text and image cats/tom\\.jpg: .*\`${kind}\` allows only one;`),
      });
    });

    it(`takes one message for a recipient with ${kind}`, () => {
      const params = { recipient: { [kind]: '1' }, message: { text: '', attachment: tom } };
      assert.equal(splitMessage(params)?.parts.length, 1);
    });
  }

  it('shows no query string and no content in the error', () => {
    const secret = { type: 'image', payload: { url: 'https://example.com/a.png?token=secret' } };
    const data = { type: 'image', payload: { url: 'data:image/png;base64,c2VjcmV0' } };
    const message = { text: 'secret', attachment: secret, attachments: [data, web('1.png'), bytes] };
    assert.throws(() => splitMessage({ recipient: { post_id: '1' }, message }), {
      asset:
        'a text and image https://example.com/a.png and image from a data: URI and image https://example.com/1.png and image',
    });
  });
});

describe('hasAttachment', () => {
  it('knows each place where a call can have one', () => {
    assert.ok(hasAttachment({ message: { attachment: tom } }));
    assert.ok(hasAttachment({ message: { attachments: [web('1.png')] } }));
    assert.ok(hasAttachment({ message: { text: 'Look!' }, [FOLLOWING]: [tom] }));
    assert.ok(!hasAttachment({ message: { text: 'Look!', attachment: undefined } }));
    assert.ok(!hasAttachment({ sender_action: 'typing_on' }));
  });
});
