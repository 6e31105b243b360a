import assert from 'node:assert/strict';
import { type Thread, type ThreadMessage } from 'messenger-platform-simulator';
import { asset, audit, bytes, card, text, type Expected } from '../../example-bot/tour/expected';

const TOM = asset('image', 'cats/tom.jpg');
const HELLO = text(/^Hello$/);

describe('the tour’s audit', () => {
  it('is content when each promised message arrived once, in whatever order', () => {
    const { promised, arrived, faults } = check([TOM, HELLO, TOM], [sent(HELLO), sent(TOM), sent(TOM)]);
    assert.deepEqual({ promised, arrived, faults }, { promised: 3, arrived: 3, faults: [] });
  });

  it('does not count what people wrote themselves', () => {
    assert.deepEqual(check([HELLO], [{ ...sent(HELLO), from: 'user' }, sent(HELLO)]).faults, []);
  });

  it('finds what is missing', () => {
    assert.deepEqual(check([TOM, HELLO], [sent(HELLO)]).faults, [
      'page 1, user 7: the image cats/tom.jpg is missing',
    ]);
    assert.equal(
      audit([{ page: '1', user: '7', messages: [HELLO] }], []).faults.length,
      1,
      'without any thread',
    );
  });

  it('finds what came twice', () => {
    assert.deepEqual(check([HELLO], [sent(HELLO), sent(HELLO)]).faults, [
      'page 1, user 7: the text "Hello" came once too often',
    ]);
  });

  it('finds a file with other bytes, under the same name', () => {
    const damaged = bytes('image', 'cats/tom.jpg', Buffer.from('not Tom'));
    const { faults } = check([TOM], [sent(damaged)]);
    assert.equal(faults.length, 2);
    assert.match(faults[0] ?? '', /the image cats\/tom\.jpg is missing/);
    assert.match(faults[1] ?? '', /came, which is not what was promised/);
  });

  it('tells a card from a bare picture, and a picture from a file', () => {
    assert.equal(check([card(TOM)], [sent(TOM)]).faults.length, 2);
    assert.equal(check([asset('file', 'cats/tom.jpg')], [sent(TOM)]).faults.length, 2);
  });

  it('finds a text that came beside a picture', () => {
    assert.equal(check([TOM], [{ ...sent(TOM), text: 'undefined' }]).faults.length, 2);
  });

  it('finds messages to someone who never wrote', () => {
    const { faults } = audit([], [thread([sent(HELLO)])]);
    assert.deepEqual(faults, ['page 1, user 7: got messages, and never wrote']);
  });
});

function check(messages: Expected[], arrived: ThreadMessage[]): ReturnType<typeof audit> {
  return audit([{ page: '1', user: '7', messages }], [thread(arrived)]);
}

function thread(messages: ThreadMessage[]): Thread {
  return { page: '1', user: '7', typing: false, seen: false, messages, events: [] };
}

function sent(expected: Expected): ThreadMessage {
  const message = { mid: 'm_1', from: 'page', at: 0 } as const;
  if ('text' in expected) return { ...message, text: 'Hello', attachments: [] };
  const { type, sha256, name } = expected;
  return { ...message, attachments: [{ type, sha256, name, contentType: 'image/jpeg', bytes: 1, url: '/' }] };
}
