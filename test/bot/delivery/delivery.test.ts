import assert from 'node:assert/strict';
import { ABOUT_TOM, BUSY, TOM, useDelivery } from '../../support/bot/use-delivery';
import { openTcpRelay } from '../../support/platform/tcp-relay';
import { arrived, calls, onlyArrival, callCounts } from '../../support/platform/received';
import { PAGE } from '../../support/platform/pages';

describe('Delivery', () => {
  const platform = useDelivery();

  describe('by ID', () => {
    it('uploads, and sends what came of it', async () => {
      const { send, reports } = platform.open();
      const answer = await send(TOM);
      const { message, attachment } = onlyArrival(platform.sim);
      assert.deepEqual(answer, { recipient_id: '7001', message_id: message.mid });
      assert.equal(attachment.attachmentId, platform.onlyId());
      assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id']);
      assert.deepEqual(reports.events, [
        {
          name: 'upload',
          event: { ...ABOUT_TOM, attachmentId: platform.onlyId(), reason: 'send', attempts: 1 },
        },
        { name: 'send', event: { ...ABOUT_TOM, attachmentId: platform.onlyId(), how: 'id' } },
      ]);
    });

    it('uploads once, however many send it at the same time', async () => {
      const { send } = platform.open();
      await Promise.all(Array.from({ length: 50 }, (_, n) => send(TOM, { user: `70${n + 10}` })));
      await send(TOM);
      assert.deepEqual(callCounts(platform.sim), { 'upload-file': 1, 'send-id': 51 });
    });

    it('asks for the page of the token when nobody says which it is', async () => {
      const { send, reports } = platform.open();
      await send(TOM, { page: undefined });
      await send(TOM, { page: 'me' });
      await send(TOM, { page: '12x' });
      await send(TOM, { page: 'x12' });
      await send(TOM);
      assert.deepEqual(callCounts(platform.sim), { read: 1, 'upload-file': 1, 'send-id': 5 });
      assert.deepEqual(reports.names(), ['upload', 'send', 'send', 'send', 'send', 'send']);
    });

    it('goes out of a bot that has put another Promise in place of the built-in one', async () => {
      const { send } = platform.open();
      const builtIn = Promise;
      globalThis.Promise = class Another<T> extends builtIn<T> {};
      try {
        await send(TOM, { page: undefined });
        await send(TOM, { page: undefined });
      } finally {
        globalThis.Promise = builtIn;
      }
      assert.deepEqual(callCounts(platform.sim), { read: 1, 'upload-file': 1, 'send-id': 2 });
    });

    it('does not send a message again that was refused, and keeps the ID', async () => {
      const { send, reports } = platform.open();
      platform.sim.setUser({ page: PAGE.id, user: '7001', available: false });
      await assert.rejects(send(TOM), {
        name: 'GraphError',
        code: 551,
        message: /^Facebook refused to send image "cats\/tom\.jpg": /,
      });
      assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id 551/1545041']);
      assert.deepEqual(reports.names(), ['upload']);
      await send(TOM, { user: '7002' });
      assert.deepEqual(calls(platform.sim).slice(2), ['send-id']);
    });

    const lost: [what: string, fault: object][] = [
      ['the connection is cut before the answer', { reset: 'after' }],
      ['the answer is cut', { reset: 'answer' }],
      ['the answer is no JSON', { accept: true, body: '<html>' }],
      ['a proxy says 502', { accept: true, status: 502, body: 'Bad gateway' }],
      ['the platform says 1/1357046', { accept: true, error: { code: 1, subcode: 1357046 } }],
      ['the platform says that it is busy', { accept: true, error: { code: 2 } }],
    ];
    for (const [what, fault] of lost) {
      it(`does not send a message again that may have arrived: ${what}`, async () => {
        const { send, reports } = platform.open();
        platform.sim.addFaults({ path: '/messages', ...fault });
        await assert.rejects(send(TOM));
        assert.equal(arrived(platform.sim).length, 1);
        assert.deepEqual(reports.names(), ['upload']);
      });
    }

    it('sends a message again that met no connection, as it is', async () => {
      const relay = platform.closeAfterTest(await openTcpRelay(platform.sim));
      const { send } = platform.open({ dispatcher: relay.dispatcher });
      await send(TOM);
      relay.refuse('refused', 2);
      await send(TOM, { user: '7002' });
      assert.equal(arrived(platform.sim, '7002').length, 1);
    });

    it('gives up after three tries without a connection', async () => {
      const relay = platform.closeAfterTest(await openTcpRelay(platform.sim));
      const { send } = platform.open({ dispatcher: relay.dispatcher });
      await send(TOM);
      relay.refuse('refused', 3);
      await assert.rejects(send(TOM), { code: 'ERR_GRAPH_UNREACHABLE', asset: 'image "cats/tom.jpg"' });
      assert.equal(arrived(platform.sim).length, 1);
    });
  });

  describe('in one step', () => {
    it('sends what is not to be saved, and keeps nothing of it', async () => {
      const { send, reports } = platform.open();
      await send({ ...TOM, payload: { ...TOM.payload, is_reusable: false } }, { page: undefined });
      assert.deepEqual([calls(platform.sim), platform.sim.assets()], [['send-file'], []]);
      assert.deepEqual(reports.events, [
        { name: 'send', event: { ...ABOUT_TOM, page: undefined, how: 'one-step', attachmentId: undefined } },
      ]);
    });

    it('sends what could not be uploaded, and tells why', async () => {
      const { send, reports } = platform.open({ attempts: 2 });
      platform.sim.addFaults({ path: '/message_attachments', times: 2, ...BUSY });
      await send(TOM);
      assert.deepEqual(calls(platform.sim), ['upload-file 2', 'upload-file 2', 'send-file']);
      assert.deepEqual(reports.names(), ['error', 'send']);
      assert.match(
        String(reports.errors()[0]),
        /^GraphError: Facebook failed to upload image "cats\/tom.jpg"/,
      );
      assert.deepEqual(reports.events[1]?.event, { ...ABOUT_TOM, how: 'one-step', attachmentId: undefined });
    });

    it('tells once why, when many messages waited for the upload', async () => {
      const { send, reports } = platform.open({ attempts: 1 });
      platform.sim.addFaults({ path: '/message_attachments', ...BUSY });
      await Promise.all(['7001', '7002', '7003'].map((user) => send(TOM, { user })));
      assert.deepEqual(reports.names(), ['error', 'send', 'send', 'send']);
      assert.deepEqual(callCounts(platform.sim), { 'upload-file 2': 1, 'send-file': 3 });
    });

    it('sends when the page cannot be learnt, and keeps nothing', async () => {
      const { send, reports } = platform.open();
      platform.sim.addFaults({ path: '/me$', times: 3, status: 500, body: 'Out of order' });
      await send(TOM, { page: undefined });
      assert.deepEqual(calls(platform.sim), ['read', 'read', 'read', 'send-file']);
      assert.deepEqual(reports.names(), ['error', 'send']);
      assert.deepEqual(reports.events[1]?.event, {
        ...ABOUT_TOM,
        page: undefined,
        how: 'one-step',
        attachmentId: undefined,
      });
    });

    it('does not try what would fail the same way', async () => {
      const { send, reports } = platform.open();
      platform.sim.addFaults({ path: '/message_attachments', error: { code: 100, subcode: 2018047 } });
      await assert.rejects(send(TOM), { subcode: 2018047 });
      await assert.rejects(send({ type: 'image', payload: { url: 'nowhere.png' } }), {
        code: 'ERR_ATTACHMENT_NOT_FOUND',
      });
      platform.sim.addFaults({ path: '/me$', error: { code: 190 } });
      await assert.rejects(send(TOM, { page: undefined }), { code: 190 });
      assert.deepEqual(calls(platform.sim), ['upload-file 100/2018047', 'read 190']);
      assert.deepEqual(reports.events, []);
    });

    it('does not send again what failed in one step', async () => {
      const { send } = platform.open({ attempts: 1 });
      platform.sim.addFaults(
        { path: '/message_attachments', ...BUSY },
        { path: '/messages', reset: 'after' },
      );
      await assert.rejects(send(TOM), { code: 'ERR_GRAPH_INTERRUPTED' });
      assert.equal(arrived(platform.sim).length, 1);
    });
  });
});
