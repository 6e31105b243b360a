import assert from 'node:assert/strict';
import sinon from 'sinon';
import { keyOf } from '../../../src/cache/saved-id';
import { ABOUT_TOM, TOM_ASSET, TOM, useDelivery } from '../../support/bot/use-delivery';
import { readAsset } from '../../support/files/assets';
import { calls } from '../../support/platform/received';
import { sha256 } from '../../support/checks/sha256';
import { PAGE } from '../../support/platform/pages';

const KEY = keyOf(PAGE.id, `image:${sha256(readAsset('cats/tom.jpg'))}`);

describe('Delivery, saving by sending', () => {
  const platform = useDelivery();

  it('lets the first message save it', async () => {
    const { send, reports } = platform.open({ save: 'send' });
    sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    await send(TOM);
    await send(TOM);
    assert.deepEqual(calls(platform.sim), ['send-file', 'send-id']);
    assert.deepEqual(reports.events, [
      { name: 'send', event: { ...ABOUT_TOM, how: 'save', attachmentId: platform.onlyId() } },
      { name: 'send', event: { ...ABOUT_TOM, how: 'id', attachmentId: platform.onlyId() } },
    ]);
  });

  it('keeps the ID, its age counting from before the call', async () => {
    const begun = Date.now();
    const { send, cache } = platform.open({ save: 'send' });
    await send(TOM);
    const saved = await cache.find(KEY);
    assert.ok(saved && saved.uploadedAt >= begun && saved.uploadedAt <= Date.now());
    assert.deepEqual(
      { ...saved, uploadedAt: 0 },
      { ...TOM_ASSET, source: { path: 'cats/tom.jpg' }, id: platform.onlyId(), uploadedAt: 0 },
    );
  });

  it('lets the others wait for it, and go by its ID', async () => {
    const { send } = platform.open({ save: 'send' });
    const users = ['7001', '7002', '7003'];
    await Promise.all(users.map((user) => send(TOM, { user })));
    assert.deepEqual(calls(platform.sim), ['send-file', 'send-id', 'send-id']);
  });

  it('does not ask to save what is not to be saved', async () => {
    const { send } = platform.open({ save: 'send' });
    await send({ ...TOM, payload: { ...TOM.payload, is_reusable: false } });
    assert.deepEqual(platform.sim.assets(), []);
  });

  it('uploads when the platform gives no ID', async () => {
    const { send, reports } = platform.open({ save: 'send' });
    platform.sim.addFaults({ purpose: 'send-file', drop: ['attachment_id'] });
    await Promise.all([send(TOM), send(TOM)]);
    assert.deepEqual(calls(platform.sim), ['send-file', 'upload-file', 'send-id']);
    assert.deepEqual(reports.events[0], {
      name: 'send',
      event: { ...ABOUT_TOM, how: 'one-step', attachmentId: undefined },
    });
    assert.deepEqual(reports.names(), ['send', 'upload', 'send']);
  });

  it('takes no ID that is none', async () => {
    const { send, reports } = platform.open({ save: 'send' });
    platform.sim.addFaults({ purpose: 'send-file', body: { message_id: 'm_1', attachment_id: 11 } });
    await send(TOM);
    await send(TOM);
    assert.deepEqual(reports.events, [
      { name: 'send', event: { ...ABOUT_TOM, how: 'one-step', attachmentId: undefined } },
      { name: 'send', event: { ...ABOUT_TOM, how: 'save', attachmentId: platform.onlyId() } },
    ]);
  });

  it('does not let one message fail as another did', async () => {
    const { send } = platform.open({ save: 'send' });
    platform.sim.setUser({ page: PAGE.id, user: '7001', available: false });
    const [first, second] = await Promise.allSettled([send(TOM), send(TOM, { user: '7002' })]);
    assert.deepEqual([first.status, second.status], ['rejected', 'fulfilled']);
    assert.deepEqual(calls(platform.sim), ['send-file 551/1545041', 'upload-file', 'send-id']);
  });
});
