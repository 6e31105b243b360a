import assert from 'node:assert/strict';
import { File } from 'node:buffer';
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import sinon from 'sinon';
import { Agent, MockAgent } from 'undici';
import { AttachmentError } from '../../../src/base/errors';
import { GraphClient, type GraphCall } from '../../../src/graph/client';
import { Connections, LANE_LIMITS } from '../../../src/graph/connections';
import { StreamedFile } from '../../../src/source/streamed-file';
import { certificateFor } from 'messenger-platform-simulator';
import { fakeTime } from '../../support/checks/fake-time';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { json, useGraphServer, type Answer } from '../../support/platform/graph-server';

const SEND: GraphCall = { action: 'send', asset: 'image "tom.png"', lane: 'send' };
const UPLOAD: GraphCall = { action: 'upload', asset: 'image "tom.png"', lane: 'upload' };
const USAGE = 'x-business-use-case-usage';

describe('GraphClient, call by call', () => {
  const server = useGraphServer();
  let connections: Connections;
  let client: GraphClient;

  beforeEach(() => {
    connections = new Connections(server.agent);
    client = clientOf(connections);
  });
  afterEach(() => {
    sinon.restore();
  });

  function clientOf(by: Connections, host = server.host): GraphClient {
    return new GraphClient({ host, version: 'v25.0', token: 'EAAB', secret: undefined }, by);
  }

  const send = (call = SEND): Promise<unknown> => client.post('/me/messages', {}, call);
  /** One page alone does not get all places. */
  const sendAsAnother = (): Promise<unknown> => clientOf(connections).post('/me/messages', {}, SEND);
  const upload = (): Promise<unknown> => client.post('/me/message_attachments', {}, UPLOAD);
  const refused = (code: number, headers: Record<string, string> = {}): Answer =>
    json(400, { error: { message: 'No', code } }, headers);

  /** A file whose pieces come as the test wants, and what became of it. */
  function fileOf(
    pieces: () => AsyncIterable<Uint8Array>,
    size: number,
  ): { readonly file: File; readonly seen: { opened: number; closed: number } } {
    const seen = { opened: 0, closed: 0 };
    const file = new StreamedFile({ name: 'tom.png', type: 'image/png', size }, async function* () {
      seen.opened += 1;
      try {
        yield* pieces();
      } finally {
        seen.closed += 1;
      }
    });
    return { file, seen };
  }

  describe('a file', () => {
    it('tells of each piece that was taken, and when the last one was', async () => {
      const told: string[] = [];
      const { file, seen } = fileOf(async function* () {
        yield Buffer.from('PIC');
        await wait(5);
        yield Buffer.from('TURE');
      }, 7);
      await send({
        ...SEND,
        file,
        onBytes: () => told.push('bytes'),
        onBodySent: () => told.push('sent'),
      });
      assert.ok(told.length >= 3, told.join());
      assert.deepEqual(told.slice(-1), ['sent']);
      assert.deepEqual(new Set(told.slice(0, -1)), new Set(['bytes']));
      assert.deepEqual(seen, { opened: 1, closed: 1 });
      assert.match(server.received[0]?.body.toString() ?? '', /\r\n\r\nPICTURE\r\n/);
    });

    it('goes out as it is, whatever part of a buffer its pieces are', async () => {
      const whole = Buffer.alloc(300_000, 'a').fill('b', 100_000);
      const { file } = fileOf(async function* () {
        yield await Promise.resolve(whole.subarray(100_000, 200_000));
      }, 100_000);
      await send({ ...SEND, file });
      const body = server.received[0]?.body.toString() ?? '';
      assert.equal(/\r\n\r\n(b+)\r\n/.exec(body)?.[1]?.length, 100_000);
    });

    it('that cannot be read breaks the call off with that very error', async () => {
      const error = new AttachmentError('ERR_ATTACHMENT_UNREADABLE', 'image "tom.png"', 'it is gone');
      const { file, seen } = fileOf(async function* () {
        yield Buffer.alloc(1_000);
        await wait(5);
        throw error;
      }, 2_000);
      await assert.rejects(send({ ...SEND, file }), (thrown) => thrown === error);
      assert.deepEqual(seen, { opened: 1, closed: 1 });
      assert.deepEqual(server.received, []);
      assert.deepEqual(await send(), { ok: true });
    });

    it('that cannot be read on for 30 s breaks the call off', async () => {
      const clock = fakeTime();
      const { file, seen } = fileOf(async function* () {
        yield Buffer.alloc(1_000);
        await never();
      }, 2_000);
      let pieces = 0;
      const broken = assert.rejects(
        send({ ...SEND, file, onBytes: () => (pieces += 1) }),
        expectedAttachmentError(
          'ERR_ATTACHMENT_UNREADABLE',
          'image "tom.png"',
          'reading it made no progress for 30 s',
        ),
      );
      // The token, the head of the part, and the piece.
      while (seen.opened === 0 || pieces < 5) await new Promise(setImmediate);
      clock.tick(29_999);
      for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
      assert.deepEqual(server.received, []);
      clock.tick(1);
      await broken;
    });

    it('may take its time, as long as there is more of it within 30 s', async () => {
      const clock = fakeTime();
      const { file } = fileOf(async function* () {
        for (let piece = 0; piece < 5; piece++) {
          yield Buffer.alloc(1);
          clock.tick(29_999);
          await new Promise(setImmediate);
        }
      }, 5);
      assert.deepEqual(await send({ ...SEND, file }), { ok: true });
    });

    it('is not opened when no connection comes up', async () => {
      const { file, seen } = fileOf(async function* () {
        yield await Promise.resolve(Buffer.alloc(1));
      }, 1);
      client = clientOf(new Connections(server.agent), '127.0.0.1:1');
      await assert.rejects(send({ ...SEND, file }), { code: 'ERR_GRAPH_UNREACHABLE' });
      assert.deepEqual(seen, { opened: 0, closed: 0 });
    });

    it('is not opened while its call waits for a place', async () => {
      const waiting: (() => void)[] = [];
      server.answer((...args) => {
        waiting.push(() => {
          json(200, { ok: true })(...args);
        });
      });
      const calls = Array.from({ length: LANE_LIMITS.content + 1 }, () => {
        const { file, seen } = fileOf(async function* () {
          yield await Promise.resolve(Buffer.alloc(1));
        }, 1);
        const page = clientOf(connections);
        return { seen, sent: page.post('/me/messages', {}, { ...SEND, lane: 'content', file }) };
      });
      while (waiting.length < LANE_LIMITS.content) await wait(5);
      assert.deepEqual(calls.at(-1)?.seen, { opened: 0, closed: 0 });
      for (const go of waiting.splice(0)) go();
      while (waiting.length < 1) await wait(5);
      for (const go of waiting) go();
      await Promise.all(calls.map(({ sent }) => sent));
      assert.deepEqual(calls.at(-1)?.seen, { opened: 1, closed: 1 });
    });

    it('is let go, and its connection too, when the platform refuses it before it is out', async () => {
      const { ca, cert, key } = await certificateFor('127.0.0.1');
      const sockets = new Set<Socket>();
      const early = createServer({ cert, key }, (request, response) => {
        sockets.add(request.socket);
        response.writeHead(400, { 'content-type': 'application/json' });
        response.end(JSON.stringify({ error: { message: 'Too large', code: 100, error_subcode: 2018109 } }));
      });
      early.listen(0, '127.0.0.1');
      await once(early, 'listening');
      const agent = new Agent({ connect: { ca } });
      try {
        client = clientOf(new Connections(agent), `127.0.0.1:${(early.address() as { port: number }).port}`);
        const { file, seen } = fileOf(
          async function* () {
            for (let piece = 0; piece < 128; piece++) {
              await wait(1);
              yield Buffer.alloc(64 * 1024);
            }
          },
          8 * 1024 * 1024,
        );
        await assert.rejects(send({ ...SEND, file }), { subcode: 2018109 });
        await wait(50);
        assert.deepEqual(seen, { opened: 1, closed: 1 });
        assert.deepEqual(
          [...sockets].map(({ destroyed }) => destroyed),
          [true],
        );
      } finally {
        await agent.close();
        early.closeAllConnections();
        early.close();
      }
    });

    it('is let go by a dispatcher that does not read it', async () => {
      const mock = new MockAgent();
      mock.disableNetConnect();
      mock
        .get('https://graph.example')
        .intercept({ path: () => true, method: 'POST' })
        .reply(200, { ok: true });
      client = clientOf(new Connections(mock), 'graph.example');
      const { file, seen } = fileOf(async function* () {
        yield await Promise.resolve(Buffer.alloc(1));
      }, 1);
      assert.deepEqual(await send({ ...SEND, file }), { ok: true });
      assert.equal(seen.opened, seen.closed);
      await mock.close();
    });

    it('goes out although a bot has put others in place of FormData, Blob and File', async () => {
      const file = new File(['PICTURE'], 'tom.png', { type: 'image/png' });
      const Another = function (): never {
        throw new Error('Not for this');
      };
      const builtIn = { FormData, Blob, File: globalThis.File };
      Object.assign(globalThis, { FormData: Another, Blob: Another, File: Another });
      try {
        assert.deepEqual(await send({ ...SEND, file }), { ok: true });
      } finally {
        Object.assign(globalThis, builtIn);
      }
      assert.match(server.received[0]?.body.toString() ?? '', /filename="tom.png"[^]*PICTURE/);
    });
  });

  it('shows its token in no address, whoever listens to undici', async () => {
    const seen: string[] = [];
    const note = (message: unknown): void => {
      const { method, origin, path } = (message as { request: Record<string, string> }).request;
      seen.push(`${method} ${origin}${path}`);
    };
    diagnostics.subscribe('undici:request:create', note);
    try {
      server.answer(json(200, { id: '1001' }));
      await send();
      await send({ ...SEND, file: new File(['PICTURE'], 'tom.png') });
      await client.pageId();
    } finally {
      diagnostics.unsubscribe('undici:request:create', note);
    }
    const origin = `https://${server.host}`;
    assert.deepEqual(seen, [
      `POST ${origin}/v25.0/me/messages`,
      `POST ${origin}/v25.0/me/messages`,
      `GET ${origin}/v25.0/me?fields=id`,
    ]);
  });

  it('tells that JSON is out as soon as the call is made', async () => {
    const told: string[] = [];
    server.answer((...args) => {
      told.push('received');
      json(200, { ok: true })(...args);
    });
    await send({ ...SEND, onBytes: () => told.push('bytes'), onBodySent: () => told.push('sent') });
    assert.deepEqual(told, ['sent', 'received']);
  });

  it('rejects with what cannot be made to JSON, and gives the place back', async () => {
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    for (let call = 0; call <= LANE_LIMITS.send; call++)
      await assert.rejects(client.post('/me/messages', circle, SEND), TypeError);
    assert.deepEqual(await send(), { ok: true });
  });

  it('fails a call that waits for its place while no call gets an answer, and has sent nothing of it', async () => {
    const clock = fakeTime();
    const waiting: (() => void)[] = [];
    server.answer((...args) => {
      waiting.push(() => {
        json(200, { ok: true })(...args);
      });
    });
    const hanging = Array.from({ length: LANE_LIMITS.send }, () => sendAsAnother());
    const stalled = assert.rejects(send(), {
      name: 'TransportError',
      code: 'ERR_GRAPH_STALLED',
      message:
        'Could not send image "tom.png": no call in progress got an answer for 30 s. Nothing was sent.',
    });
    while (waiting.length < LANE_LIMITS.send) await new Promise(setImmediate);
    clock.tick(30_000);
    await stalled;
    for (const go of waiting) go();
    await Promise.all(hanging);
    assert.equal(server.received.length, LANE_LIMITS.send);
  });

  it('has waiting calls wait on when one got an answer', async () => {
    const clock = fakeTime();
    const waiting: (() => void)[] = [];
    server.answer((...args) => {
      waiting.push(() => {
        json(200, { ok: true })(...args);
      });
    });
    const calls = Array.from({ length: LANE_LIMITS.send + 2 }, () => sendAsAnother());
    while (waiting.length < LANE_LIMITS.send) await new Promise(setImmediate);
    clock.tick(20_000);
    waiting.shift()?.();
    while (waiting.length < LANE_LIMITS.send) await new Promise(setImmediate);
    clock.tick(20_000);
    for (const go of waiting.splice(0)) go();
    while (waiting.length < 1) await new Promise(setImmediate);
    for (const go of waiting) go();
    await Promise.all(calls);
  });

  describe('when the platform says stop', () => {
    for (const limited of [refused(613), refused(80006), json(429, 'Slow down')]) {
      it('begins no further upload, and gives the same error', async () => {
        server.answer(limited, json(200, { attachment_id: '11' }));
        const error: unknown = await upload().catch((thrown: unknown) => thrown);
        await assert.rejects(upload(), (thrown) => thrown === error);
        assert.equal(client.uploadPause.check(), error);
        assert.equal(server.received.length, 1);
        assert.deepEqual(await send(), { attachment_id: '11' });
      });
    }

    it('waits as long as Retry-After says', async () => {
      fakeTime();
      server.answer(refused(4, { 'retry-after': '600' }));
      await assert.rejects(upload(), { code: 4 });
      assert.equal(client.uploadPause.remainingMs, 600_000);
    });

    it('waits as long as the usage header of the error says, if that is longer', async () => {
      fakeTime();
      const usage = JSON.stringify({ '1001': [{ type: 'messenger', estimated_time_to_regain_access: 20 }] });
      server.answer(refused(80006, { 'retry-after': '600', [USAGE]: usage }));
      await assert.rejects(upload(), { code: 80006 });
      assert.equal(client.uploadPause.remainingMs, 1_200_000);
    });

    it('heeds the limit that a send met, and the usage header of a good answer', async () => {
      fakeTime();
      server.answer(refused(32), json(200, { message_id: 'm1' }));
      await assert.rejects(send(), { code: 32 });
      await assert.rejects(upload(), { code: 32 });
      client = clientOf(new Connections(server.agent));
      const usage = JSON.stringify({ '1001': [{ type: 'messenger', estimated_time_to_regain_access: 3 }] });
      server.answer(json(200, { message_id: 'm1' }, { [USAGE]: usage }));
      await send();
      assert.equal(client.uploadPause.remainingMs, 180_000);
      await assert.rejects(upload(), {
        name: 'GraphError',
        status: 429,
        message:
          'Facebook refused to upload attachments of this page for a while: the usage header of an earlier answer says that the rate limit is used up, so no call was made [HTTP 429].',
      });
    });

    it('takes the header beside another error for a limit, and the error for what it is', async () => {
      fakeTime();
      const usage = JSON.stringify({ '1001': [{ type: 'messenger', estimated_time_to_regain_access: 3 }] });
      server.answer(refused(10, { [USAGE]: usage, 'retry-after': '900' }));
      await assert.rejects(upload(), { code: 10 });
      assert.equal(client.uploadPause.check()?.status, 429);
      assert.equal(client.uploadPause.remainingMs, 180_000);
    });

    it('goes on after other errors', async () => {
      server.answer(refused(10), refused(2, { 'retry-after': '900' }), json(200, { attachment_id: '11' }));
      await assert.rejects(upload(), { code: 10 });
      await assert.rejects(upload(), { code: 2 });
      assert.deepEqual(await upload(), { attachment_id: '11' });
    });
  });

  describe('tokenRefusal', () => {
    for (const code of [190, 102]) {
      it(`remembers ${code} for 30 s, and tells of the asset that is asked about`, async () => {
        const clock = fakeTime();
        server.answer(refused(code));
        assert.equal(client.tokenRefusal('image "mia.jpg"'), undefined);
        await assert.rejects(send());
        clock.tick(29_999);
        assert.equal(client.tokenRefusal('image "mia.jpg"')?.code, code);
        const { asset, message } = client.tokenRefusal('image "mia.jpg"') ?? {};
        assert.equal(asset, 'image "mia.jpg"');
        assert.match(message ?? '', /refused to upload image "mia.jpg":/);
        clock.tick(1);
        assert.equal(client.tokenRefusal('image "mia.jpg"'), undefined);
      });
    }

    it('remembers no other error', async () => {
      server.answer(refused(200), refused(100), json(401, 'No'));
      for (let call = 0; call < 3; call++) await assert.rejects(send());
      assert.equal(client.tokenRefusal('image "mia.jpg"'), undefined);
    });

    it('forgets it when the platform takes the token again', async () => {
      server.answer(refused(190), json(200, { ok: true }));
      await assert.rejects(send());
      await send();
      assert.equal(client.tokenRefusal('image "mia.jpg"'), undefined);
    });
  });

  it('tries again to learn the page’s ID until it is told three times that it is not to be had', async () => {
    sinon.stub(Math, 'random').returns(0.01);
    client = clientOf(new Connections(server.agent), '127.0.0.1:1');
    await assert.rejects(client.pageId(), { code: 'ERR_GRAPH_UNREACHABLE' });
    client = clientOf(new Connections(server.agent));
    server.answer(refused(613), json(200, { id: '1001' }));
    await assert.rejects(client.pageId(), { code: 613 });
    assert.equal(server.received.length, 1);
  });
});

function never(): Promise<never> {
  return new Promise(() => undefined);
}
