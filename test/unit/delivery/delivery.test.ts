import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers, type SinonStubbedInstance } from 'sinon';
import { AssetIds } from '../../../src/delivery/asset-ids';
import { Deadline } from '../../../src/delivery/deadline';
import { Delivery } from '../../../src/delivery/delivery';
import { GraphClient } from '../../../src/graph/client';
import { findAttachmentSlots } from '../../../src/message/attachment-slots';
import { Sources } from '../../../src/source/sources';
import { recordEvents } from '../../support/checks/event-recorder';
import { fakeTime } from '../../support/checks/fake-time';
import { graphError } from '../../support/checks/sample-errors';
import { savedId } from '../../support/stores/saved-id';
import type { OutgoingMessage } from '../../../src/delivery/outgoing-call';

const RECIPIENT = { id: '7001' };

function templateOf(element: object): Record<string, unknown> {
  return {
    recipient: RECIPIENT,
    message: {
      attachment: { type: 'template', payload: { template_type: 'media', elements: [element] } },
    },
  };
}

const TEMPLATE = templateOf({ media_type: 'image', url: 'https://example.com/tom.png' });

describe('Delivery of a media template, whose IDs come or do not', () => {
  let clock: SinonFakeTimers;
  let client: SinonStubbedInstance<GraphClient>;
  let ids: SinonStubbedInstance<AssetIds>;
  let delivery: Delivery;

  beforeEach(() => {
    clock = fakeTime();
    client = sinon.createStubInstance(GraphClient);
    client.post.resolves({ recipient_id: '7001', message_id: 'm' });
    ids = sinon.createStubInstance(AssetIds);
    delivery = new Delivery({
      sources: new Sources({ root: undefined, cacheKey: (url) => url.href }),
      ids,
      save: 'upload',
      typing: false,
      concurrency: 4,
      report: recordEvents().report,
    });
  });
  afterEach(() => {
    sinon.restore();
  });

  function messageOf(params: Record<string, unknown>, page: string | undefined = '1001'): OutgoingMessage {
    const slots = findAttachmentSlots(params);
    assert.ok(slots);
    return { client, page, path: '/me/messages', params, slots, deadline: new Deadline(10_000) };
  }

  it('fails and says so when its upload takes longer than a minute', async () => {
    ids.getOrUploadThroughPauses.resolves(undefined);
    await assert.rejects(delivery.send(messageOf(TEMPLATE)), {
      code: 'ERR_ATTACHMENT_UPLOAD_TIMEOUT',
      asset: 'image https://example.com/tom.png',
      reason:
        'its upload took longer than 60 s, and a media template cannot be sent without its attachment ID; ' +
        'send it again later, or call warm() beforehand',
    });
    assert.equal(client.post.callCount, 0);
  });

  it('fails and says so when the page is not known after a minute', async () => {
    client.pageId.returns(new Promise(() => undefined));
    const message = { ...messageOf(TEMPLATE), page: undefined };
    const failed = assert.rejects(delivery.send(message), {
      code: 'ERR_ATTACHMENT_UPLOAD_TIMEOUT',
      reason: /^the look-up of the page of the access token took longer than 60 s/,
    });
    await clock.tickAsync(60_000);
    await failed;
    assert.equal(ids.getOrUploadThroughPauses.callCount, 0);
  });

  for (const sentAs of ['audio', 'file'] as const) {
    it(`fails when \`prepare\` made a ${sentAs} of its picture`, async () => {
      ids.getOrUploadThroughPauses.resolves({ ...savedId('11'), sentAs });
      await assert.rejects(delivery.send(messageOf(TEMPLATE)), { code: 'ERR_ATTACHMENT_TYPE_MISMATCH' });
    });
  }

  it('has its dead IDs replaced by a recovery, but not the one that is for this message only', async () => {
    const dead = graphError(100, 2018074);
    client.post.onFirstCall().rejects(dead);
    client.post.onSecondCall().rejects(dead);
    client.post.onThirdCall().resolves({ recipient_id: '7001', message_id: 'm' });
    ids.getOrUploadThroughPauses.resolves(savedId('11'));
    ids.uploadForOneMessage.resolves(savedId('12'));
    await delivery.send(messageOf(TEMPLATE));
    assert.deepEqual(
      ids.getOrUploadThroughPauses.args.map(([, , reason]) => reason),
      ['send', 'recover', 'recover'],
    );
    assert.equal(ids.markDead.callCount, 2);
    client.post.resetHistory();
    const alone = { media_type: 'image', url: 'https://example.com/tom.png', is_reusable: false };
    await delivery.send(messageOf(templateOf(alone)));
    assert.equal(ids.uploadForOneMessage.callCount, 3);
    assert.equal(ids.markDead.callCount, 2);
  });
});
