import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import tls from 'node:tls';
import sinon from 'sinon';
import { Agent } from 'undici';
import { GraphClient, type GraphCall } from '../../../src/graph/client';
import { Connections, LANE_LIMITS } from '../../../src/graph/connections';
import { cutConnection, json, useGraphServer, type Answer } from '../../support/platform/graph-server';

const SEND: GraphCall = { action: 'send', asset: 'image "tom.png"', lane: 'send' };
const PROXY_VARIABLES = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'];

describe('Connections', () => {
  const server = useGraphServer();
  const closing: (() => Promise<unknown>)[] = [];
  let environment: NodeJS.ProcessEnv;
  let connections: Connections;
  let client: GraphClient;

  beforeEach(() => {
    environment = { ...process.env };
    for (const name of PROXY_VARIABLES) Reflect.deleteProperty(process.env, name);
    // What NODE_EXTRA_CA_CERTS does, which Node reads only once.
    const open = tls.connect.bind(tls) as (options: tls.ConnectionOptions) => tls.TLSSocket;
    sinon
      .stub(tls, 'connect')
      .callsFake(((options: tls.ConnectionOptions) => open({ ...options, ca: server.ca })) as never);
    connections = new Connections();
    client = clientOf(connections);
  });
  afterEach(async () => {
    for (const name of PROXY_VARIABLES) Reflect.deleteProperty(process.env, name);
    Object.assign(process.env, environment);
    sinon.restore();
    await Promise.all(closing.splice(0).map((close) => close()));
    await connections.close();
  });

  function clientOf(by: Connections, host = server.host): GraphClient {
    return new GraphClient({ host, version: 'v25.0', token: 'EAAB', secret: undefined }, by);
  }

  const send = (): Promise<unknown> => client.post('/me/messages', {}, SEND);

  /** A proxy that does with each connection's first bytes what it is told. */
  async function startProxy(
    onRequest: (socket: Socket, head: string) => void,
  ): Promise<{ readonly port: number; readonly heads: string[] }> {
    const heads: string[] = [];
    const sockets = new Set<Socket>();
    const proxy: Server = createServer((socket) => {
      sockets.add(socket.on('error', () => undefined));
      socket.once('data', (head) => {
        heads.push(head.toString());
        onRequest(socket, head.toString());
      });
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      proxy.close();
      await once(proxy, 'close');
    });
    return { port: (proxy.address() as AddressInfo).port, heads };
  }

  const tunnel = (socket: Socket): void => {
    const onward = connect(Number(server.host.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(onward).pipe(socket);
    });
    socket.once('close', () => onward.destroy());
    onward.on('error', () => undefined);
  };

  describe('the default dispatcher', () => {
    for (const name of ['HTTPS_PROXY', 'https_proxy']) {
      it(`goes by the proxy that ${name} names, and shows it no token`, async () => {
        const proxy = await startProxy(tunnel);
        process.env[name] = `http://127.0.0.1:${proxy.port}`;
        assert.deepEqual(await send(), { ok: true });
        assert.equal(proxy.heads.length, 1);
        assert.match(proxy.heads[0] ?? '', new RegExp(`^CONNECT ${server.host} HTTP/1\\.1\r\n`));
        assert.doesNotMatch(proxy.heads[0] ?? '', /EAAB/);
      });
    }

    for (const name of ['NO_PROXY', 'no_proxy']) {
      it(`goes to the hosts that ${name} names without it`, async () => {
        process.env.HTTPS_PROXY = 'http://127.0.0.1:1';
        process.env[name] = '127.0.0.1';
        assert.deepEqual(await send(), { ok: true });
      });
    }

    const badProxies: [what: string, does: (socket: Socket) => void, reason: RegExp][] = [
      [
        'that refuses the tunnel',
        (socket) => socket.end('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n'),
        /503/,
      ],
      [
        'that wants a password',
        (socket) => socket.end('HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n'),
        /407/,
      ],
      ['that hangs up', (socket) => socket.end(), /UND_ERR_SOCKET/],
      ['that resets the connection', (socket) => socket.resetAndDestroy(), /ECONNRESET|UND_ERR_SOCKET/],
      ['that is none', (socket) => socket.end('220 smtp.example.com\r\n'), /HTTP\/1\.1 protocol/],
      [
        'whose tunnel ends before it is secure',
        (socket) => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          socket.once('data', () => socket.end());
        },
        /before secure TLS connection was established/,
      ],
    ];
    for (const [what, does, reason] of badProxies) {
      it(`knows that nothing was sent by a proxy ${what}, and tries it once`, async () => {
        const proxy = await startProxy(does);
        process.env.HTTPS_PROXY = `http://127.0.0.1:${proxy.port}`;
        await assert.rejects(send(), { code: 'ERR_GRAPH_UNREACHABLE', message: reason });
        assert.equal(proxy.heads.length, 1);
        assert.deepEqual(server.received, []);
      });
    }

    it('knows that nothing was sent by a proxy that opens no tunnel within 10 s', async function () {
      this.timeout(20_000);
      const proxy = await startProxy(() => undefined);
      process.env.HTTPS_PROXY = `http://127.0.0.1:${proxy.port}`;
      const begun = performance.now();
      await assert.rejects(send(), { code: 'ERR_GRAPH_UNREACHABLE', message: /UND_ERR_HEADERS_TIMEOUT/ });
      const seconds = (performance.now() - begun) / 1000;
      assert.ok(seconds > 8 && seconds < 14, `${seconds} s`);
    });

    it('knows that nothing was sent when the proxy is no address', async () => {
      process.env.HTTPS_PROXY = 'proxy.example:port';
      await assert.rejects(send(), { code: 'ERR_GRAPH_UNREACHABLE', message: /Invalid/ });
    });

    it('knows that nothing was sent when the server speaks no TLS', async () => {
      const { port } = await startProxy((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      client = clientOf(connections, `127.0.0.1:${port}`);
      await assert.rejects(send(), { code: 'ERR_GRAPH_UNREACHABLE' });
    });

    it('knows that nothing was sent when the connection is reset in the handshake', async () => {
      const { port } = await startProxy((socket) => socket.resetAndDestroy());
      client = clientOf(connections, `127.0.0.1:${port}`);
      await assert.rejects(send(), { code: 'ERR_GRAPH_UNREACHABLE' });
    });

    it('does not know what became of a call whose connection breaks', async () => {
      server.answer(cutConnection);
      await assert.rejects(send(), { code: 'ERR_GRAPH_INTERRUPTED' });
    });

    it('takes no more than a megabyte for an answer', async () => {
      server.answer(
        json(200, { text: 'x'.repeat(1024 * 1024 - 100) }),
        json(200, { text: 'x'.repeat(1024 * 1024) }),
      );
      await send();
      await assert.rejects(send(), {
        code: 'ERR_GRAPH_INTERRUPTED',
        message: /UND_ERR_RES_EXCEEDED_MAX_SIZE/,
      });
    });

    it('gives the platform 90 s for an answer, and 10 s to look something up', async () => {
      const asked: unknown[] = [];
      const note = (message: unknown): void => {
        const { headersTimeout, bodyTimeout } = (message as { request: Record<string, unknown> }).request;
        asked.push([headersTimeout, bodyTimeout]);
      };
      diagnostics.subscribe('undici:request:create', note);
      try {
        server.answer(json(200, { id: '1001' }));
        await client.post('/me/message_attachments', {}, { action: 'upload', asset: 'x', lane: 'upload' });
        await send();
        await client.pageId();
      } finally {
        diagnostics.unsubscribe('undici:request:create', note);
      }
      assert.deepEqual(asked, [
        [90_000, 90_000],
        [90_000, 90_000],
        [10_000, 10_000],
      ]);
    });

    it('has a connection for each call that the lanes let through', async () => {
      const { answer, release } = held();
      server.answer(answer);
      const calls = (['send', 'content', 'upload'] as const).flatMap((lane) =>
        Array.from({ length: LANE_LIMITS[lane] + 3 }, () =>
          clientOf(connections).post('/me/messages', {}, { ...SEND, lane }),
        ),
      );
      const inFlight = LANE_LIMITS.send + LANE_LIMITS.content + LANE_LIMITS.upload;
      await until(() => server.received.length >= inFlight);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assert.equal(server.received.length, inFlight);
      release();
      await Promise.all(calls);
      assert.equal(server.received.length, inFlight + 9);
    });
  });

  describe('close', () => {
    it('ends idle connections, and a later call opens new ones', async () => {
      await send();
      const before = connections.dispatcher();
      await connections.close();
      assert.equal((before as Partial<Agent>).closed, true);
      assert.deepEqual(await send(), { ok: true });
      assert.notEqual(connections.dispatcher(), before);
    });

    it('lets a call in flight have its answer', async () => {
      const { answer, release } = held();
      server.answer(answer);
      const sent = send();
      await until(() => server.received.length === 1);
      const closed = connections.close();
      release();
      assert.deepEqual(await sent, { ok: true });
      await closed;
    });

    it('does nothing before the first call', async () => {
      await connections.close();
      assert.deepEqual(await send(), { ok: true });
    });

    it("leaves the author's dispatcher open", async () => {
      const own = new Agent({ connect: { ca: server.ca } });
      closing.push(() => own.close());
      const given = new Connections(own);
      await clientOf(given).post('/me/messages', {}, SEND);
      await given.close();
      assert.equal((own as unknown as { closed: boolean }).closed, false);
      assert.deepEqual(given.answerTimeouts('send'), {});
    });
  });

  it('keeps lanes by host and kind, for all pages', () => {
    const lanes = connections.lanes('https://a');
    assert.equal(connections.lanes('https://a'), lanes);
    assert.notEqual(connections.lanes('https://b').send, lanes.send);
    assert.equal(new Set(Object.values(lanes)).size, 4);
  });

  it('lets no lane whose calls hang hold up another', async () => {
    const { answer, release } = held();
    server.answer(answer);
    const hanging = (['content', 'upload'] as const).flatMap((lane) =>
      Array.from({ length: LANE_LIMITS[lane] + 10 }, () =>
        clientOf(connections).post('/me/messages', {}, { ...SEND, lane }),
      ),
    );
    await until(() => server.received.length === LANE_LIMITS.content + LANE_LIMITS.upload);
    server.answer(json(200, { ok: true }));
    assert.deepEqual(await Promise.all(Array.from({ length: 60 }, send)), Array(60).fill({ ok: true }));
    release();
    await Promise.all(hanging);
  });
});

/** Answers well, but only when it is released. */
function held(): { readonly answer: Answer; readonly release: () => void } {
  const waiting: (() => void)[] = [];
  let isReleased = false;
  return {
    answer: (...args) => {
      const go = (): void => {
        json(200, { ok: true })(...args);
      };
      if (isReleased) go();
      else waiting.push(go);
    },
    release: () => {
      isReleased = true;
      for (const go of waiting) go();
    },
  };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
