import assert from 'node:assert/strict';
import { BUSY, TOM, useDelivery } from '../../support/bot/use-delivery';
import { calls } from '../../support/platform/received';

const UNSAVED = { ...TOM, payload: { ...TOM.payload, is_reusable: false } };
const template = (element: object): object => ({
  type: 'template',
  payload: { template_type: 'media', elements: [{ media_type: 'image', ...element }] },
});

describe('Delivery.ensureIds', () => {
  const platform = useDelivery();

  it('uploads beforehand, and sends nothing', async () => {
    const { delivery, messageWith, send } = platform.open();
    await delivery.ensureIds(messageWith(TOM));
    assert.deepEqual(calls(platform.sim), ['upload-file']);
    await send(TOM);
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-id']);
  });

  it('uploads the pictures of a template beforehand, also when messages are to save them', async () => {
    const { delivery, messageWith } = platform.open({ save: 'send' });
    await delivery.ensureIds(messageWith(template({ url: 'cats/tom.jpg' })));
    assert.deepEqual(calls(platform.sim), ['upload-file']);
  });

  it('does nothing when the message is to save it', async () => {
    const { delivery, messageWith } = platform.open({ save: 'send' });
    await delivery.ensureIds(messageWith(TOM));
    assert.deepEqual(calls(platform.sim), []);
  });

  it('does nothing for what is not to be saved', async () => {
    const { delivery, messageWith } = platform.open();
    await delivery.ensureIds(messageWith(UNSAVED));
    assert.deepEqual(calls(platform.sim), []);
  });

  it('keeps nothing of what is not to be saved in a template, either', async () => {
    const { delivery, messageWith, send } = platform.open();
    const unsaved = template({ url: 'cats/tom.jpg', is_reusable: false });
    await delivery.ensureIds(messageWith(unsaved));
    await send(unsaved);
    await send(TOM);
    assert.deepEqual(calls(platform.sim), ['upload-file', 'send-template', 'upload-file', 'send-id']);
  });

  it('looks at what it does not upload all the same', async () => {
    const missing = { url: 'nowhere.png', is_reusable: false };
    for (const save of ['upload', 'send'] as const) {
      const { delivery, messageWith } = platform.open({ save });
      for (const attachment of [{ type: 'image', payload: missing }, template(missing)]) {
        await assert.rejects(delivery.ensureIds(messageWith(attachment)), {
          code: 'ERR_ATTACHMENT_NOT_FOUND',
        });
      }
    }
  });

  it('lets an upload fail when the message can still go in one step', async () => {
    const { delivery, messageWith } = platform.open({ attempts: 1 });
    platform.sim.addFaults({ path: '/message_attachments', ...BUSY });
    await delivery.ensureIds(messageWith(TOM));
    platform.sim.addFaults({ path: '/me$', times: 3, status: 500, body: 'Out of order' });
    await delivery.ensureIds(messageWith(TOM, { page: undefined }));
    assert.deepEqual(calls(platform.sim), ['upload-file 2', 'read', 'read', 'read']);
  });

  it('fails when a template cannot be sent without it', async () => {
    const { delivery, messageWith } = platform.open({ attempts: 1 });
    platform.sim.addFaults({ path: '/message_attachments', ...BUSY });
    await assert.rejects(delivery.ensureIds(messageWith(template({ url: 'cats/tom.jpg' }))), { code: 2 });
  });

  it('fails when the platform refuses it for good', async () => {
    const { delivery, messageWith } = platform.open();
    platform.sim.addFaults({ path: '/message_attachments', error: { code: 100, subcode: 2018047 } });
    await assert.rejects(delivery.ensureIds(messageWith(TOM)), { subcode: 2018047 });
  });
});
