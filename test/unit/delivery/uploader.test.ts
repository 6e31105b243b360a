import assert from 'node:assert/strict';
import sinon from 'sinon';
import type { UploadEvent } from '../../../src/events/events';
import { Connections } from '../../../src/graph/connections';
import { GraphClient } from '../../../src/graph/client';
import type { Asset } from '../../../src/source/asset';
import { identifyFiledata } from '../../../src/source/filedata';
import { identifyAddress } from '../../../src/source/web-address';
import { Uploader, type UploaderOptions } from '../../../src/delivery/uploader';
import { graphError } from '../../support/checks/failures';
import { countActiveTimers } from '../../support/checks/fake-time';
import { json, useGraphServer, type Answer } from '../../support/platform/graph-server';
import { parseForm } from '../../support/platform/recorder';
import { readAsset } from '../../support/files/assets';

const busy = json(400, { error: { message: 'Slow down', code: 2 } });
const given = (id: string): Answer => json(200, { attachment_id: id });

describe('Uploader', () => {
  const server = useGraphServer();
  let graph: GraphClient;
  let events: UploadEvent[];

  beforeEach(() => {
    server.answer(given('11'));
    graph = new GraphClient(
      { host: server.host, version: 'v25.0', token: 'EAAB', secret: undefined },
      new Connections(server.agent),
    );
    events = [];
    // The pauses are tested with `retry`; here they are short.
    sinon.stub(Math, 'random').returns(0.01);
  });
  afterEach(() => {
    sinon.restore();
  });

  function open(options: Partial<UploaderOptions> = {}): Uploader {
    const report: UploaderOptions['report'] = (name, ...[event]) => {
      assert.equal(name, 'upload');
      events.push(event as UploadEvent);
    };
    return new Uploader({ concurrency: 4, attempts: 3, report, ...options });
  }

  const web = (name: string): Asset =>
    identifyAddress('image', `https://example.com/${name}?sig=S`, (url) => url.href);

  const paths = (): string[] => server.received.map(({ path }) => path);

  /** The addresses that were to be fetched, in order. */
  const fetched = (): unknown[] =>
    server.received.map(({ body }) => {
      const { message } = JSON.parse(body.toString()) as {
        message: { attachment: { payload: { url: string } } };
      };
      return new URL(message.attachment.payload.url).pathname.slice(1);
    });

  it('has the platform fetch an address and keep it', async () => {
    sinon.useFakeTimers({ now: 1_767_225_600_000, toFake: ['Date'] });
    const saved = await open().upload({ graph, page: '1001', asset: web('tom.png'), reason: 'send' });
    const about = {
      page: '1001',
      type: 'image',
      asset: 'image https://example.com/tom.png',
      bytes: undefined,
    };
    assert.deepEqual(saved, { ...about, id: '11', uploadedAt: 1_767_225_600_000 });
    assert.deepEqual(paths(), ['/v25.0/me/message_attachments']);
    assert.deepEqual(JSON.parse(server.received[0]?.body.toString() ?? ''), {
      access_token: 'EAAB',
      message: {
        attachment: {
          type: 'image',
          payload: { url: 'https://example.com/tom.png?sig=S', is_reusable: true },
        },
      },
    });
    const ms = events[0]?.ms;
    assert.ok(ms !== undefined && ms > 0 && ms < 60_000, `${ms ?? 'no'} ms`);
    assert.deepEqual(events, [{ ...about, attachmentId: '11', reason: 'send', attempts: 1, ms }]);
  });

  it('sends a file beside the message', async () => {
    const mp3 = await identifyFiledata('audio', readAsset('lullaby.mp3'), 'lullaby.mp3');
    const saved = await open().upload({ graph, page: '1001', asset: mp3, reason: 'warm' });
    assert.equal(saved.bytes, readAsset('lullaby.mp3').length);
    assert.deepEqual([events[0]?.bytes, events[0]?.reason], [saved.bytes, 'warm']);
    assert.deepEqual(paths(), ['/v25.0/me/message_attachments']);
    const [request] = server.received;
    assert.ok(request);
    const [, message, filedata, ...more] = parseForm(request);
    assert.deepEqual(JSON.parse(message?.body.toString() ?? ''), {
      attachment: { type: 'audio', payload: { is_reusable: true } },
    });
    assert.equal(
      filedata?.headers['content-disposition'],
      'form-data; name="filedata"; filename="lullaby.mp3"',
    );
    assert.equal(filedata.headers['content-type'], 'audio/mpeg');
    assert.deepEqual(filedata.body, readAsset('lullaby.mp3'));
    assert.deepEqual(more, []);
  });

  it('tries again what may be tried again, and tells how often; the age counts from the last try', async () => {
    const clock = sinon.useFakeTimers({ now: 1_000, toFake: ['Date'] });
    const late: Answer = (...call) => {
      clock.tick(100);
      busy(...call);
    };
    server.answer(late, late, given('11'));
    const { uploadedAt } = await open().upload({
      graph,
      page: '1001',
      asset: web('tom.png'),
      reason: 'send',
    });
    assert.equal(uploadedAt, 1_200);
    assert.deepEqual([events.length, events[0]?.attempts], [1, 3]);
    assert.equal(server.received.length, 3);
  });

  it('gives up after its attempts, with the last error, and tells of no upload', async () => {
    server.answer(busy, busy, json(400, { error: { message: 'Enough', code: 4 } }), given('11'));
    await assert.rejects(open().upload({ graph, page: '1001', asset: web('tom.png'), reason: 'send' }), {
      name: 'GraphError',
      message:
        'Facebook refused to upload image https://example.com/tom.png: Enough [4]. The app has reached its rate limit.',
    });
    assert.deepEqual([server.received.length, events], [3, []]);
  });

  it('tries once when it may only once', async () => {
    server.answer(busy, given('11'));
    const uploader = open({ attempts: 1 });
    await assert.rejects(uploader.upload({ graph, page: '1001', asset: web('tom.png'), reason: 'send' }));
    assert.equal(server.received.length, 1);
  });

  it('does not try again what is refused', async () => {
    server.answer(json(400, { error: { message: 'No', code: 100, error_subcode: 2018047 } }), given('11'));
    await assert.rejects(open().upload({ graph, page: '1001', asset: web('tom.png'), reason: 'send' }), {
      subcode: 2018047,
    });
    assert.equal(server.received.length, 1);
  });

  for (const id of [undefined, '', 11]) {
    it(`takes an answer with ${JSON.stringify({ attachment_id: id })} for a failure that may pass`, async () => {
      server.answer(json(200, { attachment_id: id }));
      await assert.rejects(open().upload({ graph, page: '1001', asset: web('tom.png'), reason: 'send' }), {
        name: 'TransportError',
        code: 'ERR_GRAPH_BAD_ANSWER',
        message:
          'Could not upload image https://example.com/tom.png: the answer holds no attachment_id. The call may have been carried out.',
      });
      assert.equal(server.received.length, 3);
    });
  }

  it('uploads so many at a time, in their order', async () => {
    let [underway, most] = [0, 0];
    server.answer((...call) => {
      most = Math.max(most, ++underway);
      setTimeout(() => {
        underway--;
        given('11')(...call);
      }, 20);
    });
    const uploader = open({ concurrency: 2 });
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    await Promise.all(
      names.map((name) => uploader.upload({ graph, page: '1001', asset: web(name), reason: 'send' })),
    );
    assert.equal(most, 2);
    assert.deepEqual(fetched().slice(2, 4).sort(), ['c', 'd']);
  });

  it('holds up no other upload while it pauses', async () => {
    sinon.restore();
    sinon.stub(Math, 'random').returns(0.5);
    server.answer(busy, given('11'));
    const uploader = open({ concurrency: 1 });
    const upload = (name: string): Promise<unknown> =>
      uploader.upload({ graph, page: '1001', asset: web(name), reason: 'send' });
    await Promise.all([upload('a'), upload('b')]);
    assert.deepEqual(fetched(), ['a', 'b', 'a']);
  });

  for (const [reason, holds] of [
    ['send', 1],
    ['warm', 1],
    ['refresh', 0],
    ['recover', 0],
  ] as const) {
    it(`${holds ? 'keeps the process for' : 'lets the process end in'} a pause before another try to ${reason}`, async () => {
      sinon.restore();
      sinon.stub(Math, 'random').returns(0.1);
      const stub = sinon.createStubInstance(GraphClient);
      stub.post.onFirstCall().rejects(graphError(2)).resolves({ attachment_id: '11' });
      // Mocha sets a timer of its own in the meantime.
      await new Promise(setImmediate);
      const before = countActiveTimers();
      const upload = open().upload({ graph: stub, page: '1001', asset: web('tom.png'), reason });
      await new Promise(setImmediate);
      assert.equal(countActiveTimers() - before, holds);
      assert.equal((await upload).id, '11');
    });
  }
});
