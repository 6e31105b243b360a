import assert from 'node:assert/strict';
import { ABOUT_TOM, BUSY, useDelivery } from '../../support/bot/use-delivery';
import { arrived, calls, onlyArrival, callCounts } from '../../support/platform/received';

const media = (element: object, ...more: object[]): object => ({
  type: 'template',
  payload: {
    template_type: 'media',
    elements: [element, ...more].map((one) => ({ media_type: 'image', ...one })),
  },
});

const TOM = media({ url: 'cats/tom.jpg' });

describe('Delivery of a media template', () => {
  const platform = useDelivery();

  it('uploads, and sends what came of it', async () => {
    const { send, reports } = platform.open();
    await send(TOM);
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-template']);
    assert.equal(onlyArrival(platform.sim).attachment.attachmentId, platform.onlyId());
    assert.deepEqual(reports.events.at(-1), {
      name: 'send',
      event: { ...ABOUT_TOM, attachmentId: platform.onlyId(), how: 'id' },
    });
  });

  it('shares the ID with the same picture outside of a template', async () => {
    const { send } = platform.open();
    await send(TOM);
    await send({ type: 'image', payload: { url: 'cats/tom.jpg' } });
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-template', 'send-id']);
  });

  it('uploads what is not to be saved for this once, and keeps nothing of it', async () => {
    const { send } = platform.open();
    const unsaved = media({ url: 'cats/tom.jpg', is_reusable: false });
    await send(unsaved);
    await send(unsaved);
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 2, 'send-template': 2 });
  });

  it('fills every element, and names them all when it fails', async () => {
    const { send } = platform.open();
    // The platform takes one element only.
    await assert.rejects(send(media({ url: 'cats/tom.jpg' }, { url: 'cats/mia.jpg' })), {
      name: 'GraphError',
      asset: 'image "cats/tom.jpg" and image "cats/mia.jpg"',
    });
    assert.equal(callCounts(platform.sim)['upload-file'], 2);
  });

  it('goes by ID or not at all', async () => {
    const { send, reports } = platform.open({ attempts: 1 });
    platform.sim.addFaults({ path: '/message_attachments', ...BUSY });
    await assert.rejects(send(TOM), { name: 'GraphError', code: 2 });
    platform.sim.addFaults({ path: '/me$', times: 3, status: 500, body: 'Out of order' });
    await assert.rejects(send(TOM, { page: undefined }), { code: 'ERR_GRAPH_BAD_ANSWER' });
    assert.deepEqual(calls(platform.sim), ['upload-file 2', 'read', 'read', 'read']);
    assert.deepEqual(reports.events, []);
  });

  it('has a new ID made for a dead one, and is sent again by that', async () => {
    const { send, reports } = platform.open();
    await send(TOM);
    const dead = platform.onlyId();
    platform.sim.revokeAll();
    platform.sim.clearCalls();
    await send(TOM);
    assert.deepEqual(calls(platform.sim), ['send-template 100/2018074', 'upload-file', 'send-template']);
    assert.equal(arrived(platform.sim).length, 2);
    assert.deepEqual(reports.names(), ['upload', 'send', 'upload', 'send', 'recover']);
    assert.deepEqual(reports.events.at(-1)?.event, { ...ABOUT_TOM, attachmentId: dead, how: 'id' });
  });

  it('tries an ID that another process has made since, and then a new one', async () => {
    const records = new Map<string, unknown>();
    const [one, two] = [platform.open({ records }), platform.open({ records })];
    await one.send(TOM);
    await two.send(TOM);
    platform.sim.revokeAll();
    await one.send(TOM);
    platform.sim.revokeAll();
    platform.sim.clearCalls();
    await two.send(TOM);
    assert.deepEqual(calls(platform.sim), [
      'send-template 100/2018074',
      'send-template 100/2018074',
      'upload-file',
      'send-template',
    ]);
    assert.deepEqual(
      two.reports.events.flatMap(({ name, event }) => (name === 'recover' ? [event.how] : [])),
      ['id'],
    );
  });

  it('gives up when new IDs are dead as well', async () => {
    const { send } = platform.open();
    platform.sim.addFaults({ purpose: 'send-template', times: 9, error: { code: 100, subcode: 2018074 } });
    await assert.rejects(send(TOM), { subcode: 2018074 });
    assert.deepEqual(callCounts(platform.sim), { 'upload-file': 3, 'send-template 100/2018074': 3 });
  });

  it('fails when no new ID can be made', async () => {
    const { send } = platform.open({ attempts: 1 });
    await send(TOM);
    platform.sim.revokeAll();
    platform.sim.addFaults({ path: '/message_attachments', ...BUSY });
    await assert.rejects(send(TOM), { code: 2 });
    assert.equal(arrived(platform.sim).length, 1);
  });

  it('uploads what the message that was to save it did not', async () => {
    const { send } = platform.open({ save: 'send' });
    platform.sim.addFaults({ purpose: 'send-file', delayMs: 200, drop: ['attachment_id'] });
    const saving = send({ type: 'image', payload: { url: 'cats/tom.jpg' } }, { user: '7002' });
    await send(TOM);
    await saving;
    assert.equal(arrived(platform.sim).length, 1);
  });

  it('is not sent again for any other failure', async () => {
    const { send } = platform.open();
    platform.sim.addFaults({ purpose: 'send-template', reset: 'after' });
    await assert.rejects(send(TOM), { code: 'ERR_GRAPH_INTERRUPTED' });
    assert.equal(arrived(platform.sim).length, 1);
  });
});
