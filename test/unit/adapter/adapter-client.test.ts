import assert from 'node:assert/strict';
import sinon from 'sinon';
import {
  errorOfAdapterClient,
  sendByAdapterClient,
  withoutSecretsOf,
} from '../../../src/adapter/adapter-client';
import { AdapterError } from '../../../src/base/errors';
import { fakeTime } from '../../support/checks/fake-time';

const TEXT = { recipient: { id: '7001' }, message: { text: 'Hello' } };

describe('What the adapter’s client throws', () => {
  const account = { host: 'graph.facebook.com', version: 'v25.0', token: 'EAAB', secret: 'SHHH' };

  it('is shown without token and secret', () => {
    for (const thrown of ['No EAAB, no SHHH', new Error('No EAAB, no SHHH')]) {
      const { message } = errorOfAdapterClient(thrown, TEXT, account);
      assert.match(message, /a text: No …, no …/);
    }
    const { message } = errorOfAdapterClient('No EAAB, no SHHH', TEXT, { ...account, secret: undefined });
    assert.match(message, /No …, no SHHH/);
  });

  it('stays as it is for the adapter where it holds no secret', () => {
    for (const thrown of ['It failed', new Error('It failed'), { code: 1 }, undefined]) {
      assert.equal(withoutSecretsOf(thrown, TEXT, account), thrown);
    }
  });

  it('is an error of ours for the adapter where it holds one', () => {
    assert.equal(withoutSecretsOf('No EAAB', TEXT, account), 'No …');
    const error = withoutSecretsOf(new Error('No EAAB'), TEXT, account);
    assert.ok(error instanceof AdapterError);
    assert.equal(error.code, 'ERR_ADAPTER_SEND_FAILED');
  });
});

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
