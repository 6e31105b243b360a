import assert from 'node:assert/strict';
import sinon from 'sinon';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import express from 'express';
import { FacebookAdapter } from 'botbuilder-adapter-facebook';
import { Agent } from 'undici';
import { audio, FacebookAttachmentCache, image } from '../../src';
import { useSimulator } from '../support/bot/use-simulator';
import { openPlainAdapter } from '../support/bot/plain-adapter';
import { until } from '../support/checks/waiting';
import { ASSETS, readAsset } from '../support/files/assets';
import { useFolder } from '../support/files/folder';
import { listen } from '../support/platform/listen';
import { PAGE } from '../support/platform/pages';
import { arrived, calls, callCounts } from '../support/platform/received';
import { FaultyStore, isSlow } from '../support/stores/faulty-store';
import { mediaTemplate } from './matrix/ways';

const UPLOADS = '/message_attachments$';

/** What fails for one message, and must not fail for another that sends the same asset. */
describe("A failure that belongs to one message's attempt", () => {
  const fixture = useSimulator();
  const folder = useFolder('assets');
  const closeAfterTest: typeof fixture.closeAfterTest = (thing) => fixture.closeAfterTest(thing);
  const open = (options: Parameters<typeof openPlainAdapter>[1] = {}) =>
    closeAfterTest(openPlainAdapter(fixture.sim, options));

  /** A website whose addresses are good with one signature only. */
  async function openSignedWebsite(): Promise<{ good: (n: number) => string; expired: string }> {
    const app = express();
    app.get('/paw.png', (request, response) => {
      if (request.query.sig === 'expired') response.sendStatus(403);
      else response.sendFile('paw.png', { root: ASSETS });
    });
    const { port, close } = await listen(createServer(app));
    closeAfterTest({ close });
    const address = `http://127.0.0.1:${port}/paw.png?sig=`;
    return { good: (n) => `${address}good${n}`, expired: `${address}expired` };
  }

  const cacheKey = ({ origin, pathname }: URL): string => origin + pathname;

  it('an expired signature loses no message, not even its own, if one with a good signature is sent at the same time', async () => {
    const { good, expired } = await openSignedWebsite();
    const client = open({ cacheKey });
    const users = ['7001', '7101', '7102', '7103'];
    await Promise.all(users.map((user, n) => client.send(user, image(n === 0 ? expired : good(n)))));
    await client.send('7002', image(good(9)));
    for (const user of [...users, '7002']) assert.equal(arrived(fixture.sim, user).length, 1, user);
    assert.equal(callCounts(fixture.sim)['upload-url'], 1, 'and the good ones share an upload');
  });

  it('an expired signature is not asked about again for 30 s, while good ones are sent', async () => {
    const { good, expired } = await openSignedWebsite();
    const client = open({ cacheKey });
    await assert.rejects(client.send('7001', image(expired)));
    await assert.rejects(client.send('7001', image(expired)));
    assert.deepEqual(callCounts(fixture.sim), { 'upload-url 100/2018008': 2 });
    await client.send('7002', image(good(1)));
    // By now the asset has an ID, which is good whatever signature its address has.
    await client.send('7001', image(expired));
    assert.equal(arrived(fixture.sim).length, 1);
  });

  for (const [which, isExpired, most] of [
    ['the first one', (n) => n === 0, 1],
    ['the first half', (n) => n < 5, 4],
    ['all but the last one', (n) => n < 9, 1],
    ['all but the first one', (n) => n > 0, 1],
  ] satisfies [string, (n: number) => boolean, number][]) {
    it(`a dead ID loses none of ten messages but the one that meets it first, if its own signature has expired, as that of ${which} has`, async () => {
      const { good, expired } = await openSignedWebsite();
      const { sim } = fixture;
      // Longer than by default, because the attempts are made one after the other, whatever else the machine does.
      const client = open({ cacheKey, uploadWait: 30_000 });
      await client.send('7001', image(good(1)));
      sim.revokeAll();
      sim.clearCalls();
      // So that all have got the ID before the first of them learns that it is dead.
      sim.addFaults({ purpose: 'send-id', delayMs: 1_000, times: 10 });
      const users = Array.from({ length: 10 }, (_, n) => `71${n + 10}`);
      const results = await Promise.allSettled(
        users.map((user, n) => client.send(user, image(isExpired(n) ? `${expired}&n=${n}` : good(n)))),
      );
      // It goes in one step, and a send that was refused for its content is not made again.
      const lost = isExpired(0) ? 1 : 0;
      assert.equal(results.filter(({ status }) => status === 'rejected').length, lost);
      const arrivals = users.map((user) => arrived(sim, user).length);
      assert.deepEqual(arrivals.toSorted(), [
        ...Array<number>(lost).fill(0),
        ...Array<number>(10 - lost).fill(1),
      ]);
      await client.plugin.close();
      const { 'send-url': oneStep = 0, 'upload-url': uploads = 0 } = callCounts(sim);
      assert.ok(uploads <= most, `there were ${uploads} uploads`);
      assert.ok(oneStep <= 1, `${oneStep} were sent in one step`);
    });
  }

  it('a dead ID is reported to each message with an expired signature if no other signature is good', async () => {
    const { good, expired } = await openSignedWebsite();
    const client = open({ cacheKey });
    await client.send('7001', image(good(1)));
    fixture.sim.revokeAll();
    const results = await Promise.allSettled(
      [1, 2, 3, 4, 5].map((n) => client.send(`710${n}`, image(`${expired}&n=${n}`))),
    );
    assert.deepEqual(
      results.map(({ status }) => status),
      results.map(() => 'rejected'),
    );
    await client.send('7003', image(good(5)));
    assert.equal(arrived(fixture.sim, '7003').length, 1);
  });

  it('a refused token is not held against the good one that follows', async () => {
    let token = 'EXPIRED-TOKEN';
    const { sim } = fixture;
    const adapter = new FacebookAdapter({
      verify_token: 'verify',
      app_secret: PAGE.secret ?? '',
      api_host: sim.host,
      api_version: 'v25.0',
      getAccessTokenForPage: () => Promise.resolve(token),
    });
    const dispatcher = closeAfterTest(new Agent({ connect: { ca: sim.ca } }));
    const plugin = new FacebookAttachmentCache({ root: ASSETS, dispatcher }).attach(adapter);
    closeAfterTest(plugin);
    const send = async (user: string) => {
      const api = await adapter.getAPI({ recipient: { id: PAGE.id, name: '' } });
      await api.callAPI('/me/messages', 'POST', { recipient: { id: user }, message: image('paw.png') });
    };
    await assert.rejects(send('7001'), { code: 190 });
    token = PAGE.token;
    await send('7002');
    assert.equal(arrived(sim, '7002').length, 1);
  });

  it('a sound refused under one name is uploaded under another', async () => {
    await folder.write('x.wav', readAsset('lullaby.mp3'));
    await folder.write('x.mp3', readAsset('lullaby.mp3'));
    const client = open({ root: folder.path });
    fixture.sim.addFaults({ path: UPLOADS, error: { code: 100, subcode: 2018047 } });
    await assert.rejects(client.send('7001', audio('x.wav')), { subcode: 2018047 });
    await client.send('7002', audio('x.mp3'));
    assert.equal(arrived(fixture.sim, '7002').length, 1);
  });

  it('a refused refresh does not hide the ID that is still good', async () => {
    const store = new FaultyStore();
    const options = { store, ttl: 60_000, refreshAhead: 58_000 };
    // It refreshes at the first moment of the window, and not at a random one.
    const random = sinon.stub(Math, 'random').returns(0);
    const client = open(options);
    random.restore();
    await client.send('7001', image('paw.png'));
    await sleep(2_100);
    fixture.sim.addFaults({ path: UPLOADS, error: { code: 100, subcode: 2018047 }, times: 2 });
    await client.send('7002', image('paw.png'));
    await until('the refresh is refused', () => client.errors.length === 1);
    await client.send('7003', image('paw.png'));
    assert.equal(arrived(fixture.sim, '7003').length, 1);
    // And what another process has put into the store is found in spite of a refusal.
    const other = open({ store });
    await assert.rejects(open({}).send('7004', image('paw.png')), { subcode: 2018047 });
    await other.send('7004', image('paw.png'));
    assert.equal(arrived(fixture.sim, '7004').length, 1);
  });

  it('a file that is deleted while its upload waits does not lose the same bytes from memory', async () => {
    const bytes = readAsset('paw.png');
    await folder.write('paw.png', bytes);
    const client = open({ root: folder.path, uploads: { concurrency: 1 } });
    await client.plugin.warm([image('paw.png')]);
    await client.plugin.forget(image('paw.png'));
    fixture.sim.addFaults({ path: UPLOADS, delayMs: 300, times: 1 });
    const blocking = Array.from({ length: 16 }, (_, n) =>
      client.send(`72${n + 10}`, image(Buffer.concat([bytes, Buffer.from([n])]), { filename: `${n}.png` })),
    );
    const fromFile = client.send('7001', image('paw.png'));
    const fromBytes = client.send('7002', image(bytes, { filename: 'paw.png' }));
    const settled = Promise.allSettled([fromFile, fromBytes, ...blocking]);
    await rm(folder.at('paw.png'));
    await settled;
    assert.equal(arrived(fixture.sim, '7002').length, 1);
  });

  it("a message that saves its picture and is refused (save: 'send') is no one else's failure", async () => {
    const { sim } = fixture;
    const client = open({ save: 'send' });
    sim.setUser({ page: PAGE.id, user: '7001', available: false });
    sim.addFaults({ path: '/messages$', delayMs: 100 });
    const blocked = assert.rejects(client.send('7001', image('paw.png')), { code: 551 });
    const template = client.send('7002', mediaTemplate('paw.png'));
    const report = client.plugin.warm([image('paw.png')]);
    await Promise.all([blocked, template]);
    assert.equal((await report).failed, 0);
    assert.equal(arrived(sim, '7002').length, 1);
  });

  it("a media template that waits for a message which brings no ID uploads its own (save: 'send')", async () => {
    const { sim } = fixture;
    const client = open({ save: 'send' });
    sim.addFaults({ path: '/messages$', delayMs: 100, drop: ['attachment_id'] });
    const saving = client.send('7001', image('paw.png'));
    await client.send('7002', mediaTemplate('paw.png'));
    await saving;
    assert.deepEqual([arrived(sim).length, arrived(sim, '7002').length], [1, 1]);
  });
});

describe('forget()', () => {
  const fixture = useSimulator();

  it('during an upload keeps the ID that the upload brings from coming back', async () => {
    const { sim } = fixture;
    const store = new FaultyStore();
    const client = fixture.closeAfterTest(openPlainAdapter(sim, { store }));
    sim.addFaults({ path: UPLOADS, delayMs: 200 });
    const sending = client.send('7001', image('paw.png'));
    await until('the upload is under way', () => sim.calls().length > 0 || store.calls.length > 0);
    await sleep(50);
    await client.plugin.forget(image('paw.png'));
    await sending;
    await client.plugin.close();
    assert.equal(arrived(sim).length, 1);
    assert.deepEqual(store.ids(), []);
    await client.send('7002', image('paw.png'));
    assert.equal(callCounts(sim)['upload-file'], 2);
  });

  it('on a slow store keeps a message that is sent meanwhile from loading the old ID again', async () => {
    const { sim } = fixture;
    const store = new FaultyStore();
    const client = fixture.closeAfterTest(openPlainAdapter(sim, { store }));
    await client.send('7001', image('paw.png'));
    store.fail({ delete: isSlow(200) });
    const forgetting = client.plugin.forget(image('paw.png'));
    await until('the store is deleting it', () => store.calls.some(({ action }) => action === 'delete'));
    await client.send('7002', image('paw.png'));
    await forgetting;
    assert.equal(callCounts(sim)['upload-file'], 2, 'it was uploaded again');
  });
});

describe('A media template with is_reusable: false', () => {
  const fixture = useSimulator();

  it('is neither saved nor shared, also after a recovery', async () => {
    const { sim } = fixture;
    const store = new FaultyStore();
    const client = fixture.closeAfterTest(openPlainAdapter(sim, { store }));
    const message = {
      attachment: {
        type: 'template',
        payload: {
          template_type: 'media',
          elements: [{ media_type: 'image', url: 'paw.png', is_reusable: false }],
        },
      },
    };
    sim.addFaults({ purpose: 'send-template', error: { code: 100, subcode: 2018074 } });
    await client.send('7001', message);
    assert.deepEqual(calls(sim), [
      'upload-file',
      'send-template 100/2018074',
      'upload-file',
      'send-template',
    ]);
    await client.plugin.close();
    assert.deepEqual(store.ids(), []);
    await client.send('7002', image('paw.png'));
    assert.equal(callCounts(sim)['upload-file'], 3, 'nobody else goes by its ID');
  });
});
