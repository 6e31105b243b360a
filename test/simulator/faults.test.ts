import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { type Fault, type Simulator } from 'messenger-platform-simulator';
import {
  assertError,
  call,
  callWithForm,
  messageWith,
  PAGE,
  png,
  received,
  send,
  sendById,
  upload,
  USER,
  useSimulator,
} from './support';

describe('A fault', () => {
  const simulator = useSimulator();
  const hello = { text: 'Hello' };

  it('hits the next call only, unless told otherwise', async () => {
    simulator().addFaults({ status: 503, body: { any: 'thing' }, headers: { 'Retry-After': '7' } });
    const hit = await fetch(`${simulator().httpUrl}/me/messages`, { method: 'POST' });
    assert.deepEqual(
      [hit.status, hit.headers.get('retry-after'), await hit.json()],
      [503, '7', { any: 'thing' }],
    );
    assert.equal((await send(simulator(), hello)).status, 200);
    assert.equal(received(simulator()).length, 1);
  });

  it('hits as many calls as `times` says, after as many as `afterCalls` says', async () => {
    simulator().addFaults({ status: 500, body: {}, times: 2, afterCalls: 1 });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n++) statuses.push((await send(simulator(), hello)).status);
    assert.deepEqual(statuses, [200, 500, 500, 200, 200]);
    assert.deepEqual(simulator().faults(), []);
  });

  it('hits only the path and purpose that it names', async () => {
    simulator().addFaults(
      { path: '/messages', status: 500, body: {} },
      { path: '/message_attachments$', status: 501, body: {} },
      { purpose: 'send-id', status: 502, body: {} },
    );
    const message = messageWith('image', { is_reusable: true });
    const form = { message, filedata: png() };
    assert.equal((await callWithForm(simulator(), '/message_attachments', form)).status, 501);
    const id = await upload(simulator());
    assert.equal((await send(simulator(), hello)).status, 500);
    assert.equal((await send(simulator(), hello)).status, 200);
    assert.equal((await sendById(simulator(), id)).status, 502);
    assert.equal((await sendById(simulator(), id)).status, 200);
  });

  it('is forgotten when faults are cleared', async () => {
    simulator().addFaults({ status: 500, body: {} });
    assert.deepEqual(simulator().faults(), [{ fault: { status: 500, body: {} }, hits: 0 }]);
    simulator().clearFaults();
    assert.equal((await send(simulator(), hello)).status, 200);
  });

  it('has the simulator’s own wording for its errors, and is transient with 1 and 2', async () => {
    const errors: [error: Fault['error'], message: RegExp, isTransient?: boolean][] = [
      [{ code: 100, subcode: 2018074 }, /^\(#100\) Possible invalid ID or you do not own the attachment\.$/],
      [{ code: 190 }, /^Invalid OAuth access token\.$/],
      [{ code: 80006 }, /^\(#80006\) There have been too many calls/],
      [{ code: 613 }, /^\(#613\) A fault of the simulator$/],
      [{ code: 1 }, /^An unknown error occurred$/, true],
      [{ code: 2 }, /^\(#2\)/, true],
      [{ code: 2, is_transient: false }, /^\(#2\)/, false],
      [{ code: 1, subcode: 1357046 }, /^\(#1\)/],
    ];
    for (const [error, message, isTransient] of errors) {
      simulator().addFaults({ ...(error && { error }) });
      const answer = await send(simulator(), hello);
      assertError(answer, error?.code ?? 0, error?.subcode, message);
      assert.equal((answer.body.error as { is_transient?: boolean } | undefined)?.is_transient, isTransient);
    }
  });

  it('answers with a Graph error in short', async () => {
    simulator().addFaults({
      error: { code: 613, subcode: 1996, message: 'Calls exceeded', is_transient: true },
    });
    const limited = await send(simulator(), hello);
    assertError(limited, 613, 1996, /^Calls exceeded$/);
    assert.equal((limited.body.error as { is_transient?: boolean } | undefined)?.is_transient, true);
    simulator().addFaults({ error: { code: 2 }, status: 500 });
    assert.equal((await send(simulator(), hello)).status, 500);
    assert.deepEqual(received(simulator()), []);
    assert.deepEqual(
      simulator()
        .calls()
        .map(({ code, subcode, fault }) => [code, subcode, fault]),
      [
        [613, 1996, 'error:613'],
        [2, undefined, 'error:2'],
      ],
    );
  });

  it('answers with HTML, cut JSON or nothing, as it is', async () => {
    for (const [body, type] of [
      ['<html>Sorry', 'text/html'],
      ['{"recipient_id":"12', 'application/json'],
      ['', 'application/json'],
    ] as const) {
      simulator().addFaults({ status: 200, body });
      const response = await fetch(`${simulator().httpUrl}/me`);
      assert.equal(response.headers.get('content-type'), `${type}; charset=UTF-8`);
      assert.equal(await response.text(), body);
    }
  });

  it('with `accept` lets the message through and answers with an error: 1/1357046', async () => {
    const error = { code: 1, subcode: 1357046, message: 'Received invalid JSON reply' };
    simulator().addFaults({ accept: true, error });
    assertError(await send(simulator(), hello), 1, 1357046);
    assert.deepEqual(
      received(simulator()).map(({ text }) => text),
      ['Hello'],
    );
  });

  it('drops fields of a good answer', async () => {
    simulator().addFaults({ path: '/message_attachments', drop: ['attachment_id'] });
    const form = { message: messageWith('image', { is_reusable: true }), filedata: png() };
    assert.deepEqual(await callWithForm(simulator(), '/message_attachments', form), {
      status: 200,
      body: {},
    });
    assert.equal(simulator().assets().length, 1);
  });

  it('delays a call that then takes its course', async () => {
    simulator().addFaults({ delayMs: 80 });
    const startedAt = performance.now();
    assert.equal((await send(simulator(), hello)).status, 200);
    assert.ok(performance.now() - startedAt >= 79);
  });

  it('with `accept` delays only the answer', async () => {
    simulator().addFaults({ delayMs: 300, accept: true });
    const answer = send(simulator(), hello);
    await new Promise((resolve) => simulator().events.once('message', resolve));
    assert.equal(simulator().calls()[0]?.status, 0);
    assert.equal((await answer).status, 200);
  });

  it('hangs until the client gives up, and holds nobody else up', async () => {
    simulator().addFaults({ hang: true });
    const givingUp = new AbortController();
    const hanging = fetch(`${simulator().httpUrl}/me?access_token=${PAGE.token}`, {
      signal: givingUp.signal,
    });
    const noAnswer = assert.rejects(hanging, { name: 'AbortError' });
    while (simulator().calls().length === 0) await delay(5);
    assert.equal((await call(simulator(), '/me')).status, 200);
    givingUp.abort();
    await noAnswer;
    assert.deepEqual(
      simulator()
        .calls()
        .map(({ fault, status }) => [fault, status]),
      [
        ['hang', 0],
        [undefined, 200],
      ],
    );
  });

  it('that hangs or waits ends when the simulator closes', async () => {
    simulator().addFaults({ hang: true }, { delayMs: 60_000 });
    const calls = [send(simulator(), hello), send(simulator(), hello)].map((answer) =>
      assert.rejects(answer),
    );
    while (
      simulator()
        .calls()
        .filter(({ fault }) => fault).length < 2
    )
      await delay(5);
    const startedAt = performance.now();
    await simulator().close();
    await Promise.all(calls);
    assert.ok(performance.now() - startedAt < 2000);
  });
});

/** Where a connection is cut, what the client sees, and what the platform has done by then. */
const CUTS: { reset: NonNullable<Fault['reset']>; arrives: boolean; sees: RegExp }[] = [
  { reset: 'before', arrives: false, sees: /ECONNRESET|other side closed/ },
  { reset: 'during', arrives: false, sees: /ECONNRESET|EPIPE|other side closed/ },
  { reset: 'after', arrives: true, sees: /ECONNRESET|other side closed/ },
  { reset: 'answer', arrives: true, sees: /terminated|aborted|other side closed/ },
];

describe('A connection that is cut', () => {
  const simulator = useSimulator();

  for (const { reset, arrives, sees } of CUTS) {
    for (const scheme of ['http', 'https'] as const) {
      it(`“${reset}” over ${scheme}: the message ${arrives ? 'is' : 'is not'} there, the answer is not`, async () => {
        simulator().addFaults({ path: '/messages', reset });
        const agent = new Agent({ connect: { ca: simulator().ca } });
        const post = () => postLargeMessage(simulator(), scheme, agent);
        await assert.rejects(post(), (error: Error & { code?: string }) =>
          sees.test(`${error.message} ${error.code ?? ''}`),
        );
        assert.equal(received(simulator()).length, arrives ? 1 : 0);
        await post(); // The next call finds everything in order.
        await agent.destroy();
        assert.equal(received(simulator()).length, arrives ? 2 : 1);
        assert.equal(simulator().calls()[0]?.fault, `reset:${reset}`);
      });
    }
  }

  it('“before” was really reset: the client’s socket says so', async () => {
    simulator().addFaults({ reset: 'before' });
    const { socket, closed } = rawCall(simulator());
    socket.write('GET /me HTTP/1.1\r\nhost: localhost\r\n\r\n');
    assert.deepEqual(await closed, { code: 'ECONNRESET', text: '' });
  });

  it('“during” has read a part of the body, and no more', async () => {
    simulator().addFaults({ reset: 'during' });
    const { socket, closed } = rawCall(simulator());
    socket.write('POST /me/messages HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n\r\nfirst part');
    assert.equal((await closed).code, 'ECONNRESET');
    assert.equal(simulator().calls()[0]?.bytes, 10);
  });

  it('“answer” sends less than its Content-Length promises', async () => {
    simulator().addFaults({ reset: 'answer' });
    const { socket, closed } = rawCall(simulator());
    socket.write(`GET /me?access_token=${PAGE.token} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    const { code, text } = await closed;
    const [head = '', body = ''] = text.split('\r\n\r\n');
    const promised = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    assert.equal(code, undefined);
    assert.ok(body.length > 0 && body.length < promised, text);
  });

  it('can wait for a purpose: only sends by ID are cut', async () => {
    const id = await upload(simulator());
    simulator().addFaults({ purpose: 'send-id', reset: 'before' });
    assert.equal((await send(simulator(), { text: 'x' })).status, 200);
    await assert.rejects(sendById(simulator(), id));
    assert.deepEqual(
      received(simulator()).map(({ text }) => text),
      ['x'],
    );
  });
});

async function postLargeMessage(
  simulator: Simulator,
  scheme: 'http' | 'https',
  dispatcher: Agent,
): Promise<void> {
  const { url, httpUrl } = simulator;
  const response = await request(
    `${scheme === 'http' ? httpUrl : url}/me/messages?access_token=${PAGE.token}`,
    {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      // Large, so that it comes in several pieces.
      body: JSON.stringify({
        recipient: { id: USER },
        message: { text: 'Hello', metadata: 'x'.repeat(4_000_000) },
      }),
      dispatcher,
    },
  );
  assert.equal(response.statusCode, 200);
  await response.body.json();
}

/** A bare TCP connection; `closed` tells how it ended and what came until then. */
function rawCall(simulator: Simulator): {
  socket: Socket;
  closed: Promise<{ code: string | undefined; text: string }>;
} {
  const socket = connect(Number(new URL(simulator.httpUrl).port), '127.0.0.1').setEncoding('utf8');
  let [code, text]: [string | undefined, string] = [undefined, ''];
  socket.on('data', (chunk: string) => (text += chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code));
  return {
    socket,
    closed: new Promise((resolve) =>
      socket.on('close', () => {
        resolve({ code, text });
      }),
    ),
  };
}
