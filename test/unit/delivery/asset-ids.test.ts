import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers, type SinonStubbedInstance } from 'sinon';
import { about, AssetIds, pageAsset, type PageAsset, type Sent } from '../../../src/delivery/asset-ids';
import { IdCache } from '../../../src/cache/id-cache';
import { IdStore } from '../../../src/cache/id-store';
import { keyOf, type SavedId } from '../../../src/cache/saved-id';
import { GraphClient } from '../../../src/graph/client';
import { addressKey } from '../../../src/source/asset-key';
import { identifyAddress } from '../../../src/source/web-address';
import { Uploader } from '../../../src/delivery/uploader';
import { keepReports } from '../../support/checks/emitted';
import { fakeTime } from '../../support/checks/fake-time';
import { graphError } from '../../support/checks/failures';
import { savedId } from '../../support/stores/saved-id';

const TTL = 100_000;
const AHEAD = 10_000;
const ADDRESS = 'https://example.com/tom.png';
const KEY = keyOf('1001', addressKey('image', ADDRESS));
const ABOUT = { page: '1001', type: 'image', asset: `image ${ADDRESS}`, bytes: undefined };

describe('AssetIds', () => {
  let clock: SinonFakeTimers;
  let cache: IdCache;
  let uploader: SinonStubbedInstance<Uploader>;
  let reports: ReturnType<typeof keepReports>;
  let ids: AssetIds;
  let target: PageAsset;

  beforeEach(() => {
    clock = fakeTime();
    const store = new IdStore({
      store: undefined,
      ttl: TTL,
      timeout: 500,
      maxUnsaved: 100,
      onError: (error) => {
        throw error;
      },
    });
    cache = new IdCache({ store, ttl: TTL, refreshAhead: AHEAD, memory: 100 });
    uploader = sinon.createStubInstance(Uploader);
    reports = keepReports();
    ids = new AssetIds({ ids: cache, uploader, report: reports.report });
    const graph = sinon.createStubInstance(GraphClient);
    target = pageAsset(
      graph,
      '1001',
      identifyAddress('image', ADDRESS, (url) => url.href),
    );
  });
  afterEach(() => {
    sinon.restore();
  });

  const saved = (id: string, age = 0): SavedId => savedId(id, { uploadedAt: Date.now() - age });
  const settle = (): Promise<unknown> => clock.tickAsync(0);

  /** Fails with these one after the other, and then gives IDs 11, 12 … */
  function uploads(...failures: Error[]): void {
    for (const [n, failure] of failures.entries()) uploader.upload.onCall(n).rejects(failure);
    let next = 11;
    uploader.upload.callsFake(() => Promise.resolve(saved(String(next++))));
  }

  /** Why it was uploaded, each time. */
  const reasons = (): string[] => uploader.upload.args.map(([{ reason }]) => reason);

  it('keeps the ID of an asset of a page under their key', () => {
    assert.equal(target.key, KEY);
    assert.deepEqual(about(target.asset, '1001'), ABOUT);
  });

  describe('get', () => {
    it('uploads once, and remembers', async () => {
      uploads();
      const [one, two] = await Promise.all([ids.get(target), ids.get(target)]);
      assert.deepEqual([one.id, two.id, (await ids.get(target)).id], ['11', '11', '11']);
      const { graph, page, asset } = target;
      assert.deepEqual(uploader.upload.args, [[{ graph, page, asset, reason: 'send' }]]);
      assert.deepEqual(reports.emitted, []);
    });

    it('fails when the upload fails, and leaves it to the caller to tell', async () => {
      uploads(graphError(10));
      await assert.rejects(async () => ids.get(target), { code: 10 });
      assert.deepEqual(reports.emitted, []);
    });

    it('renews an ID near its end in the background, and tells of it', async () => {
      uploads();
      cache.put(KEY, saved('1', TTL - AHEAD));
      assert.equal((await ids.get(target)).id, '1');
      await settle();
      assert.deepEqual(reasons(), ['refresh']);
      assert.deepEqual(reports.emitted, [{ name: 'refresh', event: { ...ABOUT, attachmentId: '11' } }]);
      assert.equal((await ids.get(target)).id, '11');
      assert.equal(reasons().length, 1);
    });

    it('does not renew an ID before', async () => {
      uploads();
      cache.put(KEY, saved('1', TTL - AHEAD - 1));
      assert.equal((await ids.get(target)).id, '1');
      await settle();
      assert.deepEqual(reasons(), []);
    });

    it('renews it once, however many messages use it meanwhile', async () => {
      uploads();
      cache.put(KEY, saved('1', TTL - 1));
      await Promise.all([ids.get(target), ids.get(target), ids.get(target)]);
      await settle();
      assert.deepEqual([reasons(), reports.names()], [['refresh'], ['refresh']]);
    });

    it('tells when that fails, and goes on with the old one', async () => {
      const error = graphError(4);
      uploads(error);
      cache.put(KEY, saved('1', TTL - 1));
      assert.equal((await ids.get(target)).id, '1');
      await settle();
      assert.deepEqual(reports.emitted, [{ name: 'error', event: error }]);
      assert.equal((await ids.get(target)).id, '1');
    });

    it('uploads after all when somebody’s message was to save it, and did not', async () => {
      uploads();
      const sending = ids.saveBySending(target, () => Promise.resolve({ answer: {}, saved: undefined }));
      assert.equal((await ids.get(target)).id, '11');
      await sending;
    });
  });

  describe('getUnshared', () => {
    it('uploads each time, and remembers nothing', async () => {
      uploads();
      assert.deepEqual(
        [(await ids.getUnshared(target)).id, (await ids.getUnshared(target)).id],
        ['11', '12'],
      );
      assert.deepEqual(reasons(), ['send', 'send']);
      assert.equal((await ids.get(target)).id, '13');
    });
  });

  describe('saveBySending', () => {
    const sent = (id?: string): Sent => ({
      answer: { message_id: 'm1' },
      saved: id === undefined ? undefined : saved(id),
    });

    it('lets the first message save it, and gives what became of that', async () => {
      assert.deepEqual(await ids.saveBySending(target, () => Promise.resolve(sent('21'))), sent('21'));
      assert.equal((await ids.get(target)).id, '21');
    });

    it('sends nothing when there is an ID', async () => {
      cache.put(KEY, saved('1'));
      assert.equal(await ids.saveBySending(target, () => assert.fail('it was sent')), undefined);
    });

    it('sends nothing while somebody else’s message saves it', async () => {
      const first = ids.saveBySending(target, async () => {
        await clock.tickAsync(1);
        return sent('21');
      });
      const second = ids.saveBySending(target, () => assert.fail('it was sent'));
      assert.equal((await first)?.saved?.id, '21');
      assert.equal(await second, undefined);
    });

    it('gives the answer of a message that did not save it, too', async () => {
      assert.deepEqual(await ids.saveBySending(target, () => Promise.resolve(sent())), sent());
    });

    it('fails as its own message fails, and not as another’s', async () => {
      const error = graphError(551, 1545041);
      const first = ids.saveBySending(target, () => Promise.reject(error));
      const second = ids.saveBySending(target, () => assert.fail('it was sent'));
      await assert.rejects(first, (thrown) => thrown === error);
      assert.equal(await second, undefined);
      assert.deepEqual(reports.emitted, []);
    });
  });

  describe('renew', () => {
    it('uploads again, and remembers', async () => {
      uploads();
      cache.put(KEY, saved('1'));
      const { isFirst, made } = ids.renew(target, saved('1'));
      assert.deepEqual([isFirst, (await made)?.id], [true, '11']);
      assert.deepEqual(reasons(), ['recover']);
      assert.equal((await ids.get(target)).id, '11');
    });
  });

  describe('warm', () => {
    const result = { asset: `image ${ADDRESS}`, type: 'image' };

    it('uploads what has no ID', async () => {
      uploads();
      assert.deepEqual(await ids.warm(target), { ...result, outcome: 'uploaded', attachmentId: '11' });
      assert.deepEqual(reasons(), ['warm']);
      assert.equal((await ids.get(target)).id, '11');
    });

    it('leaves what has an ID', async () => {
      cache.put(KEY, saved('1', TTL - AHEAD - 1));
      assert.deepEqual(await ids.warm(target), { ...result, outcome: 'known', attachmentId: '1' });
      assert.deepEqual(reasons(), []);
    });

    it('renews an ID near its end, and waits for that', async () => {
      uploads();
      cache.put(KEY, saved('1', TTL - AHEAD));
      assert.deepEqual(await ids.warm(target), { ...result, outcome: 'uploaded', attachmentId: '11' });
      assert.deepEqual(reasons(), ['warm']);
    });

    it('fails when the upload fails', async () => {
      uploads(graphError(10));
      await assert.rejects(ids.warm(target), { code: 10 });
    });

    it('tells the size of what has one', async () => {
      uploads();
      const sized = { ...target, asset: { ...target.asset, bytes: 100 } };
      assert.equal((await ids.warm(sized)).bytes, 100);
      assert.equal('bytes' in (await ids.warm(target)), false);
    });

    it('only looks in a dry run', async () => {
      assert.deepEqual(await ids.look(target), { ...result, outcome: 'missing' });
      cache.put(KEY, saved('1'));
      assert.deepEqual(await ids.look(target), { ...result, outcome: 'known', attachmentId: '1' });
      cache.put(KEY, saved('2', TTL - AHEAD));
      assert.deepEqual(await ids.look(target), { ...result, outcome: 'missing' });
      assert.deepEqual(reasons(), []);
    });

    it('does in earnest what a dry run said was missing, also right after it', async () => {
      uploads();
      cache.put(KEY, saved('1', TTL - AHEAD));
      await ids.look(target);
      assert.equal((await ids.warm(target)).outcome, 'uploaded');
    });

    it('gets an ID even if somebody’s message was to save it, and did not', async () => {
      uploads();
      const sending = ids.saveBySending(target, () => Promise.resolve({ answer: {}, saved: undefined }));
      assert.equal((await ids.warm(target)).outcome, 'uploaded');
      await sending;
    });
  });

  describe('reportBehind', () => {
    it('tells of an error once, however many messages meet it', () => {
      const error = graphError(4);
      ids.reportBehind(error);
      ids.reportBehind(error);
      ids.reportBehind(graphError(4));
      assert.equal(reports.errors().length, 2);
      assert.equal(reports.errors()[0], error);
    });

    it('makes an error of what is none', () => {
      ids.reportBehind('broken');
      assert.deepEqual(
        [reports.errors()[0] instanceof Error, reports.errors()[0]?.message],
        [true, 'broken'],
      );
    });
  });
});
