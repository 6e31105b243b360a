import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { Deadline } from '../../../src/delivery/deadline';
import { UploadUnderWay, type Attempt } from '../../../src/delivery/upload-under-way';
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
  let made: string[];
  beforeEach(() => {
    made = [];
    clock = fakeTime();
    client = sinon.createStubInstance(GraphClient);
  });
  afterEach(() => {
    sinon.restore();
  });

  const targetOf = (attempt: string, by = client): PageAsset =>
    ({ client: by, page: '1001', key: 'key', asset: { attempt } }) as PageAsset;

  const attemptOf = (target: PageAsset | undefined): Attempt => ({
    ...(target && { target }),
    make: (given) => {
      made.push(target?.asset.attempt ?? 'send');
      observer = given;
      return new Promise((resolve, reject) => {
        end = resolve;
        fail = reject;
      });
    },
  });

  const begin = (attempt: string | undefined = 'a'): UploadUnderWay =>
    new UploadUnderWay(attemptOf(targetOf(attempt)));

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
    assert.equal(observer.isGivenUp(), false);
  });

  it('knows whether this process uploads, and that it does not when it ends before that is known', async () => {
    const ours = begin();
    observer.onTurn(true);
    fail(new Error('broken'));
    await assert.rejects(ours.result);
    assert.equal(await ours.isOurs, true);
    const failed = begin();
    fail(new Error('broken'));
    await assert.rejects(failed.result);
    assert.equal(await failed.isOurs, false);
    const made = begin();
    end(savedId('11'));
    await made.result;
    assert.equal(await made.isOurs, false);
  });

  it('fails when it brings no ID', async () => {
    const upload = new UploadUnderWay(attemptOf(undefined));
    end(undefined);
    await assert.rejects(upload.result);
  });

  it('makes an attempt once for the same client and the same way to upload, and each other one', async () => {
    const upload = begin('a');
    const other = sinon.createStubInstance(GraphClient);
    const targets = [targetOf('a'), targetOf('b'), targetOf('b'), targetOf('a', other)];
    const waiting = targets.map((target) => upload.wait(new Deadline(1_000), attemptOf(target)));
    const failures = ['a', 'b', 'a of the other one'];
    const results = Promise.allSettled(waiting);
    for (const failure of failures) {
      fail(new Error(failure));
      await clock.tickAsync(0);
    }
    assert.deepEqual(made, ['a', 'b', 'a']);
    assert.deepEqual(
      (await results).map((result) => result.status === 'rejected' && (result.reason as Error).message),
      ['a', 'b', 'b', 'a of the other one'],
    );
  });

  it("never takes a send for anybody else's attempt", async () => {
    const upload = new UploadUnderWay(attemptOf(undefined));
    const waiting = upload.wait(new Deadline(1_000), attemptOf(targetOf('a')));
    fail(new Error("its recipient's"));
    await clock.tickAsync(0);
    end(savedId('11'));
    assert.equal((await waiting)?.id, '11');
    assert.deepEqual(made, ['send', 'a']);
  });

  it('is over as soon as there is an ID, or no attempt is left', async () => {
    let ends = 0;
    const open = (): UploadUnderWay =>
      new UploadUnderWay(attemptOf(targetOf('a')), {
        onEnd: () => {
          ends += 1;
        },
      });
    const first = open();
    end(savedId('11'));
    await first.result;
    assert.equal(ends, 1);
    const second = open();
    const waiting = second.wait(new Deadline(1_000), attemptOf(targetOf('b')));
    fail(new Error('a'));
    await clock.tickAsync(0);
    assert.equal(ends, 1);
    fail(new Error('b'));
    await assert.rejects(waiting, { message: 'b' });
    assert.equal(ends, 2);
  });

  it('knows whether somebody waits for it', async () => {
    const upload = begin();
    assert.equal(observer.isAwaited(), false);
    const waiting = upload.wait(new Deadline(1_000));
    assert.equal(observer.isAwaited(), true);
    await clock.tickAsync(1_000);
    assert.equal(await waiting, undefined);
    assert.equal(observer.isAwaited(), false);
    assert.equal(observer.isGivenUp(), false, 'it goes in one step');
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

  it('is waited for by later messages if the one that waited in vain had spent its time before', async () => {
    await clock.tickAsync(20_000);
    const upload = begin();
    const first = upload.wait(new Deadline(10_000, { startedAt: performance.now() - 9_900 }));
    await clock.tickAsync(100);
    assert.equal(await first, undefined);
    const second = upload.wait(new Deadline(10_000));
    await clock.tickAsync(5_000);
    end(savedId('11'));
    assert.equal((await second)?.id, '11');
  });

  it('knows whether all who waited have given their messages up', async () => {
    const stop = new AbortController();
    const upload = begin();
    const aborted = upload.wait(new Deadline(10_000, { signal: stop.signal })).catch(() => undefined);
    const template = upload.wait(new Deadline(10_000).forTemplate());
    assert.equal(observer.isGivenUp(), false);
    stop.abort();
    await aborted;
    assert.equal(observer.isGivenUp(), true);
    await clock.tickAsync(60_000);
    assert.equal(await template, undefined);
    assert.equal(observer.isGivenUp(), true);
    await upload.wait(new Deadline(0));
    assert.equal(observer.isGivenUp(), false, 'that one goes in one step');
  });

  it('counts as passed by if one went on in one step, though others give up later', async () => {
    const upload = begin();
    await upload.wait(new Deadline(0));
    const template = upload.wait(new Deadline(10_000).forTemplate());
    await clock.tickAsync(60_000);
    await template;
    assert.equal(observer.isGivenUp(), false);
  });
});
