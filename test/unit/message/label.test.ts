import assert from 'node:assert/strict';
import { labelOf, labelOfPart } from '../../../src/message/label';

describe('labelOfPart', () => {
  const tom = { type: 'image', payload: { url: 'cats/tom.png' } };
  const cases: [what: string, message: unknown, label: string][] = [
    ['a sender action', undefined, 'a sender action'],
    ['a text', { text: 'Hello' }, 'a text'],
    ['a message without content', {}, 'a message'],
    ['a sticker', { sticker_id: 1 }, 'a message'],
    ['an attachment', { attachment: tom }, 'image cats/tom.png'],
    ['an attachment without a type', { attachment: {} }, 'an attachment'],
    ['an attachment and a text', { text: 'Look', attachment: tom }, 'image cats/tom.png'],
    [
      'several',
      { attachments: [tom, { type: 'video' }, {}, null] },
      'image cats/tom.png and video and an attachment and an attachment',
    ],
    [
      'five',
      { attachments: Array(5).fill({ type: 'image' }) },
      'image and image and image and image and image',
    ],
    [
      'seven',
      { attachments: Array(7).fill({ type: 'image' }) },
      'image and image and image and image and image and 2 more',
    ],
  ];
  for (const [what, message, label] of cases) {
    it(`calls ${what} ${label}`, () => {
      assert.equal(labelOfPart({ recipient: { id: '7001' }, message }), label);
    });
  }
});

describe('labelOf', () => {
  const cases: [what: string, payload: unknown, label: string][] = [
    [
      'an address without its query',
      { url: 'https://example.com/a.png?sig=S' },
      'image https://example.com/a.png',
    ],
    [
      'a URL without its query',
      { url: new URL('https://example.com/a.png?sig=S') },
      'image https://example.com/a.png',
    ],
    ['a data: URI without its content', { url: ' DATA:image/png;base64,AAAA' }, 'image from a data: URI'],
    ['a path that holds such a word as it is', { url: 'my data:x' }, 'image my data:x'],
    ['bytes by their type', { filedata: Buffer.from('a') }, 'image'],
    ['no payload by its type', undefined, 'image'],
  ];
  for (const [what, payload, label] of cases) {
    it(`shows ${what}`, () => {
      assert.equal(labelOf('image', payload), label);
    });
  }
});
