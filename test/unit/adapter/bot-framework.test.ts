import assert from 'node:assert/strict';
import { toParams, withDroppedFields } from '../../../src/adapter/bot-framework';
import { FOLLOWING } from '../../../src/message/split';
import { deepFreeze } from '../../support/checks/deep-freeze';

const TOM = { contentType: 'image/jpeg', contentUrl: 'cats/tom.jpg' };
const MIA = { contentType: 'image/png', contentUrl: 'cats/mia.png', name: 'Mia.png' };
const CARD = { contentType: 'application/vnd.microsoft.card.hero', content: {}, contentUrl: 'a' };

const asTom = { type: 'image', payload: { url: 'cats/tom.jpg' } };
const asMia = { type: 'image', payload: { url: 'cats/mia.png', filename: 'Mia.png' } };

/** What the adapter makes of an activity. */
const PARAMS = deepFreeze({
  recipient: { id: '7001' },
  message: { text: 'Look!' },
  messaging_type: 'RESPONSE',
});

/** The attachments that the activity's message is followed by. */
function followingOf(activity: object): readonly unknown[] | undefined {
  return (withDroppedFields(PARAMS, activity) as { [FOLLOWING]?: readonly unknown[] })[FOLLOWING];
}

describe('withDroppedFields', () => {
  it('lets each picture follow, in order', () => {
    const attachments = [TOM, MIA];
    const activity = deepFreeze({ type: 'message', attachments });
    const params = withDroppedFields(PARAMS, activity);
    assert.deepEqual(params, {
      ...PARAMS,
      [FOLLOWING]: [asTom, asMia],
    });
  });

  it('leaves cards out', () => {
    const activity = { type: 'message', attachments: [CARD, TOM] };
    assert.deepEqual(followingOf(activity), [asTom]);
  });

  it('takes an attachment that is Messenger’s already as it is', () => {
    const activity = { type: 'message', attachments: [asMia, TOM] };
    assert.deepEqual(followingOf(activity), [asMia, asTom]);
  });

  it('puts several images of channelData back into the message', () => {
    const attachments = [asTom, asMia];
    const activity = deepFreeze({ type: 'message', channelData: { attachments } });
    assert.deepEqual(withDroppedFields(PARAMS, activity), {
      ...PARAMS,
      message: { text: 'Look!', attachments },
    });
  });

  it('puts no images into what is no message', () => {
    const activity = { type: 'message', channelData: { attachments: [asTom], sender_action: 'typing_on' } };
    const params = { recipient: { id: '7001' }, sender_action: 'typing_on' };
    assert.equal(withDroppedFields(params, activity), params);
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
      assert.deepEqual(followingOf(activity), [{ type, payload: { url: 'a' } }]);
    });
  }

  it('ignores a name that is empty or not a string', () => {
    for (const name of ['', 7, null]) {
      const activity = { type: 'message', attachments: [{ ...TOM, name }] };
      assert.deepEqual(followingOf(activity), [asTom]);
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
    ['a type without a payload', { type: 'message', attachments: [{ type: 'image' }] }],
    ['a payload without a type', { type: 'message', attachments: [{ payload: { url: 'a.png' } }] }],
    ['channelData that is null', { type: 'message', text: 'Hello', channelData: null }],
  ];
  for (const [what, activity] of untouched) {
    it(`adds nothing for ${what}`, () => {
      assert.equal(withDroppedFields(PARAMS, activity), PARAMS);
    });
  }
});

describe('toParams', () => {
  it('holds all attachments of an activity, so that they can be prepared', () => {
    const attachments = [MIA];
    const activity = deepFreeze({
      type: 'message',
      text: 'Look!',
      attachments,
      channelData: { attachment: asTom, attachments: [asMia], tag: 'HUMAN_AGENT' },
    });
    assert.deepEqual(toParams(activity), {
      message: { attachment: asTom, attachments: [asMia] },
      [FOLLOWING]: [asMia],
    });
  });

  it('holds none for a text', () => {
    for (const channelData of [undefined, null, {}]) {
      assert.deepEqual(toParams({ type: 'message', text: 'Look!', channelData }), {
        message: { attachment: undefined },
      });
    }
  });
});
