import assert from 'node:assert/strict';
import {
  findAttachmentSlots,
  withContent,
  withIds,
  type AttachmentSlot,
  type SlotWithId,
} from '../../../src/message/attachment-slots';
import type { GraphParams } from '../../../src/graph/request';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { deepFreeze } from '../../support/checks/deep-freeze';

const mediaTemplate = (...elements: unknown[]): unknown => ({
  type: 'template',
  payload: { template_type: 'media', sharable: true, elements },
});

const paramsWith = (attachment: unknown): Record<string, unknown> => ({
  recipient: { id: '7001' },
  message: { attachment },
});

function slotsOf(params: unknown): readonly AttachmentSlot[] {
  const slots = findAttachmentSlots(params);
  assert.ok(slots, 'no slots');
  return slots;
}

describe('findAttachmentSlots', () => {
  for (const type of ['image', 'audio', 'video', 'file']) {
    it(`finds an attachment of type ${type}`, () => {
      const payload = { url: 'cats/tom.png', filename: 'Tom.png' };
      assert.deepEqual(findAttachmentSlots(paramsWith({ type, payload })), [
        { type, payload, element: undefined, reusable: true },
      ]);
    });
  }

  it('hears that an attachment is not to be saved', () => {
    const reusables = [false, true, undefined, null, 0, 'false'].map((is_reusable) => {
      const [slot] = slotsOf(paramsWith({ type: 'image', payload: { url: 'a.png', is_reusable } }));
      return slot?.reusable;
    });
    assert.deepEqual(reusables, [false, true, true, true, true, true]);
  });

  it('finds the elements of a media template, each in its place', () => {
    const [first, second, third] = [
      { media_type: 'image', url: 'a.png' },
      { media_type: 'video', attachment_id: '1857777774821032' },
      { media_type: 'video', filedata: Buffer.from('b'), is_reusable: false },
    ];
    assert.deepEqual(findAttachmentSlots(paramsWith(mediaTemplate(first, second, third))), [
      { type: 'image', payload: first, element: 0, reusable: true },
      { type: 'video', payload: third, element: 2, reusable: false },
    ]);
  });

  it('finds an attachment whose ID is not set', () => {
    for (const attachment_id of ['', null, undefined]) {
      const payload = { url: 'a.png', attachment_id };
      assert.equal(slotsOf(paramsWith({ type: 'image', payload })).length, 1);
      const element = { media_type: 'image', ...payload };
      assert.equal(slotsOf(paramsWith(mediaTemplate(element))).length, 1);
    }
  });

  const untouched: [what: string, params: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['text instead of parameters', 'hello'],
    ['a list', [{ message: { attachment: { type: 'image', payload: { url: 'a' } } } }]],
    ['parameters without a message', { recipient: { id: '7001' }, sender_action: 'typing_on' }],
    ['a message that is null', { message: null }],
    ['a text', { message: { text: 'hello' } }],
    ['an attachment that is undefined', paramsWith(undefined)],
    ['an attachment that is null', paramsWith(null)],
    ['an attachment_id', paramsWith({ type: 'image', payload: { attachment_id: '1857777774821032' } })],
    [
      'an attachment_id beside a url',
      paramsWith({ type: 'image', payload: { attachment_id: '1', url: 'a' } }),
    ],
    ['an attachment_id that is a number', paramsWith({ type: 'image', payload: { attachment_id: 1 } })],
    ['an unknown type', paramsWith({ type: 'location', payload: { url: 'a' } })],
    ['a type that is like none of the four', paramsWith({ type: 'picture', payload: { url: 'a' } })],
    ['a type of Facebook’s own', paramsWith({ type: 'fallback', payload: { url: 'a' } })],
    ['a misspelt type without content', paramsWith({ type: 'imgae', payload: { id: '1' } })],
    ['a misspelt type whose content is null', paramsWith({ type: 'imgae', payload: { url: null } })],
    ['a misspelt type without a payload', paramsWith({ type: 'imgae' })],
    [
      'another template',
      paramsWith({ type: 'template', payload: { template_type: 'generic', elements: [{}] } }),
    ],
    ['a template without a payload', paramsWith({ type: 'template' })],
    ['a template that is a list', paramsWith({ type: 'template', payload: [] })],
    [
      'a media template without elements',
      paramsWith({ type: 'template', payload: { template_type: 'media' } }),
    ],
    ['a media template with no elements', paramsWith(mediaTemplate())],
    ['elements that are no objects', paramsWith(mediaTemplate(null, 'a', [], 7))],
    ['elements with IDs', paramsWith(mediaTemplate({ media_type: 'image', attachment_id: '1' }))],
  ];
  for (const [what, params] of untouched) {
    it(`finds none in ${what}`, () => {
      assert.equal(findAttachmentSlots(params), undefined);
    });
  }

  const facebooks = [
    'https://www.facebook.com/photo.php?fbid=1',
    'https://facebook.com/a/videos/1',
    'http://business.facebook.com/a',
    'HTTPS://WWW.FACEBOOK.COM/a',
    new URL('https://www.facebook.com/a'),
  ];
  for (const url of facebooks) {
    it(`leaves ${String(url)} in a media template to Facebook`, () => {
      assert.equal(findAttachmentSlots(paramsWith(mediaTemplate({ media_type: 'image', url }))), undefined);
    });
  }

  const others = [
    'https://notfacebook.com/a',
    'https://facebook.com.example.com/a',
    'https://example.com/facebook.com',
    'https://facebook.comx/a',
    'https://facebookxcom/a',
    'ftp://www.facebook.com/a',
    'xhttps://www.facebook.com/a',
    'httpsx://www.facebook.com/a',
    'www.facebook.com/a',
    undefined,
    7,
  ];
  for (const url of others) {
    it(`does not take ${String(url)} for Facebook's`, () => {
      assert.equal(slotsOf(paramsWith(mediaTemplate({ media_type: 'image', url }))).length, 1);
    });
  }

  it('does not parse a data: URI of many megabytes to see that it is not Facebook’s', function () {
    // Others may have the processor meanwhile.
    this.retries(4);
    const uri = Buffer.from(`data:image/png;base64,${'QUJD'.repeat(7_000_000)}`).toString();
    const usedBefore = process.cpuUsage();
    assert.equal(slotsOf(paramsWith(mediaTemplate({ media_type: 'image', url: uri }))).length, 1);
    const { user, system } = process.cpuUsage(usedBefore);
    assert.ok(user + system < 20_000, `${user + system} µs`);
  });

  it('finds a Facebook address outside of a template, where it is an address like any other', () => {
    const payload = { url: 'https://www.facebook.com/a.png' };
    assert.equal(slotsOf(paramsWith({ type: 'image', payload })).length, 1);
  });

  const malformed: [attachment: unknown, what: string, problem: string][] = [
    ['cats/tom.png', 'attachment', 'expected an object with `type` and `payload`, got string'],
    [7, 'attachment', 'expected an object with `type` and `payload`, got number'],
    [[], 'attachment', 'expected an object with `type` and `payload`, got an array'],
    [{}, 'attachment', 'expected its `type` to be a string, got undefined'],
    [{ type: null }, 'attachment', 'expected its `type` to be a string, got null'],
    [{ type: 7 }, 'attachment', 'expected its `type` to be a string, got number'],
    [{ type: 'image' }, 'image attachment', 'expected its `payload` to be an object, got undefined'],
    [
      { type: 'video', payload: null },
      'video attachment',
      'expected its `payload` to be an object, got null',
    ],
    [{ type: 'file', payload: 'a' }, 'file attachment', 'expected its `payload` to be an object, got string'],
    [
      { type: 'audio', payload: [] },
      'audio attachment',
      'expected its `payload` to be an object, got an array',
    ],
    [
      { type: 'imgae', payload: { url: 'cats/tom.jpg' } },
      'attachment cats/tom.jpg',
      'its type is "imgae"; did you mean "image"?',
    ],
    [
      { type: 'Image', payload: { url: 'https://example.com/tom.jpg?signature=SECRET' } },
      'attachment https://example.com/tom.jpg',
      'its type is "Image"; did you mean "image"?',
    ],
    [
      { type: 'flie', payload: { filedata: Buffer.from('a') } },
      'attachment',
      'its type is "flie"; did you mean "file"?',
    ],
    [
      mediaTemplate({ url: 'a' }),
      'media template',
      'expected `media_type` to be image or video, got undefined',
    ],
    [
      mediaTemplate({ media_type: 'audio', url: 'a' }),
      'media template',
      'expected `media_type` to be image or video, got string',
    ],
  ];
  for (const [attachment, what, problem] of malformed) {
    it(`refuses ${JSON.stringify(attachment)}`, () => {
      assert.throws(
        () => findAttachmentSlots(paramsWith(attachment)),
        expectedAttachmentError('ERR_ATTACHMENT_BAD_SOURCE', what, problem),
      );
    });
  }
});

const IMAGE_11 = { id: '11', type: 'image' } as const;

/** The call with saved assets in its slots, in their order. */
function withSaved(params: GraphParams, ...saved: readonly SlotWithId['saved'][]): GraphParams {
  const slots = slotsOf(params);
  assert.equal(saved.length, slots.length);
  return withIds(
    params,
    slots.flatMap((slot, at) => (saved[at] ? [{ slot, saved: saved[at] }] : [])),
  );
}

describe('withIds', () => {
  it('sends an asset as the type that the platform knows it as', () => {
    const params = paramsWith({ type: 'image', payload: { url: 'a.heic' } });
    assert.deepEqual(
      withSaved(params, { id: '11', type: 'image', sentAs: 'file' }),
      paramsWith({ type: 'file', payload: { attachment_id: '11' } }),
    );
    const template = paramsWith(mediaTemplate({ media_type: 'image', url: 'a.gif' }));
    assert.deepEqual(
      withSaved(template, { id: '11', type: 'image', sentAs: 'video' }),
      paramsWith(mediaTemplate({ media_type: 'video', attachment_id: '11' })),
    );
  });

  it('puts the ID in the place of what the author wrote for us', () => {
    const payload = { url: 'a.png', filename: 'A.png', is_reusable: true, attachment_id: '', filedata: null };
    const params = deepFreeze({
      recipient: { id: '7001' },
      message: { attachment: { type: 'image', payload: { ...payload, caption: 'stays' } }, metadata: 'M' },
      messaging_type: 'RESPONSE',
      tag: 'HUMAN_AGENT',
    });
    assert.deepEqual(withSaved(params, IMAGE_11), {
      recipient: { id: '7001' },
      message: {
        attachment: { type: 'image', payload: { caption: 'stays', attachment_id: '11' } },
        metadata: 'M',
      },
      messaging_type: 'RESPONSE',
      tag: 'HUMAN_AGENT',
    });
  });

  it('puts each ID in its own element of a media template', () => {
    const params = deepFreeze(
      paramsWith(
        mediaTemplate(
          { media_type: 'image', url: 'a.png', buttons: [{ type: 'web_url' }] },
          { media_type: 'video', attachment_id: '99' },
          { media_type: 'video', url: 'b.mp4', filename: 'B.mp4' },
        ),
      ),
    );
    assert.deepEqual(
      withSaved(params, IMAGE_11, { id: '22', type: 'video' }),
      paramsWith(
        mediaTemplate(
          { media_type: 'image', buttons: [{ type: 'web_url' }], attachment_id: '11' },
          { media_type: 'video', attachment_id: '99' },
          { media_type: 'video', attachment_id: '22' },
        ),
      ),
    );
  });

  it('leaves out the empty text that the adapter always sets, and no other', () => {
    const texts = ['', null, undefined, 'hello', ' ', 0].map((text) => {
      const params = { message: { text, attachment: { type: 'image', payload: { url: 'a.png' } } } };
      const { message } = withSaved(params, IMAGE_11) as { message: { text?: unknown } };
      return 'text' in message ? message.text : 'none';
    });
    assert.deepEqual(texts, ['none', 'none', 'none', 'hello', ' ', 0]);
  });
});

describe('withContent', () => {
  const params = deepFreeze(
    paramsWith({
      type: 'image',
      payload: { url: 'a.png', filename: 'A.png', is_reusable: false, caption: 'C' },
    }),
  );
  const [slot] = slotsOf(params);
  assert.ok(slot);
  const file = new File(['a'], 'a.png');

  it('has the platform fetch an address', () => {
    assert.deepEqual(
      withContent(params, slot, { type: 'image', content: { url: 'https://example.com/a.png' } }, false),
      paramsWith({ type: 'image', payload: { caption: 'C', url: 'https://example.com/a.png' } }),
    );
  });

  it('has the platform save what it fetches', () => {
    assert.deepEqual(
      withContent(params, slot, { type: 'image', content: { url: 'https://example.com/a.png' } }, true),
      paramsWith({
        type: 'image',
        payload: { caption: 'C', url: 'https://example.com/a.png', is_reusable: true },
      }),
    );
  });

  it('leaves a file to go beside it', () => {
    assert.deepEqual(
      withContent(params, slot, { type: 'image', content: { file } }, false),
      paramsWith({ type: 'image', payload: { caption: 'C' } }),
    );
    assert.deepEqual(
      withContent(params, slot, { type: 'image', content: { file } }, true),
      paramsWith({ type: 'image', payload: { caption: 'C', is_reusable: true } }),
    );
  });
});
