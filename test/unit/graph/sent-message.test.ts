import assert from 'node:assert/strict';
import { checkSent } from '../../../src/graph/sent-message';

const CALL = { action: 'send', asset: 'image "tom.png"' } as const;

describe('the answer to a message', () => {
  for (const answer of [
    { recipient_id: '7001', message_id: 'm_1' },
    { success: true },
    // As the reference has it, in quotes.
    { success: 'true' },
  ]) {
    it(`says that it was sent: ${JSON.stringify(answer)}`, () => {
      assert.equal(checkSent(answer, CALL), answer);
    });
  }

  it('does not say so, and says what is wrong with it: a page of a gateway', () => {
    assert.throws(() => checkSent('<html>', CALL), {
      code: 'ERR_GRAPH_BAD_ANSWER',
      message: /: the answer is not JSON\./,
    });
  });

  for (const answer of [
    {},
    { message_id: '' },
    { message_id: 7 },
    { recipient_id: '7001' },
    { success: false },
  ]) {
    it(`does not say so: ${JSON.stringify(answer)}`, () => {
      assert.throws(() => checkSent(answer, CALL), { code: 'ERR_GRAPH_BAD_ANSWER' });
    });
  }
});
