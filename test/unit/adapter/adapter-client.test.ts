import assert from 'node:assert/strict';
import sinon from 'sinon';
import { sendByAdapterClient } from '../../../src/adapter/adapter-client';
import { fakeTime } from '../../support/checks/fake-time';

const TEXT = { recipient: { id: '7001' }, message: { text: 'Hello' } };

describe('sendByAdapterClient', () => {
  afterEach(() => {
    sinon.restore();
  });

  function send(answer: Promise<unknown>, params: object = TEXT): Promise<unknown> {
    return sendByAdapterClient(() => answer, '/me/messages', 'POST', params);
  }

  it('gives the answer that the client gives', async () => {
    const answer = { recipient_id: '7001', message_id: 'm_1' };
    assert.equal(await send(Promise.resolve(answer)), answer);
  });

  it('takes the answer to a sender action, which has no message ID', async () => {
    const answer = { recipient_id: '7001' };
    assert.equal(await send(Promise.resolve(answer), { ...TEXT, message: undefined }), answer);
  });

  for (const answer of ['<html>502</html>', {}, { message_id: '' }, [], null]) {
    it(`rejects if the answer is ${JSON.stringify(answer)}: the text may have arrived`, async () => {
      await assert.rejects(send(Promise.resolve(answer)), { code: 'ERR_GRAPH_BAD_ANSWER', asset: 'a text' });
    });
  }

  it('rejects after 90 s without an answer', async () => {
    const clock = fakeTime();
    const sending = assert.rejects(send(new Promise(() => undefined)), {
      code: 'ERR_GRAPH_INTERRUPTED',
      message:
        'Could not send a text: no answer within 90 s. The message may have arrived, so it is not sent again.',
    });
    await clock.tickAsync(89_999);
    assert.equal(clock.countTimers(), 1);
    await clock.tickAsync(1);
    await sending;
  });

  it('leaves no timer behind', async () => {
    const clock = fakeTime();
    await send(Promise.resolve({ message_id: 'm_1' }));
    assert.equal(clock.countTimers(), 0);
  });
});
