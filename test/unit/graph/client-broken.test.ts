import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { Agent, MockAgent, ProxyAgent, type Dispatcher } from 'undici';
import { certificateFor } from 'messenger-platform-simulator';
import { GraphClient, type GraphCall } from '../../../src/graph/client';
import { Connections } from '../../../src/graph/connections';
import { TransportError, type TransportErrorCode } from '../../../src/graph/errors';
import {
  cutConnection,
  cutAnswer,
  neverAnswer,
  json,
  startGraphServer,
  type GraphServer,
} from '../../support/platform/graph-server';

const SEND: GraphCall = { action: 'send', asset: 'image "tom.png"', lane: 'send' };
const TOKEN = 'EAAB';
const NOT_TRUSTED =
  'Its certificate is not trusted. If its authority is your own, the simulator’s or a proxy’s, start Node with NODE_EXTRA_CA_CERTS=<the file of that authority’s certificate>.';

describe('GraphClient, when the connection fails', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
  });

  async function post(host: string, dispatcher: Dispatcher): Promise<unknown> {
    const account = { host, version: 'v25.0', token: TOKEN, secret: undefined };
    try {
      return await new GraphClient(account, new Connections(dispatcher)).post('/me/messages', {}, SEND);
    } finally {
      await dispatcher.close();
    }
  }

  async function startServer(...tls: Parameters<typeof startGraphServer>): Promise<GraphServer> {
    const server = await startGraphServer(...tls);
    closing.push(() => server.close());
    return server;
  }

  async function startTcp(onConnection: (socket: Socket) => void): Promise<string> {
    return listen(createServer(onConnection));
  }

  async function listen(server: Server): Promise<string> {
    const sockets = new Set<Socket>();
    server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** Fails with `code`, and says of it between the fixed words what is returned. */
  async function reasonOf(
    call: Promise<unknown>,
    code: TransportErrorCode,
    [before, after]: [string, string],
  ): Promise<string> {
    const error: unknown = await call.then(
      () => assert.fail('it went well'),
      (failure: unknown) => failure,
    );
    assert.ok(error instanceof TransportError, String(error));
    assert.deepEqual(
      [error.code, error.asset, error.status, error.cause],
      [code, 'image "tom.png"', undefined, undefined],
    );
    const [start, end] = [`Could not send image "tom.png": ${before} (`, `). ${after}`];
    assert.ok(error.message.startsWith(start) && error.message.endsWith(end), error.message);
    return error.message.slice(start.length, -end.length);
  }

  /** The call was certainly not carried out. */
  async function assertUnreachable(
    call: Promise<unknown>,
    host: string,
    reason: RegExp,
    advice = 'Check the network, the proxy and the host of the Graph API.',
  ): Promise<void> {
    const expected: [string, string] = [`no connection to https://${host}`, `Nothing was sent. ${advice}`];
    assert.match(await reasonOf(call, 'ERR_GRAPH_UNREACHABLE', expected), reason);
  }

  /** Nobody knows whether the call was carried out. */
  async function assertInterrupted(call: Promise<unknown>, reason: string): Promise<void> {
    const expected: [string, string] = [
      'the connection broke',
      'The message may have arrived, so it is not sent again.',
    ];
    assert.equal(await reasonOf(call, 'ERR_GRAPH_INTERRUPTED', expected), reason);
  }

  describe('nothing was sent', () => {
    it('when nobody listens', async () => {
      const host = await startTcp(() => undefined);
      await Promise.all(closing.splice(0).map((close) => close()));
      const [, port = ''] = host.split(':');
      await assertUnreachable(
        post(host, new Agent()),
        host,
        new RegExp(`^connect ECONNREFUSED 127\\.0\\.0\\.1:${port}$`),
      );
      // By its name, both address families are tried, and the error is one of errors.
      await assertUnreachable(post(`localhost:${port}`, new Agent()), `localhost:${port}`, /ECONNREFUSED/);
    });

    it('when the name is not known', async () => {
      const lookup = (_: string, __: object, done: (error: Error) => void): void => {
        const error = new Error('getaddrinfo ENOTFOUND graph.example');
        done(Object.assign(error, { code: 'ENOTFOUND', syscall: 'getaddrinfo' }));
      };
      const call = post('graph.example', new Agent({ connect: { lookup: lookup as never } }));
      await assertUnreachable(call, 'graph.example', /^getaddrinfo ENOTFOUND graph\.example$/);
    });

    it('when the connection does not come up in time', async () => {
      const host = await startTcp(() => undefined);
      const call = post(host, new Agent({ connect: { timeout: 50 } }));
      await assertUnreachable(call, host, /^UND_ERR_CONNECT_TIMEOUT: Connect Timeout Error/);
    });

    it('when the connection is closed before it is secure', async () => {
      const host = await startTcp((socket) => socket.once('data', () => socket.end()));
      const call = post(host, new Agent());
      await assertUnreachable(call, host, /before secure TLS connection was established/);
    });

    it('when the certificate is of an unknown authority', async () => {
      const server = await startServer();
      const call = post(server.host, new Agent());
      await assertUnreachable(call, server.host, /^UNABLE_TO_VERIFY_LEAF_SIGNATURE: /, NOT_TRUSTED);
      assert.deepEqual(server.received, []);
    });

    it('when the certificate is of a self-signed authority that the server sends along', async () => {
      const authority = await generateCertificate({ isAuthority: true });
      const leaf = await generateCertificate({ authority });
      const server = await startServer({ key: leaf.private, cert: `${leaf.cert}\n${authority.cert}` });
      const call = post(server.host, new Agent());
      await assertUnreachable(call, server.host, /^SELF_SIGNED_CERT_IN_CHAIN: /, NOT_TRUSTED);
    });

    it('when the certificate signed itself', async () => {
      const own = await generateCertificate({});
      const server = await startServer({ key: own.private, cert: own.cert });
      const call = post(server.host, new Agent());
      await assertUnreachable(call, server.host, /^DEPTH_ZERO_SELF_SIGNED_CERT: /, NOT_TRUSTED);
    });

    it('when the certificate has expired', async () => {
      const own = await generateCertificate({ lasts: 60_000 });
      const server = await startServer({ key: own.private, cert: own.cert });
      const call = post(server.host, new Agent({ connect: { ca: own.cert } }));
      await assertUnreachable(
        call,
        server.host,
        /^CERT_HAS_EXPIRED: /,
        'Its certificate is not valid today: is the clock of this machine right?',
      );
    });

    it('when the certificate is of another host', async () => {
      const server = await startServer();
      const call = post(server.host, new Agent({ connect: { ca: server.ca, servername: 'graph.example' } }));
      await assertUnreachable(
        call,
        server.host,
        /^ERR_TLS_CERT_ALTNAME_INVALID: /,
        'Its certificate is for another host: check the host of the Graph API.',
      );
      assert.deepEqual(server.received, []);
    });

    it('when the certificate of a proxy is of another host', async () => {
      const { ca, cert, key } = await certificateFor('127.0.0.1');
      const uri = `https://${await listen(createHttpsServer({ cert, key }))}`;
      const proxy = new ProxyAgent({ uri, proxyTls: { ca, servername: 'proxy.example' } });
      await assertUnreachable(post('graph.example', proxy), 'graph.example', /^UND_ERR_PRX_TLS: /);
    });

    it('when a proxy refuses the tunnel', async () => {
      const proxy = await startTcp((socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n')),
      );
      const call = post('graph.example', new ProxyAgent(`http://${proxy}`));
      await assertUnreachable(call, 'graph.example', /^UND_ERR_ABORTED: Proxy response \(503\)/);
    });

    for (const end of ['close', 'destroy'] as const) {
      it(`when the dispatcher is ended by ${end}()`, async () => {
        const server = await startServer();
        server.answer(json(200, { ok: true }));
        const agent = new Agent({ connect: { ca: server.ca } });
        const account = { host: server.host, version: 'v25.0', token: TOKEN, secret: undefined };
        const client = new GraphClient(account, new Connections(agent));
        await client.post('/me/messages', {}, SEND);
        const ended = agent[end]();
        const call = (): Promise<unknown> => client.post('/me/messages', {}, SEND);
        await assertUnreachable(call(), server.host, /^the dispatcher is closed$/);
        await ended;
        await assertUnreachable(call(), server.host, /^the dispatcher is closed$/);
      });
    }

    it('when every address fails to connect', async () => {
      const refused = Object.assign(new Error('connect ECONNREFUSED'), { syscall: 'connect' });
      const error = new AggregateError([refused, refused], 'all of them failed');
      await assertUnreachable(post('graph.example', failing(error)), 'graph.example', /^all of them failed$/);
    });
  });

  describe('it may have been carried out', () => {
    it('when the connection is cut before an answer', async () => {
      const server = await startServer();
      server.answer(cutConnection);
      const call = post(server.host, new Agent({ connect: { ca: server.ca } }));
      await assertInterrupted(call, 'UND_ERR_SOCKET: other side closed');
      assert.equal(server.received.length, 1);
    });

    it('when the connection is cut within the answer', async () => {
      const server = await startServer();
      server.answer(cutAnswer);
      const call = post(server.host, new Agent({ connect: { ca: server.ca } }));
      await assertInterrupted(call, 'UND_ERR_SOCKET: other side closed');
    });

    it('when the answer is too late', async () => {
      const server = await startServer();
      server.answer(neverAnswer);
      const call = post(server.host, new Agent({ connect: { ca: server.ca }, headersTimeout: 50 }));
      await assertInterrupted(call, 'UND_ERR_HEADERS_TIMEOUT: Headers Timeout Error');
    });

    it('when an answer is not encrypted, which names the HTTP port', async () => {
      const host = await listen(createHttpServer());
      const error: unknown = await post(host, new Agent()).catch((failure: unknown) => failure);
      assert.ok(error instanceof TransportError);
      assert.equal(error.code, 'ERR_GRAPH_INTERRUPTED');
      assert.equal(
        error.message,
        `Could not send image "tom.png": no HTTPS at https://${host} (ERR_SSL_WRONG_VERSION_NUMBER: wrong version number). ` +
          'The message may have arrived, so it is not sent again. What answers there does not speak HTTPS: give the HTTPS port of the Graph API’s host, not its HTTP port.',
      );
    });

    it('when not every one of several errors is about connecting', async () => {
      const refused = Object.assign(new Error('connect ECONNREFUSED'), { syscall: 'connect' });
      const call = post('graph.example', failing(new AggregateError([refused, new Error('Reset')], 'both')));
      await assertInterrupted(call, 'both');
    });

    it('when there are no errors in an error of errors', async () => {
      await assertInterrupted(post('graph.example', failing(new AggregateError([], 'none'))), 'none');
    });

    const reasons: [what: string, error: unknown, reason: string][] = [
      ['an error with a code in its message', withCode('read ECONNRESET', 'ECONNRESET'), 'read ECONNRESET'],
      ['an error with a code beside it', withCode('it ended', 'ECONNRESET'), 'ECONNRESET: it ended'],
      ['an error with nothing but a code', withCode('', 'ECONNRESET'), 'ECONNRESET'],
      ['an error with nothing at all', new RangeError(''), 'RangeError'],
      ['an error whose code is no text', withCode('it ended', 7), 'it ended'],
      ['something that is no error', 'it ended', 'it ended'],
      [
        'a token in the message',
        new Error(`not found: /me?access_token=${TOKEN} ${TOKEN}`),
        'not found: /me?access_token=… …',
      ],
      ['a certificate in the message only', new Error('CERT_HAS_EXPIRED'), 'CERT_HAS_EXPIRED'],
      ['a code that ends like a certificate', withCode('it ended', 'NO_CERT_'), 'NO_CERT_: it ended'],
    ];
    for (const [what, error, reason] of reasons) {
      it(`shows ${what}`, async () => {
        await assertInterrupted(post('graph.example', failing(error)), reason);
      });
    }
  });

  /** For failures that no server can bring about. */
  function failing(error: unknown): Dispatcher {
    const agent = new MockAgent();
    agent.disableNetConnect();
    const pool = agent.get('https://graph.example');
    pool.intercept({ path: () => true, method: 'POST' }).replyWithError(error as Error);
    return agent;
  }
});

function withCode(message: string, code: unknown): Error {
  return Object.assign(new Error(message), { code });
}

interface Certified {
  cert: string;
  private: string;
}

function generateCertificate({
  authority,
  isAuthority = false,
  lasts = 24 * 3600_000,
}: {
  authority?: Certified;
  isAuthority?: boolean;
  lasts?: number;
}): Promise<Certified> {
  const begun = Date.now() - 3600_000;
  return generate([{ name: 'commonName', value: isAuthority ? 'An authority' : '127.0.0.1' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(begun),
    notAfterDate: new Date(begun + lasts),
    extensions: isAuthority
      ? [
          { name: 'basicConstraints', cA: true, critical: true },
          { name: 'keyUsage', keyCertSign: true, critical: true },
        ]
      : [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    ...(authority && { ca: { key: authority.private, cert: authority.cert } }),
  });
}
