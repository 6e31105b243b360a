import assert from 'node:assert/strict';
import sinon, { type SinonStubbedInstance } from 'sinon';
import { AssetIds } from '../../../src/delivery/asset-ids';
import { Deadline } from '../../../src/delivery/deadline';
import { OneStep } from '../../../src/delivery/one-step';
import { pageAsset } from '../../../src/delivery/page-asset';
import { GraphClient } from '../../../src/graph/client';
import { findAttachmentSlots } from '../../../src/message/attachment-slots';
import { identifyFiledata } from '../../../src/source/filedata';
import { identifyAddress } from '../../../src/source/web-address';
import { recordEvents } from '../../support/checks/event-recorder';
import { readAsset } from '../../support/files/assets';
import type { OutgoingMessage } from '../../../src/delivery/outgoing-call';

const ADDRESS = 'https://example.com/tom.png';
const SENT = { recipient_id: '7001', message_id: 'm' };

describe('OneStep', () => {
  let client: SinonStubbedInstance<GraphClient>;
  let oneStep: OneStep;

  beforeEach(() => {
    client = sinon.createStubInstance(GraphClient);
    const ids = sinon.createStubInstance(AssetIds);
    oneStep = new OneStep({ ids, concurrency: 1, report: recordEvents().report });
  });

  function message(): OutgoingMessage {
    const params = {
      recipient: { id: '7001' },
      message: { attachment: { type: 'image', payload: { url: ADDRESS } } },
    };
    const slots = findAttachmentSlots(params);
    assert.ok(slots);
    return { client, page: '1001', path: '/me/messages', params, slots, deadline: new Deadline(10_000) };
  }

  const picture = () => identifyFiledata('image', readAsset('paw.png'), 'paw.png');
  const address = () => identifyAddress('image', ADDRESS, (url) => url.href);

  it('has a file wait until the one before it is out, and an address wait for none', async () => {
    const answers: (() => void)[] = [];
    client.post.callsFake(
      () =>
        new Promise((resolve) =>
          answers.push(() => {
            resolve(SENT);
          }),
        ),
    );
    const file = await picture();
    const sent = [file, file, address(), address()].map((asset) => oneStep.send(message(), asset, '1001'));
    const posted = (): boolean[] => client.post.args.map(([, , call]) => call.file !== undefined);
    await new Promise(setImmediate);
    assert.deepEqual(posted().sort(), [false, false, true]);
    client.post.args.find(([, , call]) => call.file)?.[2].onBodySent?.();
    await new Promise(setImmediate);
    assert.deepEqual(posted().sort(), [false, false, true, true]);
    for (const answer of answers) answer();
    await Promise.all(sent);
  });

  it('passes on that the bytes of a message which saves its file are moving', async () => {
    client.post.callsFake((_path, _params, call) => {
      call.onBytes?.();
      return Promise.resolve({ ...SENT, attachment_id: '11' });
    });
    let moved = 0;
    const target = pageAsset(client, '1001', await picture());
    const { saved } = await oneStep.sendAndSave(message(), target, () => moved++);
    assert.equal(saved?.id, '11');
    assert.equal(moved, 1);
    await oneStep.send(message(), target.asset, '1001');
    assert.equal(moved, 1);
  });
});
