import assert from 'node:assert/strict';
import sinon from 'sinon';
import { ABOUT_TOM, BUSY, TOM, useDelivery } from '../../support/bot/use-delivery';
import { arrived, calls, callCounts } from '../../support/platform/received';

describe('Delivery, when the ID is dead', () => {
  const platform = useDelivery();

  it('sends in one step, and has a new ID made behind it', async () => {
    const { send, reports, ids } = platform.open();
    await send(TOM);
    const dead = platform.onlyId();
    platform.sim.revokeAll();
    platform.sim.clearCalls();
    await send(TOM);
    await ids.idle();
    assert.equal(arrived(platform.sim).length, 2);
    assert.deepEqual(callCounts(platform.sim), {
      'send-id 100/2018074': 1,
      'send-file': 1,
      'upload-file': 1,
    });
    const later = reports.events.slice(2);
    const fresh = platform.sim.assets().find(({ id }) => id !== dead)?.id;
    assert.deepEqual(
      new Set(later),
      new Set([
        { name: 'send', event: { ...ABOUT_TOM, how: 'one-step', attachmentId: undefined } },
        { name: 'recover', event: { ...ABOUT_TOM, how: 'one-step', attachmentId: dead } },
        { name: 'upload', event: { ...ABOUT_TOM, attachmentId: fresh, reason: 'recover', attempts: 1 } },
      ]),
    );
    platform.sim.clearCalls();
    await send(TOM);
    assert.deepEqual(calls(platform.sim), ['send-id']);
  });

  it('uploads at most twice, however many messages meet it, and each arrives once', async () => {
    const { send, ids, reports } = platform.open();
    await send(TOM);
    platform.sim.revokeAll();
    platform.sim.clearCalls();
    // So that all have got the ID before the first of them learns that it is dead.
    platform.sim.addFaults({ purpose: 'send-id', delayMs: 300, times: 30 });
    const users = Array.from({ length: 30 }, (_, n) => `71${n + 10}`);
    await Promise.all(users.map((user) => send(TOM, { user })));
    await ids.idle();
    for (const user of users) assert.equal(arrived(platform.sim, user).length, 1, user);
    const { 'send-file': oneStep, 'upload-file': uploads } = callCounts(platform.sim);
    assert.deepEqual([oneStep, uploads], [1, 1]);
    const recoveries = reports.events.flatMap(({ name, event }) => (name === 'recover' ? [event.how] : []));
    assert.deepEqual([recoveries.length, recoveries.filter((how) => how === 'one-step').length], [30, 1]);
  });

  it('sends by the ID that another process has made since', async () => {
    const records = new Map<string, unknown>();
    const [one, two] = [platform.open({ records }), platform.open({ records })];
    await one.send(TOM);
    await two.send(TOM);
    const dead = platform.onlyId();
    platform.sim.revokeAll();
    await one.send(TOM);
    await one.ids.idle();
    platform.sim.clearCalls();
    await two.send(TOM);
    assert.deepEqual(calls(platform.sim), ['send-id 100/2018074', 'send-id']);
    assert.deepEqual(two.reports.events.at(-1), {
      name: 'recover',
      event: { ...ABOUT_TOM, how: 'id', attachmentId: dead },
    });
  });

  it('sends in one step when that ID is dead as well, and renews it, too', async () => {
    const { send, ids, cache, reports } = platform.open();
    await send(TOM);
    const dead = platform.onlyId();
    platform.sim.revokeAll();
    await send(TOM);
    await ids.idle();
    platform.sim.revokeAll();
    platform.sim.clearCalls();
    // As if this message had still met the first one.
    const saved = { ...ABOUT_TOM, id: dead, uploadedAt: Date.now(), type: 'image' as const };
    sinon.stub(cache, 'known').callThrough().onFirstCall().returns(saved);
    await send(TOM);
    await ids.idle();
    assert.deepEqual(callCounts(platform.sim), {
      'send-id 100/2018074': 2,
      'send-file': 1,
      'upload-file': 1,
    });
    assert.ok(reports.events.some(({ name }) => name === 'recover'));
  });

  it('tries two other IDs, and then sends in one step', async () => {
    const { send, ids } = platform.open();
    platform.sim.addFaults({ purpose: 'send-id', times: 99, error: { code: 100, subcode: 2018074 } });
    const users = ['7001', '7002', '7003', '7004'];
    await Promise.all(users.map((user) => send(TOM, { user })));
    await ids.idle();
    for (const user of users) assert.equal(arrived(platform.sim, user).length, 1, user);
    // Of those who meet a dead ID, the first does not wait for another one.
    assert.deepEqual(callCounts(platform.sim), {
      'send-id 100/2018074': 1 + 2 + 3 + 3,
      'send-file': 4,
      'upload-file': 3,
    });
  });

  it('does not send again what failed by the other ID', async () => {
    const { send, ids } = platform.open();
    await send(TOM);
    platform.sim.revokeAll();
    platform.sim.clearCalls();
    platform.sim.addFaults(
      // Both have got the ID before one of them learns that it is dead.
      { purpose: 'send-id', delayMs: 200, times: 2 },
      { purpose: 'send-id', reset: 'after' },
      // So that the new ID, which the other one waits for, is there first.
      { purpose: 'send-file', delayMs: 400 },
    );
    const results = await Promise.allSettled([send(TOM), send(TOM, { user: '7002' })]);
    await ids.idle();
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal(arrived(platform.sim, '7002').length + arrived(platform.sim).length, 3);
  });

  it('sends in one step when no new ID can be made, and tells that once', async () => {
    const { send, ids, reports } = platform.open({ attempts: 1 });
    await send(TOM);
    platform.sim.revokeAll();
    platform.sim.addFaults({ path: '/message_attachments', ...BUSY });
    await Promise.all([send(TOM), send(TOM), send(TOM)]);
    await ids.idle();
    assert.equal(arrived(platform.sim).length, 4);
    assert.equal(reports.errors().length, 1);
  });
});
