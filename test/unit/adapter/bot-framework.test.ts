import assert from 'node:assert/strict';
import { toMessengerActivities } from '../../../src/adapter/bot-framework';
import { deepFreeze } from '../../support/checks/deep-freeze';

const TOM = { contentType: 'image/jpeg', contentUrl: 'cats/tom.jpg' };
const MIA = { contentType: 'image/png', contentUrl: 'cats/mia.png', name: 'Mia.png' };
const CARD = { contentType: 'application/vnd.microsoft.card.hero', content: {}, contentUrl: 'a' };
const REPLIES = [{ content_type: 'text', title: 'More', payload: 'MORE' }];

const asTom = { type: 'image', payload: { url: 'cats/tom.jpg' } };
const asMia = { type: 'image', payload: { url: 'cats/mia.png', filename: 'Mia.png' } };

/** A message with nothing but an attachment. */
const only = (attachment: unknown, channelData: object = {}): object => ({
  type: 'message',
  text: undefined,
  attachments: undefined,
  channelData: { ...channelData, attachment },
});

describe('toMessengerActivities', () => {
  it('makes a message of each picture, in order', () => {
    const activity = deepFreeze({ type: 'message', attachments: [TOM, MIA] });
    assert.deepEqual(toMessengerActivities(activity), [only(asTom), only(asMia)]);
  });

  it('sends the text first', () => {
    const activity = deepFreeze({ type: 'message', text: 'Look!', attachments: [TOM] });
    assert.deepEqual(toMessengerActivities(activity), [
      { type: 'message', text: 'Look!', attachments: [], channelData: {} },
      only(asTom),
    ]);
  });

  it('sends no text that is empty', () => {
    for (const text of ['', null, undefined]) {
      assert.deepEqual(toMessengerActivities<object>({ type: 'message', text, attachments: [TOM] }), [
        only(asTom),
      ]);
    }
  });

  for (const field of ['attachment', 'sticker_id', 'sender_action']) {
    it(`sends the ${field} of its own first, and once`, () => {
      const channelData = { [field]: 'mine' };
      const activity = deepFreeze({ type: 'message', attachments: [TOM], channelData });
      assert.deepEqual(toMessengerActivities(activity), [
        { type: 'message', attachments: [], channelData },
        only(asTom),
      ]);
    });
  }

  it('puts quick replies under the last message, where Messenger shows them', () => {
    const channelData = { quick_replies: REPLIES, tag: 'HUMAN_AGENT' };
    const activity = deepFreeze({ type: 'message', text: 'Look!', attachments: [TOM, MIA], channelData });
    const tag = { tag: 'HUMAN_AGENT' };
    assert.deepEqual(toMessengerActivities(activity), [
      { type: 'message', text: 'Look!', attachments: [], channelData: tag },
      only(asTom, tag),
      only(asMia, { ...tag, quick_replies: REPLIES }),
    ]);
  });

  it('keeps every other field of the activity', () => {
    const activity = { type: 'message', attachments: [TOM], recipient: { id: '7001' }, inputHint: 'x' };
    const [message] = toMessengerActivities(activity);
    assert.deepEqual([message?.recipient, message?.inputHint], [{ id: '7001' }, 'x']);
  });

  it('leaves cards where they are', () => {
    const activity = deepFreeze({ type: 'message', text: 'Look!', attachments: [CARD, TOM] });
    const [first] = toMessengerActivities(activity);
    assert.deepEqual(first?.attachments, [CARD]);
  });

  const types: [contentType: string, type: string][] = [
    ['image/jpeg', 'image'],
    ['IMAGE/PNG', 'image'],
    ['image', 'image'],
    ['audio/mpeg', 'audio'],
    ['Video/mp4', 'video'],
    ['application/pdf', 'file'],
    ['text/plain', 'file'],
    ['imagery/png', 'file'],
    ['', 'file'],
    ['application/vnd.ms-excel', 'file'],
  ];
  for (const [contentType, type] of types) {
    it(`takes ${JSON.stringify(contentType)} for ${type}`, () => {
      const activity = { type: 'message', attachments: [{ contentType, contentUrl: 'a' }] };
      assert.deepEqual(toMessengerActivities<object>(activity), [only({ type, payload: { url: 'a' } })]);
    });
  }

  it('takes no name that is empty, or no text', () => {
    for (const name of ['', 7, null]) {
      const activity = { type: 'message', attachments: [{ ...TOM, name }] };
      assert.deepEqual(toMessengerActivities<object>(activity), [only(asTom)]);
    }
  });

  const untouched: [what: string, activity: object][] = [
    ['a text', { type: 'message', text: 'Hello' }],
    ['no attachments', { type: 'message', attachments: [] }],
    ['attachments that are no list', { type: 'message', attachments: TOM }],
    ['another type of activity', { type: 'event', attachments: [TOM] }],
    ['no type', { attachments: [TOM] }],
    ['a card', { type: 'message', attachments: [CARD] }],
    [
      'an adaptive card',
      {
        type: 'message',
        attachments: [{ contentType: 'Application/vnd.Microsoft.card.adaptive', contentUrl: 'a' }],
      },
    ],
    [
      'content without an address',
      { type: 'message', attachments: [{ contentType: 'image/png', content: 'x' }] },
    ],
    ['an empty address', { type: 'message', attachments: [{ ...TOM, contentUrl: '' }] }],
    ['an address without a type', { type: 'message', attachments: [{ contentUrl: 'a' }] }],
    ['null and text', { type: 'message', attachments: [null, 'cats/tom.jpg'] }],
  ];
  for (const [what, activity] of untouched) {
    it(`passes on ${what} as it is`, () => {
      const [only, ...more] = toMessengerActivities(activity);
      assert.equal(only, activity);
      assert.deepEqual(more, []);
    });
  }
});
