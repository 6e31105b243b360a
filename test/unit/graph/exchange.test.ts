import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import * as undici from 'undici';
import { Agent, type Dispatcher } from 'undici';
import { exchange, type RawAnswer, type RawCall } from '../../../src/graph/exchange';
import { cut, cutAnswer, json, useGraphServer } from '../../support/platform/graph-server';
import { freePort } from '../../support/checks/observe';

type Methods = Record<string, (...args: unknown[]) => unknown>;

const OLDER = ['onConnect', 'onHeaders', 'onData', 'onComplete', 'onError'];

const NEWER = ['onRequestStart', 'onResponseStart', 'onResponseData', 'onResponseEnd', 'onResponseError'];

/** Knows these methods of a handler alone, and is none of this undici's. */
function knowing(names: readonly string[], dispatcher: Dispatcher): Dispatcher {
  const dispatch: Dispatcher['dispatch'] = (options, handler) => {
    const methods = handler as unknown as Methods;
    const known = names.map((name) => [name, methods[name]?.bind(handler)]);
    return dispatcher.dispatch(options, Object.fromEntries(known) as Dispatcher.DispatchHandler);
  };
  return { dispatch } as unknown as Dispatcher;
}

describe('exchange', () => {
  const server = useGraphServer();

  it('makes one call after another by one connection', async () => {
    const own = new Agent({ connect: { ca: server.ca } });
    const origin = `https://${server.host}`;
    try {
      for (let calls = 0; calls < 5; calls++)
        await exchange(own, { method: 'GET', origin, path: '/v25.0/me', headers: null, body: null }, undici);
      assert.equal(server.received.length, 5);
      assert.equal(own.stats[origin]?.connected, 1);
    } finally {
      await own.close();
    }
  });

  it('spares this undici what it does for handlers of the newer kind', async () => {
    const newer: boolean[] = [];
    class Noting extends Agent {
      override dispatch(...[options, handler]: Parameters<Agent['dispatch']>): boolean {
        newer.push(NEWER.some((name) => name in handler));
        return super.dispatch(options, handler);
      }
    }
    const own = new Noting({ connect: { ca: server.ca } });
    const origin = `https://${server.host}`;
    try {
      await exchange(own, { method: 'GET', origin, path: '/v25.0/me', headers: null, body: null }, undici);
      assert.deepEqual(newer, [false]);
    } finally {
      await own.close();
    }
  });

  const kinds: [what: string, of: () => Dispatcher][] = [
    ["this undici's dispatcher", () => server.agent],
    ["this undici's, behind an interceptor", () => server.agent.compose(undici.interceptors.redirect())],
    ['a dispatcher of a newer undici', () => knowing(NEWER, server.agent)],
    ['a dispatcher of an older undici', () => knowing(OLDER, server.agent)],
  ];
  for (const [what, dispatcher] of kinds) {
    describe(`with ${what}`, () => {
      const call = (more: Partial<RawCall> = {}): Promise<RawAnswer> =>
        exchange(
          dispatcher(),
          {
            method: 'POST',
            origin: `https://${server.host}`,
            path: '/v25.0/me/messages',
            headers: { 'content-type': 'application/json' },
            body: '{"a":1}',
            ...more,
          },
          undici,
        );

      it('makes the call', async () => {
        await call();
        const [request, ...more] = server.received;
        assert.deepEqual(more, []);
        assert.deepEqual(
          [request?.method, request?.path, request?.headers['content-type'], request?.body.toString()],
          ['POST', '/v25.0/me/messages', 'application/json', '{"a":1}'],
        );
      });

      it('gives status and text of the answer, whatever it says', async () => {
        assert.deepEqual(await call(), { status: 200, retryAfter: undefined, text: '{"ok":true}' });
        server.answer(json(503, '<html>'));
        assert.deepEqual(await call(), { status: 503, retryAfter: undefined, text: '<html>' });
        server.answer(json(200, ''));
        assert.deepEqual(await call(), { status: 200, retryAfter: undefined, text: '' });
      });

      it('gives the header Retry-After, wherever it stands', async () => {
        server.answer(json(429, '', { 'Retry-After': '7', 'X-After': '8' }));
        assert.equal((await call()).retryAfter, '7');
        server.answer(json(429, '', { 'X-Before': '6', 'retry-after': '7' }));
        assert.equal((await call()).retryAfter, '7');
      });

      it('gives the first Retry-After of two, and none of an answer that is no error', async () => {
        server.answer(json(400, '', { 'Retry-After': ['7', '8'] }), json(200, '', { 'Retry-After': '7' }));
        assert.equal((await call()).retryAfter, '7');
        assert.equal((await call()).retryAfter, undefined);
      });

      it('takes no other header for it', async () => {
        const others = {
          'X-Retry-After': '6',
          'Retry-After-Ms': '7',
          'X-Name': 'Retry-After',
          'X-Value': '8',
        };
        server.answer(json(429, '', others));
        assert.equal((await call()).retryAfter, undefined);
      });

      it('puts an answer together that comes in pieces, in the middle of a letter, too', async () => {
        const text = Buffer.from('{"text":"Grüße"}');
        const middle = text.indexOf('ü') + 1;
        server.answer((response) => {
          response.write(text.subarray(0, middle), () => {
            setTimeout(() => response.end(text.subarray(middle)), 20);
          });
        });
        assert.equal((await call()).text, text.toString());
      });

      it('streams a body', async () => {
        await call({ body: Readable.from([Buffer.from('pic'), Buffer.from('ture')], { objectMode: false }) });
        assert.equal(server.received[0]?.body.toString(), 'picture');
      });

      it('asks without a body', async () => {
        await call({ method: 'GET', headers: null, body: null });
        assert.deepEqual([server.received[0]?.method, server.received[0]?.body.length], ['GET', 0]);
      });

      it('fails when the connection breaks, before the answer and in the middle of it', async () => {
        for (const broken of [cut, cutAnswer]) {
          server.answer(broken);
          await assert.rejects(call(), { code: 'UND_ERR_SOCKET' });
        }
      });

      it('fails when there is no connection, with a body and without, and gives up a body that was not begun', async () => {
        const origin = `https://127.0.0.1:${await freePort()}`;
        const body = Readable.from(['picture']);
        for (const one of ['{}', null, body]) {
          await assert.rejects(call({ origin, body: one }), { code: 'ECONNREFUSED' });
        }
        assert.equal(body.destroyed, true);
      });
    });
  }
});
