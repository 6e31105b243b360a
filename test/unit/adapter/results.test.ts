import assert from 'node:assert/strict';
import {
  deadlineOf,
  hookSendActivities,
  keepDeadline,
  markCall,
  type SendingAdapter,
} from '../../../src/adapter/results';
import { InFlight } from '../../../src/base/in-flight';
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

describe('hookSendActivities', () => {
  it('leaves an adapter alone that sends no activities', () => {
    const adapter: SendingAdapter = {};
    hookSendActivities(adapter, new InFlight(), () => assert.fail('it was told'));
    assert.deepEqual(adapter, {});
  });

  it('says what was not sent, also of an activity that names nobody, and gives each activity its result', async () => {
    const told: unknown[] = [];
    const sendActivities: SendingAdapter['sendActivities'] = (_, [activity]) =>
      Promise.resolve(activity?.type === 'sent' ? [{ id: 'm_1' }] : []);
    const adapter = { sendActivities };
    hookSendActivities(adapter, new InFlight(), (_, message) => told.push(message));
    const activities = ['sent', 'message', 'typing'].map((type) => ({ type }));
    const [sent, lost, typing] = await adapter.sendActivities({ activity: {} }, activities);
    assert.deepEqual([sent, typing], [{ id: 'm_1' }, {}]);
    assert.match(lost?.error?.message ?? '', /the adapter gave no reason/);
    assert.deepEqual(told, [{ page: undefined, recipient: { id: undefined } }]);
  });
});
