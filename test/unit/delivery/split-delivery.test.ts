import assert from 'node:assert/strict';
import sinon from 'sinon';
import { PartlySentError } from '../../../src/base/errors';
import { Deadline } from '../../../src/delivery/deadline';
import { Delivery, type ReadySend } from '../../../src/delivery/delivery';
import { SplitDelivery } from '../../../src/delivery/split-delivery';
import { GraphClient } from '../../../src/graph/client';
import { graphError } from '../../support/checks/sample-errors';

// What becomes of such messages in a bot is tested in test/bot/split.test.ts.
describe('SplitDelivery', () => {
  it('gives the IDs of the parts that have arrived, as far as the platform gave any', async () => {
    const answers: Record<string, ReadySend> = {
      'a text': () => Promise.resolve({ success: true }),
      'a link': () => Promise.resolve({ message_id: 'm_2' }),
      'a cat': () => Promise.reject(graphError(551)),
    };
    const delivery = sinon.createStubInstance(Delivery);
    delivery.getReady.callsFake(({ params }) => {
      const { text } = params.message as { text: string };
      return Promise.resolve(answers[text] ?? assert.fail(text));
    });
    const recipient = { id: '7001' };
    const parts = Object.keys(answers).map((text) => ({ recipient, message: { text } }));
    const client = sinon.createStubInstance(GraphClient);
    const call = { client, page: '1001', path: '/me/messages', deadline: new Deadline(1_000) };
    const sending = new SplitDelivery(delivery, () => undefined).send(call, {
      parts,
      quickReplies: undefined,
    });
    await assert.rejects(sending, (error) => {
      assert.ok(error instanceof PartlySentError);
      assert.deepEqual([error.messageIds, error.page, error.recipient], [['m_2'], '1001', recipient]);
      return true;
    });
  });
});
