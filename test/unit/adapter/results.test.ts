import assert from 'node:assert/strict';
import { deadlineOf, keepDeadline, markCall } from '../../../src/adapter/results';
import { Deadline } from '../../../src/delivery/deadline';

describe('The deadline of an activity', () => {
  const deadline = new Deadline(1_000);

  it('is that of the call which is made of it', () => {
    const activity = { type: 'message' };
    keepDeadline(activity, deadline);
    const call = markCall({ recipient: { id: '7001' } }, activity);
    assert.equal(deadlineOf(call), deadline);
    assert.equal(JSON.stringify(call), '{"recipient":{"id":"7001"}}');
  });

  it('is left out where activity or call may not be changed, and the message is sent all the same', () => {
    const frozen = Object.freeze({ type: 'message' });
    keepDeadline(frozen, deadline);
    assert.equal(deadlineOf(markCall({}, frozen)), undefined);
    const call = Object.freeze({});
    assert.equal(markCall(call, { type: 'message' }), call);
    assert.equal(deadlineOf(call), undefined);
  });

  it('is none of a call that the bot makes itself', () => {
    assert.deepEqual(
      [deadlineOf({}), deadlineOf(undefined), deadlineOf(null)],
      [undefined, undefined, undefined],
    );
  });
});
