import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers, type SinonStubbedInstance } from 'sinon';
import { AssetIds, type SavingSend } from '../../../src/delivery/asset-ids';
import { deliveryEvent, pageAsset, type PageAsset } from '../../../src/delivery/page-asset';
import { IdCache } from '../../../src/cache/id-cache';
import { AttachmentError } from '../../../src/base/errors';
import { keyOf, type SavedId } from '../../../src/cache/saved-id';
import { Deadline } from '../../../src/delivery/deadline';
import { Uploads, type UploadJob, type UploadObserver } from '../../../src/delivery/uploads';
import { GraphClient } from '../../../src/graph/client';
import { UploadPause } from '../../../src/graph/upload-pause';
import { addressKey } from '../../../src/source/asset-key';
import { identifyAddress } from '../../../src/source/web-address';
import { recordEvents } from '../../support/checks/event-recorder';
import { fakeTime } from '../../support/checks/fake-time';
import type { GraphError } from '../../../src/graph/errors';
import { graphError } from '../../support/checks/sample-errors';
import { savedId } from '../../support/stores/saved-id';

const TTL = 100_000;
const AHEAD = 10_000;
const WAIT = 10_000;
const ADDRESS = 'https://example.com/tom.png';
const KEY = keyOf('1001', addressKey('image', ADDRESS));
const ABOUT = {
  page: '1001',
  type: 'image',
  asset: `image ${ADDRESS}`,
  bytes: undefined,
  recipient: undefined,
};

describe('AssetIds', () => {
  let clock: SinonFakeTimers;
  let cache: IdCache;
  let uploads: SinonStubbedInstance<Uploads>;
  let reports: ReturnType<typeof recordEvents>;
  let ids: AssetIds;
  let client: GraphClient;
  let target: PageAsset;

  beforeEach(() => {
    clock = fakeTime();
    cache = new IdCache({ store: undefined, ttl: TTL, refreshAhead: AHEAD, memory: 100 });
    uploads = sinon.createStubInstance(Uploads);
    reports = recordEvents();
    ids = new AssetIds({ cache, uploads, report: reports.report });
    client = newClient();
    target = targetOf(ADDRESS);
  });
  afterEach(() => {
    sinon.restore();
  });

  function newClient(tokenRefusal?: GraphError): GraphClient {
    const made = sinon.createStubInstance(GraphClient);
    made.tokenRefusal.returns(tokenRefusal);
    return Object.assign(made, { uploadPause: new UploadPause() });
  }

  /** The same asset, whatever its query string. */
  const targetOf = (address: string, by = client): PageAsset =>
    pageAsset(
      by,
      '1001',
      identifyAddress('image', address, ({ origin, pathname }) => origin + pathname),
    );

  const saved = (id: string, age = 0): SavedId => savedId(id, { uploadedAt: Date.now() - age });
  const settle = (): Promise<unknown> => clock.tickAsync(0);
  const get = (of = target): Promise<SavedId | undefined> => ids.getOrUpload(of, new Deadline(WAIT));

  /** Fails with these one after the other, and then gives IDs 11, 12 … */
  function uploadsGive(...failures: Error[]): void {
    for (const [n, failure] of failures.entries()) uploads.upload.onCall(n).rejects(failure);
    let next = 11;
    uploads.upload.callsFake((job, observer) => bring(String(next++), job, observer));
    uploads.uploadAlone.callsFake(() => Promise.resolve(saved(String(next++))));
  }

  /** What an upload by this process does when it ends well. */
  function bring(id: string, { onBegin }: UploadJob, { onTurn, keep }: UploadObserver): Promise<SavedId> {
    onBegin?.();
    onTurn(true);
    const made = saved(id);
    void keep(made);
    return Promise.resolve(made);
  }

  /** An upload that ends when the test says so. */
  function heldUpload({ call = 0, isInTurn = true } = {}): {
    end: (id: string) => void;
    fail: (error: Error) => void;
  } {
    const held = {} as { end: (id: string) => void; fail: (error: Error) => void };
    uploads.upload.onCall(call).callsFake(
      (job, observer) =>
        new Promise<SavedId>((resolve, reject) => {
          if (isInTurn) observer.onTurn(true);
          held.end = (id) => {
            resolve(bring(id, job, observer));
          };
          held.fail = reject;
        }),
    );
    return held;
  }

  /** Why it was uploaded, each time. */
  const reasons = (): string[] => uploads.upload.args.map(([{ reason }]) => reason);
  const observer = (call = 0): UploadObserver => uploads.upload.args[call]?.[1] as UploadObserver;

  it('keeps the ID of an asset of a page under their key', () => {
    assert.equal(target.key, KEY);
    assert.deepEqual(deliveryEvent(target.asset, '1001', undefined), ABOUT);
  });

  describe('get', () => {
    it('uploads once for all who ask, and remembers', async () => {
      uploadsGive();
      const all = await Promise.all([get(), get()]);
      assert.deepEqual(
        [...all, await get()].map((one) => one?.id),
        ['11', '11', '11'],
      );
      assert.deepEqual(reasons(), ['send']);
    });

    it('does not ask the store while an upload is under way', async () => {
      const upload = heldUpload();
      const find = sinon.spy(cache, 'find');
      const first = get();
      await settle();
      const second = get();
      await settle();
      upload.end('11');
      assert.deepEqual([(await first)?.id, (await second)?.id], ['11', '11']);
      assert.equal(find.callCount, 1);
    });

    it('gives nothing when the deadline has passed, while the upload goes on', async () => {
      const upload = heldUpload();
      const waiting = get();
      await clock.tickAsync(WAIT);
      assert.equal(await waiting, undefined);
      upload.end('11');
      await settle();
      assert.equal((await get())?.id, '11');
      assert.deepEqual(reasons(), ['send']);
    });

    it('fails when the caller’s own attempt fails', async () => {
      uploadsGive(graphError(100));
      await assert.rejects(Promise.all([get(), get()]), { code: 100 });
      assert.equal((await get())?.id, '11', 'it is tried again');
    });

    it('has the attempt of another one made when that of the first fails, for both', async () => {
      uploadsGive(graphError(100, 2018047));
      const both = await Promise.all([get(targetOf(`${ADDRESS}?bad`)), get(targetOf(`${ADDRESS}?good`))]);
      assert.deepEqual(
        both.map((one) => one?.id),
        ['11', '11'],
      );
    });

    it('shares that one with all who waited, too', async () => {
      uploadsGive(graphError(100, 2018047));
      const all = await Promise.all(Array.from({ length: 20 }, (_, n) => get(targetOf(`${ADDRESS}?${n}`))));
      assert.deepEqual(new Set(all.map((one) => one?.id)), new Set(['11']));
      assert.equal(uploads.upload.callCount, 2);
    });

    it('has the attempt of nobody made who has gone', async () => {
      const upload = heldUpload();
      const waiting = get();
      const gone = ids.getOrUpload(targetOf(`${ADDRESS}?gone`), new Deadline(WAIT / 2));
      await clock.tickAsync(WAIT / 2);
      assert.equal(await gone, undefined);
      upload.fail(graphError(100, 2018047));
      await assert.rejects(waiting);
      assert.equal(uploads.upload.callCount, 1);
    });

    it('lets whoever has been refused use what another one gets', async () => {
      uploadsGive(graphError(100, 2018047));
      await assert.rejects(get());
      const upload = heldUpload({ call: 1 });
      const [good, refused] = [get(targetOf(`${ADDRESS}?good`)), get()];
      await settle();
      upload.end('12');
      assert.deepEqual([(await good)?.id, (await refused)?.id], ['12', '12']);
    });

    it('fails with the own refusal if the other one fails as well, or takes too long', async () => {
      uploadsGive(graphError(100, 2018047));
      await assert.rejects(get());
      const failing = heldUpload({ call: 1 });
      const [other, refused] = [get(targetOf(`${ADDRESS}?other`)), get()];
      await settle();
      failing.fail(graphError(100));
      await assert.rejects(other, { subcode: undefined });
      await assert.rejects(refused, { subcode: 2018047 });
      heldUpload({ call: 2 });
      const [hanging, late] = [get(targetOf(`${ADDRESS}?other`)), get()];
      const rejected = assert.rejects(late, { subcode: 2018047 });
      await clock.tickAsync(WAIT);
      assert.equal(await hanging, undefined);
      await rejected;
    });

    it('fails with the own refusal after the deadline if another attempt hangs', async () => {
      const [first, second] = [heldUpload({ call: 0 }), heldUpload({ call: 1 })];
      const refused = assert.rejects(get(), { subcode: 2018047 });
      const other = get(targetOf(`${ADDRESS}?other`));
      await settle();
      first.fail(graphError(100, 2018047));
      await clock.tickAsync(WAIT);
      await refused;
      assert.equal(await other, undefined);
      second.end('11');
    });

    it('makes the attempt of each if all fail', async () => {
      uploads.upload.callsFake(() => Promise.reject(graphError(100, 2018047)));
      const all = Array.from({ length: 20 }, (_, n) => get(targetOf(`${ADDRESS}?${n}`)));
      const results = await Promise.allSettled(all);
      assert.ok(results.every(({ status }) => status === 'rejected'));
      assert.equal(uploads.upload.callCount, 20, 'each once');
    });

    it('makes three attempts one after the other, and then two for each that fails', async () => {
      const held = Array.from({ length: 9 }, (_, call) => heldUpload({ call }));
      const all = held.map((_, n) => get(targetOf(`${ADDRESS}?${n}`)));
      await settle();
      for (const [at, made] of [1, 2, 3, 5, 7].entries()) {
        assert.equal(uploads.upload.callCount, made);
        held[at]?.fail(graphError(100, 2018047));
        await settle();
      }
      held[6]?.end('11');
      assert.deepEqual(new Set((await Promise.all(all)).map((one) => one?.id)), new Set(['11']));
    });

    it('does not repeat a refused attempt for 30 s, and no other attempt is kept from trying', async () => {
      uploadsGive(graphError(100, 2018047));
      await assert.rejects(get());
      await assert.rejects(get());
      assert.equal(uploads.upload.callCount, 1);
      await clock.tickAsync(30_001);
      assert.equal((await get())?.id, '11');
    });

    it('looks for an ID before it remembers a refusal', async () => {
      uploadsGive(graphError(100, 2018047));
      await assert.rejects(get());
      assert.equal((await get(targetOf(`${ADDRESS}?good`)))?.id, '11');
      assert.equal((await get())?.id, '11');
    });

    it('remembers the refusal of a token for that token', async () => {
      uploadsGive();
      const refused = targetOf(ADDRESS, newClient(graphError(190)));
      await assert.rejects(get(refused), { code: 190 });
      assert.equal(uploads.upload.callCount, 0);
      assert.equal((await get())?.id, '11');
      assert.equal((await get(refused))?.id, '11', 'there is an ID by now');
    });

    it('reports a failure that nobody waits for any more, once', async () => {
      const upload = heldUpload();
      const waiting = get();
      await clock.tickAsync(WAIT);
      await waiting;
      upload.fail(graphError(100));
      await settle();
      assert.deepEqual(reports.names(), ['error']);
      assert.deepEqual(reports.contexts(), [{ page: '1001', recipient: undefined, sentAnyway: true }]);
    });

    it('reports that the message is not sent, if it was given up meanwhile', async () => {
      const upload = heldUpload();
      const waiting = ids.getOrUpload(target, new Deadline(WAIT).forTemplate());
      await clock.tickAsync(60_000);
      assert.equal(await waiting, undefined);
      upload.fail(graphError(100));
      await settle();
      assert.deepEqual(reports.contexts(), [{ page: '1001', recipient: undefined }]);
    });

    it('tells the upload whether somebody waits for it', async () => {
      heldUpload();
      const waiting = get();
      await settle();
      assert.equal(observer().isAwaited(), true);
      await clock.tickAsync(WAIT);
      await waiting;
      assert.equal(observer().isAwaited(), false);
    });
  });

  describe('near its end', () => {
    beforeEach(() => {
      void cache.put(KEY, saved('10', TTL - AHEAD));
    });

    it('gives the ID, and refreshes it in the background, once', async () => {
      uploadsGive();
      assert.deepEqual(
        (await Promise.all([get(), get()])).map((one) => one?.id),
        ['10', '10'],
      );
      await settle();
      assert.deepEqual(reasons(), ['refresh']);
      assert.deepEqual(reports.events, [{ name: 'refresh', event: { ...ABOUT, attachmentId: '11' } }]);
      assert.equal((await get())?.id, '11');
    });

    it('refreshes it for a message that finds it in memory, and keeps that message from waiting', async () => {
      uploadsGive();
      assert.equal(ids.getKnown(targetOf(`${ADDRESS}/other`)), undefined);
      assert.equal(ids.getKnown(target)?.id, '10');
      await settle();
      assert.deepEqual(reasons(), ['refresh']);
      assert.equal(ids.getKnown(target)?.id, '11');
    });

    it('refreshes it for a template, too', async () => {
      uploadsGive();
      const deadline = new Deadline(WAIT).forTemplate();
      assert.equal((await ids.getOrUploadThroughPauses(target, deadline))?.id, '10');
      await settle();
      assert.deepEqual(reasons(), ['refresh']);
    });

    it('reports a refresh that fails, goes on with the ID, and waits a minute before the next', async () => {
      uploadsGive(graphError(100, 2018047));
      await get();
      await settle();
      assert.deepEqual(reports.names(), ['error']);
      assert.equal((await get())?.id, '10');
      await settle();
      assert.deepEqual(reasons(), ['refresh']);
    });

    it('takes the newer ID of another process instead', async () => {
      uploadsGive();
      sinon.stub(cache, 'findNewest').callsFake(async (key) => {
        await cache.put(key, saved('12'));
        return saved('12');
      });
      await get();
      await settle();
      assert.deepEqual(reasons(), []);
      assert.equal((await get())?.id, '12');
    });
  });

  describe('saveBySending', () => {
    const send = (result: SavingSend) => (): Promise<SavingSend> => Promise.resolve(result);
    const save = (work: () => Promise<SavingSend>): Promise<SavingSend | undefined> =>
      ids.saveBySending(target, new Deadline(WAIT), work);

    it('lets one message save, and the others wait for its ID', async () => {
      const sent = { answer: { message_id: 'm' }, saved: saved('11') };
      const results = await Promise.all([save(send(sent)), save(send(sent))]);
      assert.deepEqual(results, [sent, undefined]);
      assert.equal((await get())?.id, '11');
    });

    it('sends nothing when there is an ID', async () => {
      void cache.put(KEY, saved('10'));
      assert.equal(await save(() => Promise.reject(new Error('sent'))), undefined);
    });

    it('fails as its own message fails, and as no other', async () => {
      uploadsGive();
      const failing = save(() => Promise.reject(graphError(551)));
      const [other, template] = [save(send({ answer: {}, saved: saved('12') })), get()];
      await assert.rejects(failing, { code: 551 });
      assert.equal(await other, undefined);
      assert.equal((await template)?.id, '11');
      assert.deepEqual(reports.names(), []);
    });

    it('lets whoever needs an ID upload when the message brought none', async () => {
      uploadsGive();
      const sending = save(send({ answer: { message_id: 'm' }, saved: undefined }));
      const needed = ids.getOrUploadThroughPauses(target, new Deadline(WAIT).forTemplate());
      assert.deepEqual(await sending, { answer: { message_id: 'm' }, saved: undefined });
      assert.equal((await needed)?.id, '11');
      assert.deepEqual(reasons(), ['send']);
    });

    it('keeps nothing when the message brought no ID', async () => {
      const put = sinon.spy(cache, 'put');
      await save(send({ answer: { message_id: 'm' }, saved: undefined }));
      await settle();
      sinon.assert.notCalled(put);
    });

    it('is waited for longer while the bytes of its message move', async () => {
      let end: (sent: SavingSend) => void = () => undefined;
      let onBytes: () => void = () => undefined;
      const saving = ids.saveBySending(target, new Deadline(WAIT), (progress) => {
        onBytes = progress;
        onBytes();
        return new Promise((resolve) => (end = resolve));
      });
      await settle();
      const waiting = get();
      for (let ms = 0; ms < 2 * WAIT; ms += 1_000) {
        onBytes();
        await clock.tickAsync(1_000);
      }
      end({ answer: { message_id: 'm' }, saved: saved('11') });
      await saving;
      assert.equal((await waiting)?.id, '11');
      assert.deepEqual(reasons(), []);
    });
  });

  describe('replace', () => {
    const dead = savedId('10');
    const replace = (): Promise<SavedId | undefined> => ids.replace(target, dead, new Deadline(WAIT));
    beforeEach(() => {
      void cache.put(KEY, dead);
    });

    it('gives the first nothing, and all others the new ID', async () => {
      const upload = heldUpload();
      const [first, ...others] = [replace(), replace(), replace()];
      assert.equal(await first, undefined);
      upload.end('11');
      assert.deepEqual(
        (await Promise.all(others)).map((one) => one?.id),
        ['11', '11'],
      );
      assert.deepEqual(reasons(), ['recover']);
    });

    it('gives all of them the new ID when another process makes it', async () => {
      const upload = heldUpload({ isInTurn: false });
      const all = [replace(), replace()];
      await settle();
      observer().onTurn(false);
      await settle();
      upload.end('11');
      assert.deepEqual(
        (await Promise.all(all)).map((one) => one?.id),
        ['11', '11'],
      );
    });

    it('gives the first nothing after a second, if it is not known yet who makes the new one', async () => {
      heldUpload({ isInTurn: false });
      const first = replace();
      await clock.tickAsync(999);
      assert.equal(await Promise.race([first, Promise.resolve('waits')]), 'waits');
      await clock.tickAsync(1);
      assert.equal(await first, undefined);
    });

    it('gives what has been made since', async () => {
      void cache.put(KEY, saved('12'));
      assert.equal((await replace())?.id, '12');
      assert.deepEqual(reasons(), []);
    });

    it('has the attempt of another one made when that of the first fails', async () => {
      const upload = heldUpload();
      uploads.upload.onCall(1).callsFake((job, observer) => bring('12', job, observer));
      const replaceBy = (address: string): Promise<SavedId | undefined> =>
        ids.replace(targetOf(address), dead, new Deadline(WAIT));
      const [first, ...others] = ['?expired', '?a', '?b', '?expired'].map((query) =>
        replaceBy(ADDRESS + query),
      );
      assert.equal(await first, undefined);
      const forFirst = ids.getFromOthers(target, new Deadline(WAIT));
      upload.fail(graphError(100, 2018008));
      assert.deepEqual(
        (await Promise.all([...others, forFirst])).map((one) => one?.id),
        ['12', '12', '12', '12'],
      );
      assert.deepEqual(reasons(), ['recover', 'recover']);
      assert.deepEqual(reports.names(), [], 'everybody has an ID');
    });

    it('gives nothing when no new one can be made, and reports that once', async () => {
      const upload = heldUpload();
      const waiting = [replace(), replace(), replace()];
      await settle();
      upload.fail(graphError(100));
      assert.deepEqual(await Promise.all(waiting), [undefined, undefined, undefined]);
      assert.deepEqual(reports.names(), ['error']);
    });

    it('gives nothing and reports nothing when the file has changed: it is read again', async () => {
      const upload = heldUpload();
      const waiting = [replace(), replace(), replace()];
      await settle();
      upload.fail(new AttachmentError('ERR_ATTACHMENT_CHANGED', 'image "tom.png"', 'it kept changing'));
      assert.deepEqual(await Promise.all(waiting), [undefined, undefined, undefined]);
      assert.deepEqual(reports.names(), []);
    });
  });

  describe('forget', () => {
    it('keeps out the ID that an upload under way brings; whoever waits gets it', async () => {
      const upload = heldUpload();
      const waiting = get();
      await settle();
      await ids.forget(KEY);
      upload.end('11');
      assert.equal((await waiting)?.id, '11');
      assert.equal(cache.known(KEY), undefined);
    });

    /** An upload whose asset is forgotten, and the next one of that asset, both under way. */
    async function forgetMeanwhile() {
      const old = heldUpload({ call: 0 });
      const waiting = get();
      await settle();
      await ids.forget(KEY);
      const next = heldUpload({ call: 1 });
      const second = get();
      await settle();
      return { old, waiting, next, second };
    }

    it('lets the next one upload anew, and keeps that', async () => {
      const { old, waiting, next, second } = await forgetMeanwhile();
      next.end('12');
      assert.equal((await second)?.id, '12');
      old.end('11');
      await waiting;
      assert.equal(cache.known(KEY)?.id, '12');
    });

    it('has later messages wait for the new upload, though the old one ends first', async () => {
      const { old, waiting, next, second } = await forgetMeanwhile();
      old.end('11');
      await waiting;
      const third = get();
      await settle();
      next.end('12');
      assert.deepEqual([(await second)?.id, (await third)?.id], ['12', '12']);
      assert.deepEqual(reasons(), ['send', 'send']);
    });

    it('forgets refusals of that asset alone', async () => {
      const other = targetOf('https://example.com/mia.png');
      uploadsGive(graphError(100, 2018047), graphError(100, 2018047));
      await assert.rejects(get());
      await assert.rejects(get(other));
      await ids.forget(KEY);
      assert.equal((await get())?.id, '11');
      await assert.rejects(get(other));
    });
  });

  describe('a rate limit', () => {
    it('is waited for by whoever needs an ID, as far as the deadline allows', async () => {
      uploads.upload.onCall(0).callsFake(() => {
        client.uploadPause.begin(graphError(613), 20_000);
        return Promise.reject(graphError(613));
      });
      uploads.upload.onCall(1).resolves(saved('11'));
      const needed = ids.getOrUploadThroughPauses(target, new Deadline(WAIT).forTemplate());
      await clock.tickAsync(20_000);
      assert.equal((await needed)?.id, '11');
    });

    it('is waited for also when it ends just before that is asked', async () => {
      uploads.upload.onCall(0).rejects(graphError(613));
      uploads.upload.onCall(1).resolves(saved('11'));
      const needed = ids.getOrUploadThroughPauses(target, new Deadline(WAIT).forTemplate());
      await clock.tickAsync(1_000);
      assert.equal((await needed)?.id, '11');
    });

    it('is not waited for any longer when the caller gives up', async () => {
      uploads.upload.callsFake(() => {
        client.uploadPause.begin(graphError(613), 20_000);
        return Promise.reject(graphError(613));
      });
      for (const wait of [
        (signal: AbortSignal) => ids.warm(target, signal),
        (signal: AbortSignal) =>
          ids.getOrUploadThroughPauses(target, new Deadline(60_000, { extension: 0, signal })),
      ]) {
        const stop = new AbortController();
        const waiting = wait(stop.signal);
        const rejected = assert.rejects(waiting, { message: 'enough' });
        await clock.tickAsync(1_000);
        stop.abort(new Error('enough'));
        await settle();
        await rejected;
      }
    });

    it('is not waited for when it lasts longer than the deadline', async () => {
      uploads.upload.callsFake(() => {
        client.uploadPause.begin(graphError(613), 61_000);
        return Promise.reject(graphError(613));
      });
      await assert.rejects(ids.getOrUploadThroughPauses(target, new Deadline(WAIT).forTemplate()), {
        code: 613,
      });
      await assert.rejects(get(), { code: 613 });
    });
  });

  describe('warm', () => {
    const warm = async (): Promise<unknown[]> => {
      const { saved, isNew } = await ids.warm(target);
      return [saved.id, isNew];
    };

    it('uploads what has no ID, once, and says who did', async () => {
      uploadsGive();
      assert.deepEqual(await Promise.all([warm(), warm()]), [
        ['11', true],
        ['11', false],
      ]);
      assert.deepEqual(await warm(), ['11', false]);
      assert.deepEqual(reasons(), ['warm']);
    });

    it('refreshes an ID near its end, and waits for that', async () => {
      uploadsGive();
      void cache.put(KEY, saved('10', TTL - AHEAD));
      assert.deepEqual(await warm(), ['11', true]);
      assert.deepEqual(reasons(), ['warm']);
    });

    it('fails when the upload fails', async () => {
      uploadsGive(graphError(100));
      await assert.rejects(warm(), { code: 100 });
    });

    it('finds in a check what it would leave, and nothing else', async () => {
      assert.equal(await ids.check(target.key), undefined);
      void cache.put(KEY, saved('10', TTL - AHEAD));
      assert.equal(await ids.check(target.key), undefined);
      void cache.put(KEY, saved('11'));
      assert.equal((await ids.check(target.key))?.id, '11');
    });
  });

  it('makes IDs for one message that nobody else gets', async () => {
    uploadsGive();
    assert.equal((await ids.uploadForOneMessage(target, new Deadline(WAIT)))?.id, '11');
    assert.equal(cache.known(KEY), undefined);
    assert.equal((await get())?.id, '12');
    assert.equal(uploads.uploadAlone.args[0]?.[0].reason, 'send');
  });

  it('is idle when nothing is under way', async () => {
    const upload = heldUpload();
    void get();
    await settle();
    let idle = false;
    void ids.idle().then(() => {
      idle = true;
    });
    await settle();
    assert.equal(idle, false);
    upload.end('11');
    await settle();
    assert.equal(idle, true);
  });

  it('reports an error once, however many messages meet it, and turns a thrown text into an error', () => {
    const error = graphError(100);
    const message = { page: '1001', recipient: { id: '7001' } };
    for (const thrown of [error, error, 'broken']) ids.reportOnce(thrown, message);
    assert.deepEqual(
      reports.errors().map(({ message }) => message),
      [error.message, 'broken'],
    );
    ids.reportOnce(graphError(1), message, false);
    const sentAnyway = { ...message, sentAnyway: true };
    assert.deepEqual(reports.contexts(), [sentAnyway, sentAnyway, message]);
  });
});
