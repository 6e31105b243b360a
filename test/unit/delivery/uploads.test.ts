import assert from 'node:assert/strict';
import sinon from 'sinon';
import type { UploadEvent } from '../../../src/events/events';
import { GraphClient } from '../../../src/graph/client';
import type { Asset } from '../../../src/source/asset';
import { identifyFiledata } from '../../../src/source/filedata';
import { identifyAddress } from '../../../src/source/web-address';
import { IdCache } from '../../../src/cache/id-cache';
import { Fleet, type FleetJob } from '../../../src/delivery/fleet';
import { pageAsset } from '../../../src/delivery/page-asset';
import { Uploads, type UploadObserver, type UploadsOptions } from '../../../src/delivery/uploads';
import { Connections } from '../../../src/graph/connections';
import { graphError, transportError } from '../../support/checks/sample-errors';
import { countActiveTimers } from '../../support/checks/fake-time';
import { json, useGraphServer, type Answer } from '../../support/platform/graph-server';
import { parseForm } from '../../support/platform/recorder';
import { readAsset } from '../../support/files/assets';
import { savedId } from '../../support/stores/saved-id';

const busy = json(400, { error: { message: 'Slow down', code: 2 } });
const NOBODY: UploadObserver = {
  onBytes: () => undefined,
  onTurn: () => undefined,
  keep: () => Promise.resolve(),
  isAwaited: () => false,
  isGivenUp: () => false,
};
const given = (id: string): Answer => json(200, { attachment_id: id });

/** Without a store: no other process has part in it. */
const newCache = (): IdCache =>
  new IdCache({ store: undefined, ttl: 1_000_000, refreshAhead: 0, memory: 10 });

describe('Uploads', () => {
  const server = useGraphServer();
  let client: GraphClient;
  let events: UploadEvent[];

  beforeEach(() => {
    server.answer(given('11'));
    client = new GraphClient(
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

  function open(options: Partial<UploadsOptions> = {}): Uploads {
    const report: UploadsOptions['report'] = (name, ...[event]) => {
      assert.equal(name, 'upload');
      events.push(event as UploadEvent);
    };
    return new Uploads({ concurrency: 4, attempts: 3, report, fleet: new Fleet(newCache()), ...options });
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

  it('wants any ID that another process has made, unless it is told which', async () => {
    const wanted: boolean[] = [];
    const fleet = {
      obtain: ({ isWanted }: FleetJob) => {
        wanted.push(isWanted(savedId('12')));
        return Promise.resolve(savedId('12'));
      },
    } as unknown as Fleet;
    const job = { ...pageAsset(client, '1001', web('tom.png')), reason: 'send' } as const;
    await open({ fleet }).upload(job, NOBODY);
    await open({ fleet }).upload({ ...job, isWanted: () => false }, NOBODY);
    assert.deepEqual(wanted, [true, false]);
    assert.equal(server.received.length, 0);
  });

  it('has the platform fetch an address and keep it', async () => {
    sinon.useFakeTimers({ now: 1_767_225_600_000, toFake: ['Date'] });
    const saved = await open().upload(
      { ...pageAsset(client, '1001', web('tom.png')), reason: 'send' },
      NOBODY,
    );
    const assetEvent = {
      page: '1001',
      type: 'image',
      asset: 'image https://example.com/tom.png',
      bytes: undefined,
    };
    assert.deepEqual(saved, { ...assetEvent, id: '11', source: undefined, uploadedAt: 1_767_225_600_000 });
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
    assert.deepEqual(events, [
      { ...assetEvent, recipient: undefined, attachmentId: '11', reason: 'send', attempts: 1, ms },
    ]);
  });

  it('sends a file beside the message', async () => {
    const mp3 = await identifyFiledata('audio', readAsset('lullaby.mp3'), 'lullaby.mp3');
    const saved = await open().upload({ ...pageAsset(client, '1001', mp3), reason: 'warm' }, NOBODY);
    assert.equal(saved.bytes, readAsset('lullaby.mp3').length);
    assert.deepEqual([events[0]?.bytes, events[0]?.reason], [saved.bytes, 'warm']);
    assert.deepEqual(paths(), ['/v25.0/me/message_attachments']);
    const [request] = server.received;
    assert.ok(request);
    const [token, message, filedata, ...more] = parseForm(request);
    assert.equal(token?.body.toString(), 'EAAB');
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
    const { uploadedAt } = await open().upload(
      { ...pageAsset(client, '1001', web('tom.png')), reason: 'send' },
      NOBODY,
    );
    assert.equal(uploadedAt, 1_200);
    assert.deepEqual([events.length, events[0]?.attempts], [1, 3]);
    assert.equal(server.received.length, 3);
  });

  it('gives up after its attempts, with the last error, and tells of no upload', async () => {
    server.answer(busy, busy, json(400, { error: { message: 'Enough', code: 2 } }), given('11'));
    await assert.rejects(
      open().upload({ ...pageAsset(client, '1001', web('tom.png')), reason: 'send' }, NOBODY),
      {
        name: 'GraphError',
        message: /^Facebook failed to upload image https:\/\/example\.com\/tom\.png: Enough \[2\]\. /,
      },
    );
    assert.deepEqual([server.received.length, events], [3, []]);
  });

  it('tries once when it may only once', async () => {
    server.answer(busy, given('11'));
    const uploads = open({ attempts: 1 });
    await assert.rejects(
      uploads.upload({ ...pageAsset(client, '1001', web('tom.png')), reason: 'send' }, NOBODY),
    );
    assert.equal(server.received.length, 1);
  });

  const refusal = (subcode: number): Answer =>
    json(400, { error: { message: 'No', code: 100, error_subcode: subcode } });

  it('does not try again what is refused', async () => {
    server.answer(refusal(2018109), given('11'));
    await assert.rejects(
      open().upload({ ...pageAsset(client, '1001', web('tom.png')), reason: 'send' }, NOBODY),
      { subcode: 2018109 },
    );
    assert.equal(server.received.length, 1);
  });

  for (const subcode of [2018008, 2018047]) {
    it(`tries an address once more after ${subcode}, which good ones meet now and then`, async () => {
      server.answer(refusal(subcode), given('11'));
      const saved = await open().upload(
        { ...pageAsset(client, '1001', web('tom.png')), reason: 'send' },
        NOBODY,
      );
      assert.deepEqual([saved.id, server.received.length], ['11', 2]);
    });
  }

  it('tries an address once more, and not twice', async () => {
    server.answer(refusal(2018008), refusal(2018047), given('11'));
    await assert.rejects(
      open().upload({ ...pageAsset(client, '1001', web('tom.png')), reason: 'send' }, NOBODY),
      { subcode: 2018047 },
    );
    assert.equal(server.received.length, 2);
  });

  it('tries bytes that are refused only once', async () => {
    server.answer(refusal(2018047), given('11'));
    const asset = await identifyFiledata('image', readAsset('paw.png'), undefined);
    await assert.rejects(open().upload({ ...pageAsset(client, '1001', asset), reason: 'send' }, NOBODY), {
      subcode: 2018047,
    });
    assert.equal(server.received.length, 1);
  });

  for (const id of [undefined, '', 11]) {
    it(`takes an answer with ${JSON.stringify({ attachment_id: id })} for a failure that may pass`, async () => {
      server.answer(json(200, { attachment_id: id }));
      await assert.rejects(
        open().upload({ ...pageAsset(client, '1001', web('tom.png')), reason: 'send' }, NOBODY),
        {
          name: 'TransportError',
          code: 'ERR_GRAPH_BAD_ANSWER',
          message:
            'Could not upload image https://example.com/tom.png: the answer contains no attachment_id. The call may have been carried out.',
        },
      );
      assert.equal(server.received.length, 3);
    });
  }

  /** A client whose calls end when the test says so. */
  function heldCalls(): {
    client: GraphClient;
    begun: string[];
    sent: (label: string) => void;
    end: (label: string) => void;
  } {
    const stub = sinon.createStubInstance(GraphClient);
    const calls = new Map<string, { sent: () => void; end: () => void }>();
    const begun: string[] = [];
    stub.post.callsFake((_path, _params, call) => {
      begun.push(call.asset);
      return new Promise((resolve) => {
        calls.set(call.asset, {
          sent: () => call.onBodySent?.(),
          end: () => {
            resolve({ attachment_id: '11' });
          },
        });
      });
    });
    return {
      client: stub,
      begun,
      sent: (label) => calls.get(label)?.sent(),
      end: (label) => calls.get(label)?.end(),
    };
  }

  const assetOf = (label: string, bytes: number | undefined): Asset => ({ ...web('tom.png'), label, bytes });
  const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
  const MB = 1024 * 1024;

  it('rations large bodies: a place is free when the last byte is out, whenever the answer comes', async () => {
    const calls = heldCalls();
    const uploads = open({ concurrency: 2 });
    for (const label of ['a', 'b', 'c', 'd']) {
      void uploads.upload(
        { ...pageAsset(calls.client, '1', assetOf(label, 2 * MB)), reason: 'send' },
        NOBODY,
      );
    }
    await settle();
    assert.deepEqual(calls.begun, ['a', 'b']);
    calls.sent('b');
    await settle();
    assert.deepEqual(calls.begun, ['a', 'b', 'c']);
    calls.end('a');
    await settle();
    assert.deepEqual(calls.begun, ['a', 'b', 'c', 'd']);
  });

  it('lets what is up to 1 MB, and addresses, pass what is larger', async () => {
    const calls = heldCalls();
    const uploads = open({ concurrency: 1 });
    const add = (label: string, bytes: number | undefined): void => {
      void uploads.upload({ ...pageAsset(calls.client, '1', assetOf(label, bytes)), reason: 'send' }, NOBODY);
    };
    add('large', MB + 1);
    add('larger', 2 * MB);
    add('small', MB);
    await settle();
    assert.deepEqual(calls.begun, ['large', 'small']);
    calls.sent('small');
    add('address', undefined);
    await settle();
    assert.deepEqual(calls.begun, ['large', 'small', 'address']);
  });

  it('lets no page wait for another', async () => {
    const calls = heldCalls();
    const uploads = open({ concurrency: 1 });
    for (const page of ['1', '2']) {
      void uploads.upload(
        { ...pageAsset(calls.client, page, assetOf(page, 2 * MB)), reason: 'send' },
        NOBODY,
      );
    }
    await settle();
    assert.deepEqual(calls.begun, ['1', '2']);
  });

  it('lets none wait for those that only wait for their answer', async () => {
    const calls = heldCalls();
    const uploads = open({ concurrency: 1 });
    for (let n = 0; n < 30; n++) {
      void uploads.upload(
        { ...pageAsset(calls.client, '1', assetOf(String(n), MB + n)), reason: 'send' },
        NOBODY,
      );
      await settle();
      calls.sent(String(n));
    }
    await settle();
    assert.equal(calls.begun.length, 30);
  });

  it('passes on that bytes are moving', async () => {
    const mp3 = await identifyFiledata('audio', readAsset('lullaby.mp3'), 'lullaby.mp3');
    let pieces = 0;
    const onBytes = (): void => {
      pieces += 1;
    };
    const observer = { ...NOBODY, onBytes };
    await open().upload({ ...pageAsset(client, '1001', mp3), reason: 'send' }, observer);
    assert.ok(pieces > 0);
  });

  it('holds up no other upload while it pauses before another attempt', async () => {
    sinon.restore();
    sinon.stub(Math, 'random').returns(0.5);
    server.answer(busy, given('11'));
    const uploads = open({ concurrency: 1 });
    const upload = (name: string): Promise<unknown> =>
      uploads.upload({ ...pageAsset(client, '1001', web(name)), reason: 'send' }, NOBODY);
    await Promise.all([upload('a'), upload('b')]);
    assert.deepEqual(fetched(), ['a', 'b', 'a']);
  });

  it('does not hold the process by itself: whoever waits for it does', async () => {
    sinon.restore();
    sinon.stub(Math, 'random').returns(0.1);
    const stub = sinon.createStubInstance(GraphClient);
    stub.post.onFirstCall().rejects(graphError(2)).resolves({ attachment_id: '11' });
    // Mocha sets a timer of its own in the meantime.
    await new Promise(setImmediate);
    const before = countActiveTimers();
    const upload = open().upload({ ...pageAsset(stub, '1001', web('tom.png')), reason: 'send' }, NOBODY);
    await new Promise(setImmediate);
    assert.equal(countActiveTimers() - before, 0);
    assert.equal((await upload).id, '11');
  });

  const noAnswer = transportError('ERR_GRAPH_INTERRUPTED');
  for (const [what, error, isAwaited, ms, attempts] of [
    ['no answer', noAnswer, true, 10_001, 1],
    ['no answer', noAnswer, false, 10_001, 2],
    ['no answer', noAnswer, true, 9_999, 2],
    ['a temporary fault', graphError(2), true, 10_001, 2],
  ] as const) {
    it(`is ${attempts === 1 ? 'not ' : ''}tried again after ${what} in ${ms} ms, while ${isAwaited ? 'somebody' : 'nobody'} waits`, async () => {
      sinon.restore();
      const clock = sinon.useFakeTimers({ toFake: ['performance'] });
      clock.tick(20_000);
      sinon.stub(Math, 'random').returns(0);
      const stub = sinon.createStubInstance(GraphClient);
      stub.post.onFirstCall().callsFake(() => {
        clock.tick(ms);
        return Promise.reject(error);
      });
      stub.post.resolves({ attachment_id: '11' });
      const observer = { ...NOBODY, isAwaited: () => isAwaited };
      await open()
        .upload({ ...pageAsset(stub, '1', web('tom.png')), reason: 'send' }, observer)
        .catch(() => undefined);
      assert.equal(stub.post.callCount, attempts);
    });
  }
});
