import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { Deadline } from '../../../src/delivery/deadline';
import { UploadUnderWay } from '../../../src/delivery/upload-under-way';
import { GraphClient } from '../../../src/graph/client';
import { fakeTime } from '../../support/checks/fake-time';
import { savedId } from '../../support/stores/saved-id';
import type { PageAsset } from '../../../src/delivery/page-asset';
import type { UploadObserver } from '../../../src/delivery/uploads';
import type { SavedId } from '../../../src/cache/saved-id';

describe('UploadUnderWay', () => {
  let clock: SinonFakeTimers;
  let observer: UploadObserver;
  let end: (saved: SavedId | undefined) => void;
  let fail: (error: Error) => void;
  let client: GraphClient;
  beforeEach(() => {
    clock = fakeTime();
    client = sinon.createStubInstance(GraphClient);
  });
  afterEach(() => {
    sinon.restore();
  });

  const targetOf = (attempt: string, by = client): PageAsset =>
    ({ client: by, page: '1001', key: 'key', asset: { attempt } }) as PageAsset;

  const begin = (attempt = 'a', options?: { isSend?: boolean }): UploadUnderWay =>
    new UploadUnderWay(
      targetOf(attempt),
      (given) => {
        observer = given;
        return new Promise((resolve, reject) => {
          end = resolve;
          fail = reject;
        });
      },
      options,
    );

  it('gives all who wait the ID', async () => {
    const upload = begin();
    const waiting = [upload.wait(new Deadline(1_000)), upload.wait(new Deadline(1_000))];
    end(savedId('11'));
    assert.deepEqual(
      (await Promise.all(waiting)).map((saved) => saved?.id),
      ['11', '11'],
    );
  });

  it('fails for all who wait', async () => {
    const upload = begin();
    const waiting = upload.wait(new Deadline(1_000));
    fail(new Error('broken'));
    await assert.rejects(waiting, { message: 'broken' });
    await assert.rejects(upload.result, { message: 'broken' });
  });

  it('fails when it brings no ID', async () => {
    const upload = begin('a', { isSend: true });
    end(undefined);
    await assert.rejects(upload.result);
  });

  it('is the same attempt only for the same client and the same way to upload', () => {
    const upload = begin('a');
    assert.equal(upload.isSameAttempt(targetOf('a')), true);
    assert.equal(upload.isSameAttempt(targetOf('b')), false);
    assert.equal(upload.isSameAttempt(targetOf('a', sinon.createStubInstance(GraphClient))), false);
    assert.equal(
      begin('a', { isSend: true }).isSameAttempt(targetOf('a')),
      false,
      "a send's error is its recipient's",
    );
  });

  it('knows whether somebody waits for it', async () => {
    const upload = begin();
    assert.equal(observer.isAwaited(), false);
    const waiting = upload.wait(new Deadline(1_000));
    assert.equal(observer.isAwaited(), true);
    await clock.tickAsync(1_000);
    assert.equal(await waiting, undefined);
    assert.equal(upload.isAwaited(), false);
  });

  it('is waited for longer while its bytes move, and 5 s after the last one', async () => {
    const upload = begin();
    let late = false;
    void upload.wait(new Deadline(10_000)).then(() => {
      late = true;
    });
    for (let s = 0; s < 20; s++) {
      observer.onBytes();
      await clock.tickAsync(1_000);
    }
    assert.equal(late, false);
    await clock.tickAsync(3_900);
    assert.equal(late, false);
    await clock.tickAsync(400);
    assert.equal(late, true);
  });

  it('is not waited for by later messages once one has waited in vain', async () => {
    const upload = begin();
    const first = upload.wait(new Deadline(10_000));
    await clock.tickAsync(10_000);
    assert.equal(await first, undefined);
    assert.equal(await upload.wait(new Deadline(10_000)), undefined, 'at once');
    const template = upload.wait(new Deadline(10_000).forTemplate());
    observer.onBytes();
    const third = upload.wait(new Deadline(10_000));
    end(savedId('11'));
    assert.equal((await template)?.id, '11', 'a template has nothing else to wait for');
    assert.equal((await third)?.id, '11', 'bytes are moving again');
  });
});
