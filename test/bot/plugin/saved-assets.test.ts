import assert from 'node:assert/strict';
import sinon from 'sinon';
import type { AttachmentError } from '../../../src/base/errors';
import { image } from '../../../src/message/builders';
import { FacebookAttachmentCache } from '../../../src/plugin';
import { createAdapter } from '../../support/bot/botkit';
import { FakeAdapter } from '../../support/bot/fake-adapter';
import { FaultyStore, throws } from '../../support/stores/faulty-store';
import { useSimulator } from '../../support/bot/use-simulator';
import { sha256 } from '../../support/checks/sha256';
import { readAsset } from '../../support/files/assets';
import { calls } from '../../support/platform/received';
import { OTHER_PAGE, PAGE } from '../../support/platform/pages';

const DAY = 24 * 60 * 60 * 1000;
const TOM = image('cats/tom.jpg');
const MIA = image('cats/mia.jpg');
const BOTH = [PAGE, OTHER_PAGE];

/** What is wrong with `page`. */
const noPage = (got: string, why: string): object => ({
  name: 'TypeError',
  code: 'ERR_PAGE_UNKNOWN',
  message: `Expected \`page\` to be the ID of a page of the adapter, got ${got}: ${why}`,
});

describe('the saved assets of FacebookAttachmentCache', () => {
  const platform = useSimulator();

  afterEach(() => {
    sinon.restore();
  });

  describe('warm', () => {
    it('uploads what has no ID, for the page of the adapter', async () => {
      const { plugin } = await platform.openBotkit();
      const report = await plugin.warm(['cats', TOM]);
      const bytes = readAsset('cats/tom.jpg').length + readAsset('cats/mia.jpg').length;
      assert.deepEqual(
        [report.uploaded, report.known, report.failed, report.bytesUploaded],
        [2, 1, 0, bytes],
      );
      assert.deepEqual(
        report.results
          .map(({ attachmentId }) => attachmentId)
          .slice(0, 2)
          .sort(),
        platform.sim
          .assets()
          .map(({ id }) => id)
          .sort(),
      );
      assert.equal(plugin.stats.uploads, 2);
    });

    it('uploads for the page that it is told', async () => {
      const { plugin } = await platform.openBotkit({ pages: BOTH });
      await plugin.warm([TOM], { page: OTHER_PAGE.id });
      assert.deepEqual(
        platform.sim.assets().map(({ page }) => page),
        [OTHER_PAGE.id],
      );
    });

    it('needs no adapter for a dry run of a page that is named', async () => {
      const report = await new FacebookAttachmentCache().warm([image('https://example.com/cat.jpg')], {
        page: PAGE.id,
        dryRun: true,
      });
      assert.equal(report.missing, 1);
    });

    it('only looks in a dry run', async () => {
      const { plugin } = await platform.openBotkit();
      const report = await plugin.warm([TOM], { dryRun: true });
      assert.deepEqual([report.missing, calls(platform.sim)], [1, ['read']]);
      await plugin.warm([TOM]);
      const again = await plugin.warm([TOM, MIA], { dryRun: true });
      assert.deepEqual(
        again.results.map(({ outcome }) => outcome),
        ['known', 'missing'],
      );
    });

    it('sees to as many at a time as it is told, and to no more', async () => {
      const { plugin } = await platform.openBotkit();
      platform.sim.addFaults({ path: '/message_attachments', times: 3, delayMs: 50 });
      const begun = performance.now();
      await plugin.warm([TOM, MIA, image('paw.png')], { concurrency: 1 });
      assert.ok(performance.now() - begun >= 150);
    });

    it('says of a folder and of a glob that they need a root, when there is none', async () => {
      const plugin = new FacebookAttachmentCache();
      const { results } = await plugin.warm(['cats', 'cats/*.jpg'], { page: PAGE.id, dryRun: true });
      assert.deepEqual(
        results.map(({ error }) => (error as { code?: string } | undefined)?.code),
        ['ERR_ATTACHMENT_NO_ROOT', 'ERR_ATTACHMENT_NO_ROOT'],
      );
    });

    it('tells of its progress', async () => {
      const { plugin } = await platform.openBotkit();
      const done: number[] = [];
      await plugin.warm([TOM, MIA], { onProgress: (progress) => done.push(progress.done) });
      assert.deepEqual(done, [1, 2]);
    });
  });

  describe('list', () => {
    it('gives the IDs that are trusted, oldest first, and until when', async () => {
      const store = new Map<string, unknown>();
      const { plugin } = await platform.openBotkit({ pages: BOTH, store, ttl: 10 * DAY, refreshAhead: 0 });
      const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
      const begun = Date.now();
      clock.setSystemTime(begun + 1_000);
      await plugin.warm([TOM], { page: PAGE.id });
      // As another machine may have written it, whose clock is behind.
      clock.setSystemTime(begun);
      await plugin.warm([MIA], { page: OTHER_PAGE.id });
      const listed = await plugin.list();
      assert.deepEqual(
        listed.map(({ asset: name, page, uploadedAt, expiresAt }) => [
          name,
          page,
          uploadedAt - begun,
          expiresAt - begun,
        ]),
        [
          ['image "cats/mia.jpg"', OTHER_PAGE.id, 0, 10 * DAY],
          ['image "cats/tom.jpg"', PAGE.id, 1_000, 10 * DAY + 1_000],
        ],
      );
      const [mia] = listed;
      assert.deepEqual(mia, {
        page: OTHER_PAGE.id,
        type: 'image',
        asset: 'image "cats/mia.jpg"',
        source: { path: 'cats/mia.jpg' },
        bytes: readAsset('cats/mia.jpg').length,
        attachmentId: platform.sim.assets()[1]?.id,
        uploadedAt: begun,
        expiresAt: begun + 10 * DAY,
        key: `fb-attachment:2:${OTHER_PAGE.id}:image:${sha256(readAsset('cats/mia.jpg'))}`,
      });
      assert.deepEqual(
        (await plugin.list({ page: PAGE.id })).map(({ page }) => page),
        [PAGE.id],
      );
    });

    it('is empty at first', async () => {
      assert.deepEqual(await new FacebookAttachmentCache().list(), []);
    });

    it('says when the store cannot list', async () => {
      await assert.rejects(new FacebookAttachmentCache({ store: new FaultyStore() }).list(), {
        name: 'StoreError',
      });
    });
  });

  describe('forget', () => {
    it('has the next send upload again, for a message as for an attachment', async () => {
      const { plugin } = await platform.openBotkit();
      for (const tom of [TOM, TOM.attachment]) {
        await plugin.warm([TOM]);
        await plugin.forget(tom);
        assert.deepEqual(await plugin.list(), []);
      }
      await plugin.warm([TOM]);
      assert.equal(plugin.stats.uploads, 3);
    });

    it('takes a path and a folder, as warm does', async () => {
      const { plugin } = await platform.openBotkit();
      assert.equal((await plugin.warm('cats')).uploaded, 2);
      await plugin.forget('cats/tom.jpg');
      assert.equal((await plugin.list()).length, 1);
      await plugin.forget('cats');
      assert.deepEqual(await plugin.list(), []);
      await assert.rejects(plugin.forget('cats/nobody.jpg'), {
        code: 'ERR_ATTACHMENT_NOT_FOUND',
        page: PAGE.id,
        message: /^Cannot forget "cats\/nobody\.jpg": it matches no file in /,
      });
      const { results } = await plugin.warm(['catz', image('cats/nobody.jpg')]);
      assert.deepEqual(
        results.map(({ error }) => [
          error?.message.replace(/(?<= in ").*(?=")/, '…'),
          (error as AttachmentError).page,
        ]),
        [
          ['Cannot upload "catz": it matches no file in "…"; did you mean "cats"?', PAGE.id],
          ['Cannot upload image "cats/nobody.jpg": there is no such file in "…"', PAGE.id],
        ].map(([message, page]) => [message?.replace(/(?<= in ").*(?=")/, '…'), page]),
      );
    });

    it('takes what list gave, for a file that is gone, without asking whose the token is', async () => {
      const { plugin } = await platform.openBotkit({ pages: BOTH });
      for (const { id: page } of BOTH) await plugin.warm(['cats'], { page });
      platform.sim.clearCalls();
      const saved = await plugin.list({ page: OTHER_PAGE.id });
      for (const one of saved) if (one.source?.path === 'cats/tom.jpg') await plugin.forget(one);
      assert.deepEqual((await plugin.list()).map(({ page, source }) => [page, source?.path]).sort(), [
        [PAGE.id, 'cats/mia.jpg'],
        [PAGE.id, 'cats/tom.jpg'],
        [OTHER_PAGE.id, 'cats/mia.jpg'],
      ]);
      assert.deepEqual(platform.sim.calls(), []);
    });

    it('forgets for one page, which need not be the adapter’s', async () => {
      const { plugin } = await platform.openBotkit({ pages: BOTH });
      for (const { id: page } of BOTH) await plugin.warm([TOM], { page });
      await plugin.forget(TOM, { page: OTHER_PAGE.id });
      assert.deepEqual(
        (await plugin.list()).map(({ page }) => page),
        [PAGE.id],
      );
      await plugin.forget(TOM, { page: '9999' });
    });

    it('says when it cannot be told what the asset is', async () => {
      const { plugin } = await platform.openBotkit();
      await assert.rejects(plugin.forget(image('nowhere.jpg')), { code: 'ERR_ATTACHMENT_NOT_FOUND' });
      await assert.rejects(plugin.forget({ type: 'image', payload: { attachment_id: '1' } }), {
        code: 'ERR_ATTACHMENT_BAD_SOURCE',
      });
    });

    it('says when the store fails', async () => {
      const store = new FaultyStore();
      const { plugin } = await platform.openBotkit({ store });
      await plugin.warm([TOM]);
      store.fail({ delete: throws('read only') });
      await assert.rejects(plugin.forget(TOM), { name: 'StoreError', message: /read only/ });
    });
  });

  describe('which page', () => {
    it('is to be said when the adapter serves several', async () => {
      const { plugin } = await platform.openBotkit({ pages: BOTH });
      const failure = noPage('none', 'the adapter has no token for it');
      await assert.rejects(plugin.warm([TOM]), failure);
      await assert.rejects(plugin.forget(TOM), failure);
    });

    it('must be one that the adapter has a client for', async () => {
      const adapter = new FakeAdapter();
      adapter.make = () => undefined;
      const plugin = new FacebookAttachmentCache().attach(adapter);
      await assert.rejects(
        plugin.warm([], { page: '9999' }),
        noPage('9999', 'the adapter has no token for it'),
      );
    });

    it('cannot be known without an adapter', async () => {
      const plugin = new FacebookAttachmentCache();
      await assert.rejects(
        plugin.warm([], { page: PAGE.id }),
        noPage(
          PAGE.id,
          'no adapter is attached. Without one, use the methods of the client that `connect` returns',
        ),
      );
      await assert.rejects(
        plugin.warm([]),
        noPage(
          'none',
          'no adapter is attached. Without one, use the methods of the client that `connect` returns',
        ),
      );
    });

    it('says why the adapter has no token: its own error is the cause', async () => {
      const adapter = new FakeAdapter();
      const cause = new Error('The database of https://bot:hunter2@tokens.example.com is down');
      adapter.make = () => {
        throw cause;
      };
      const plugin = new FacebookAttachmentCache().attach(adapter);
      const why = 'the adapter has no token for it (The database of https://tokens.example.com is down)';
      await assert.rejects(plugin.warm([], { page: '9999' }), { ...noPage('9999', why), cause });
    });

    it('says of each of several adapters why it has no token', async () => {
      const causes = [new Error('no database'), new Error('no row')];
      const plugin = new FacebookAttachmentCache();
      for (const cause of causes) {
        const adapter = new FakeAdapter();
        adapter.make = () => {
          throw cause;
        };
        plugin.attach(adapter);
      }
      const why = causes.map(({ message }) => `the adapter has no token for it (${message})`).join('; ');
      await assert.rejects(plugin.warm([], { page: '9999' }), (error: Error) => {
        assert.equal(error.message, (noPage('9999', why) as Error).message);
        assert.ok(error.cause instanceof AggregateError);
        assert.deepEqual(error.cause.errors, causes);
        return true;
      });
    });

    it('is never warmed with the token of another page', async () => {
      const { plugin } = await platform.openBotkit({ pages: [PAGE] });
      await assert.rejects(
        plugin.warm([TOM], { page: OTHER_PAGE.id }),
        noPage(OTHER_PAGE.id, `the adapter’s token belongs to page ${PAGE.id}`),
      );
      assert.deepEqual([platform.sim.assets(), await plugin.list()], [[], []]);
    });

    it('can be one of a second adapter', async () => {
      const { plugin } = await platform.openBotkit({ pages: [PAGE] });
      plugin.attach(createAdapter(platform.sim, [OTHER_PAGE]));
      for (const { id: page } of BOTH) await plugin.warm([TOM], { page });
      assert.deepEqual(
        platform.sim.assets().map(({ page }) => page),
        BOTH.map(({ id }) => id),
      );
    });

    it('is to be said when two adapters have a token each', async () => {
      const { plugin } = await platform.openBotkit({ pages: [PAGE] });
      plugin.attach(createAdapter(platform.sim, [OTHER_PAGE]));
      const failure = noPage('none', `the adapters serve several pages: ${PAGE.id}, ${OTHER_PAGE.id}`);
      await assert.rejects(plugin.warm([TOM]), failure);
      await assert.rejects(plugin.forget(TOM), failure);
    });

    it('need not be said when two adapters have the same', async () => {
      const { plugin } = await platform.openBotkit({ pages: [PAGE] });
      plugin.attach(createAdapter(platform.sim, [PAGE]));
      assert.equal((await plugin.warm([TOM])).uploaded, 1);
    });

    it('waits for no adapter that does not answer', async () => {
      const { plugin } = await platform.openBotkit({ pages: [PAGE] });
      const adapter = new FakeAdapter();
      adapter.make = () => new Promise(() => undefined);
      plugin.attach(adapter);
      assert.equal((await plugin.warm([TOM], { page: PAGE.id })).uploaded, 1);
    });

    it('is not called unknown when the platform refuses its token', async () => {
      const bad = { ...PAGE, token: 'EXPIRED' };
      const { plugin } = await platform.openBotkit({ pages: [bad] });
      await assert.rejects(plugin.warm([TOM], { page: PAGE.id }), { name: 'GraphError', code: 190 });
      await assert.rejects(plugin.warm([TOM]), { name: 'GraphError', code: 190 });
      plugin.attach(createAdapter(platform.sim, [PAGE]));
      assert.equal((await plugin.warm([TOM], { page: PAGE.id })).uploaded, 1);
    });
  });

  it('trusts no ID longer than it is told', async () => {
    const { plugin } = await platform.openBotkit({ ttl: 5_000, refreshAhead: 0 });
    await plugin.warm([TOM]);
    const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    clock.tick(5_000);
    assert.equal((await plugin.warm([TOM])).uploaded, 1);
  });

  it('renews an ID as long before its end as it is told', async () => {
    const { plugin } = await platform.openBotkit({ ttl: 100_000, refreshAhead: 50_000 });
    await plugin.warm([TOM]);
    const clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    clock.tick(49_000);
    assert.equal((await plugin.warm([TOM])).known, 1);
    clock.tick(1_000);
    assert.equal((await plugin.warm([TOM])).uploaded, 1);
  });

  it('keeps as many IDs in memory as it is told', async () => {
    const store = new FaultyStore();
    const { plugin } = await platform.openBotkit({ store, memory: 1 });
    await plugin.warm([TOM, MIA], { concurrency: 1 });
    const reads = (): number => store.calls.filter(({ action }) => action === 'get').length;
    const before = reads();
    await plugin.warm([MIA]);
    assert.equal(reads(), before);
    await plugin.warm([TOM]);
    assert.equal(reads(), before + 1);
  });
});
