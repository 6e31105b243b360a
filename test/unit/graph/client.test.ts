import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import sinon, { type SinonFakeTimers } from 'sinon';
import type { Dispatcher } from 'undici';
import { GraphClient, type GraphAccount, type GraphCall } from '../../../src/graph/client';
import { Connections } from '../../../src/graph/connections';
import { LocalFiles } from '../../../src/source/local-files';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';
import { json, useGraphServer } from '../../support/platform/graph-server';
import { fakeTime } from '../../support/checks/fake-time';
import { parseForm, type RecordedRequest } from '../../support/platform/recorder';

const SEND: GraphCall = { action: 'send', asset: 'image "tom.png"', lane: 'send' };
const TOKEN = 'EAAB+/=&token';
const SECRET = '0f1e2d3c';
const PROOF = createHmac('sha256', SECRET).update(TOKEN).digest('hex');

describe('GraphClient', () => {
  const folder = useFolder();
  const server = useGraphServer();

  afterEach(() => {
    sinon.restore();
  });

  function clientOf(account: Partial<GraphAccount> = {}, dispatcher: Dispatcher = server.agent): GraphClient {
    return new GraphClient(
      { host: server.host, version: 'v25.0', token: TOKEN, secret: undefined, ...account },
      new Connections(dispatcher),
    );
  }

  function onlyRequest(): RecordedRequest {
    const [request, ...more] = server.received;
    assert.ok(request && more.length === 0, `${server.received.length} requests`);
    return request;
  }

  function onlyJson(): unknown {
    return JSON.parse(onlyRequest().body.toString());
  }

  describe('what it asks', () => {
    it('posts parameters and the token as JSON', async () => {
      const params = { recipient: { id: '7001' }, message: { text: 'Grüße' } };
      assert.deepEqual(await clientOf().post('/me/messages', params, SEND), { ok: true });
      const { method, path, query, headers, body } = onlyRequest();
      assert.equal(method, 'POST');
      assert.equal(path, '/v25.0/me/messages');
      assert.deepEqual([...query], []);
      assert.equal(headers['content-type'], 'application/json');
      assert.deepEqual(JSON.parse(body.toString()), { access_token: TOKEN, ...params });
    });

    it("proves that it knows the app's secret", async () => {
      await clientOf({ secret: SECRET }).post('/me/messages', {}, SEND);
      assert.deepEqual(onlyJson(), { access_token: TOKEN, appsecret_proof: PROOF });
    });

    it('proves nothing with an empty secret', async () => {
      await clientOf({ secret: '' }).post('/me/messages', {}, SEND);
      assert.deepEqual(onlyJson(), { access_token: TOKEN });
    });

    it('goes by its own credentials, whatever the parameters hold', async () => {
      const params = { access_token: 'another', appsecret_proof: 'another' };
      await clientOf({ secret: SECRET }).post('/me/messages', params, SEND);
      assert.deepEqual(onlyJson(), { access_token: TOKEN, appsecret_proof: PROOF });
    });

    it('sends a file in a form: credentials, then text as it is, objects as JSON, nothing for what is not there', async () => {
      const file = await fileOf('tom.png', 'PICTURE');
      const params = {
        recipient: { id: '7001' },
        tag: 'HUMAN_AGENT',
        none: undefined,
        nothing: null,
        top: 1,
      };
      await clientOf({ secret: SECRET }).post('/me/messages', params, { ...SEND, file });
      const request = onlyRequest();
      const { method, path, query, headers } = request;
      assert.equal(method, 'POST');
      assert.equal(path, '/v25.0/me/messages');
      assert.deepEqual([...query], []);
      assert.ok(Number(headers['content-length']) > 0, 'the length is known beforehand');
      const parts = parseForm(request).map(
        ({ headers: { 'content-disposition': name, 'content-type': type }, body }) => [
          name,
          type,
          body.toString(),
        ],
      );
      assert.deepEqual(parts, [
        ['form-data; name="access_token"', undefined, TOKEN],
        ['form-data; name="appsecret_proof"', undefined, PROOF],
        ['form-data; name="recipient"', undefined, '{"id":"7001"}'],
        ['form-data; name="tag"', undefined, 'HUMAN_AGENT'],
        ['form-data; name="top"', undefined, '1'],
        ['form-data; name="filedata"; filename="tom.png"', 'image/png', 'PICTURE'],
      ]);
    });

    it('lets a file, and nothing else, take up a place of those that send files', async () => {
      const connections = new Connections(server.agent);
      const account = { host: server.host, version: 'v25.0', token: TOKEN, secret: undefined };
      const client = new GraphClient(account, connections);
      const { file: lane, send } = connections.lanes(`https://${server.host}`);
      const run = sinon.spy(lane, 'run');
      const progress = sinon.spy(lane, 'progress');
      const ofSends = sinon.spy(send, 'progress');
      await client.post('/me/messages', {}, SEND);
      assert.deepEqual([run.callCount, progress.callCount, ofSends.callCount], [0, 0, 1]);
      await client.post('/me/messages', {}, { ...SEND, file: new File(['a cat'], 'tom.png') });
      assert.equal(run.callCount, 1);
      assert.ok(progress.callCount > 0);
      assert.equal(progress.callCount, ofSends.callCount - 1);
    });

    it('breaks the call off when the file has changed', async () => {
      const file = await fileOf('tom.png', 'PICTURE');
      await appendFile(folder.at('tom.png'), ' AND MORE');
      await assert.rejects(
        clientOf().post('/me/messages', {}, { ...SEND, file }),
        expectedAttachmentError(
          'ERR_ATTACHMENT_CHANGED',
          'image "tom.png"',
          'the file changed while it was read; send the message again to send the new content',
        ),
      );
      assert.deepEqual(server.received, []);
    });
  });

  describe('callAPI', () => {
    for (const method of ['GET', 'DELETE'] as const) {
      it(`puts the parameters of a ${method} into the address, and the token into a header`, async () => {
        const params = { fields: ['greeting', 'whitelisted_domains'], limit: 5, none: undefined };
        assert.deepEqual(
          await clientOf({ secret: SECRET }).callAPI(method, '/me/messenger_profile', params),
          {
            ok: true,
          },
        );
        const request = onlyRequest();
        assert.deepEqual([request.method, request.path], [method, '/v25.0/me/messenger_profile']);
        assert.deepEqual(
          [...request.query],
          [
            ['fields', '["greeting","whitelisted_domains"]'],
            ['limit', '5'],
            ['appsecret_proof', PROOF],
          ],
        );
        assert.equal(request.headers.authorization, `Bearer ${TOKEN}`);
        assert.equal(request.body.length, 0);
      });
    }

    it('keeps the query that a path has', async () => {
      await clientOf().callAPI('GET', '/me?fields=id', { limit: 1 });
      assert.deepEqual(
        [...onlyRequest().query],
        [
          ['fields', 'id'],
          ['limit', '1'],
        ],
      );
    });

    it('adds nothing to an address that needs nothing', async () => {
      await clientOf().callAPI('GET', '/me', { access_token: 'another' });
      assert.deepEqual([...onlyRequest().query], []);
    });

    it('posts parameters and the token as JSON', async () => {
      await clientOf().callAPI('POST', '/me/custom_labels', { name: 'friends' });
      assert.equal(onlyRequest().method, 'POST');
      assert.deepEqual(onlyJson(), { access_token: TOKEN, name: 'friends' });
    });

    it('names the call when it is refused, without its query', async () => {
      server.answer(json(400, { error: { message: 'Unknown path', code: 2500 } }));
      await assert.rejects(clientOf().callAPI('GET', '/me/nothing?secret=1#2', {}), {
        name: 'GraphError',
        message: 'Facebook refused to call GET /me/nothing: Unknown path [2500].',
        asset: 'GET /me/nothing',
      });
    });

    it('calls once if nobody knows what became of the call', async () => {
      server.answer(json(503, 'busy'));
      await assert.rejects(clientOf().callAPI('POST', '/me/messages', {}), {
        name: 'TransportError',
        message:
          'Could not call POST /me/messages: HTTP 503, and the answer is not JSON. The call may have been carried out.',
      });
      onlyRequest();
    });
  });

  describe('how long it waits', () => {
    /** The agent, and what it was asked with. */
    function recorded(): { dispatcher: Dispatcher; asked: Dispatcher.DispatchOptions[] } {
      const asked: Dispatcher.DispatchOptions[] = [];
      const dispatcher = server.agent.compose((dispatch) => (options, handler) => {
        asked.push(options);
        return dispatch(options, handler);
      });
      return { dispatcher, asked };
    }

    it('gives each call headers of its own, because a dispatcher may add to them', async () => {
      const { dispatcher, asked } = recorded();
      const client = clientOf({}, dispatcher);
      await client.post('/me/messages', {}, SEND);
      await client.post('/me/messages', {}, SEND);
      assert.equal(asked.length, 2);
      assert.notEqual(asked[0]?.headers, asked[1]?.headers);
    });

    it("leaves the patience of the author's own dispatcher as it is", async () => {
      const { dispatcher, asked } = recorded();
      await clientOf({}, dispatcher).post('/me/messages', {}, SEND);
      assert.deepEqual(
        asked.map(({ headersTimeout, bodyTimeout }) => [headersTimeout, bodyTimeout]),
        [[undefined, undefined]],
      );
    });
  });

  describe('an answer that comes a little at a time', () => {
    /** Connections of our own, whose answers are this. */
    class Dribbling extends Connections {
      readonly answer = new PassThrough();

      override dispatcher(): Dispatcher {
        const body = Object.assign(this.answer, { text: () => text(this.answer) });
        const request = (): unknown => Promise.resolve({ statusCode: 200, headers: {}, body });
        return { request } as unknown as Dispatcher;
      }
    }

    function ask(): { clock: SinonFakeTimers; answer: PassThrough; asked: Promise<unknown> } {
      const clock = fakeTime();
      const connections = new Dribbling();
      const client = new GraphClient(
        { host: 'localhost', version: 'v25.0', token: TOKEN, secret: undefined },
        connections,
      );
      const asked = client.post('/me/messages', {}, SEND);
      asked.catch(() => undefined);
      return { clock, answer: connections.answer, asked };
    }

    it('has 90 s in all', async () => {
      const { clock, answer, asked } = ask();
      for (let second = 0; second < 90; second++) {
        await clock.tickAsync(1_000);
        answer.write(' ');
      }
      await assert.rejects(asked, {
        code: 'ERR_GRAPH_INTERRUPTED',
        message:
          'Could not send image "tom.png": the connection broke (the answer did not end within 90 s). The message may have arrived, so it is not sent again.',
      });
    });

    it('is taken until then, and leaves no timer behind', async () => {
      const { clock, answer, asked } = ask();
      await clock.tickAsync(89_000);
      answer.end('{"message_id":"m_1"}');
      assert.deepEqual(await asked, { message_id: 'm_1' });
      assert.equal(clock.countTimers(), 0);
    });
  });

  describe('what it makes of an answer', () => {
    it('tells everything that Facebook says of an error', async () => {
      const error = {
        message: 'Invalid attachment id',
        type: 'OAuthException',
        code: 100,
        error_subcode: 2018074,
        is_transient: true,
        fbtrace_id: 'A1b2',
      };
      server.answer(json(400, { error }));
      await assert.rejects(clientOf().post('/me/messages', {}, SEND), {
        name: 'GraphError',
        message:
          'Facebook refused to send image "tom.png": Invalid attachment id [100/2018074]. The attachment ID is invalid, has expired, or belongs to another page.',
        code: 100,
        subcode: 2018074,
        type: 'OAuthException',
        isTransient: true,
        fbtraceId: 'A1b2',
        status: 400,
        asset: 'image "tom.png"',
        retryAfter: undefined,
      });
    });

    it('takes from an error only what is of the right kind', async () => {
      const error = {
        message: 1,
        type: 2,
        code: '100',
        error_subcode: '2018074',
        is_transient: 'yes',
        fbtrace_id: 3,
      };
      server.answer(json(400, { error }));
      await assert.rejects(clientOf().post('/me/messages', {}, SEND), {
        name: 'GraphError',
        message: 'Facebook refused to send image "tom.png": no reason given [HTTP 400].',
        code: undefined,
        subcode: undefined,
        type: undefined,
        isTransient: false,
        fbtraceId: undefined,
      });
    });

    it('takes an error for one whatever the HTTP status', async () => {
      server.answer(json(200, { error: { message: 'No', code: 10 } }));
      await assert.rejects(clientOf().post('/me/messages', {}, SEND), {
        name: 'GraphError',
        code: 10,
        status: 200,
      });
    });

    for (const secret of [undefined, '']) {
      it(`changes no word of an error's message for the sake of ${secret === '' ? 'an empty' : 'no'} secret`, async () => {
        server.answer(json(400, { error: { message: 'The field is undefined' } }));
        await assert.rejects(clientOf({ secret }).post('/me/messages', {}, SEND), {
          message: 'Facebook refused to send image "tom.png": The field is undefined [HTTP 400].',
        });
      });
    }

    it('tells whether a proof that the platform misses was sent', async () => {
      const message = 'API calls from the server require an appsecret_proof argument';
      server.answer(json(400, { error: { message, code: 100, type: 'GraphMethodException' } }));
      const post = (secret: string | undefined): Promise<unknown> =>
        clientOf({ secret }).post('/me/messages', {}, SEND);
      await assert.rejects(post(SECRET), /Check that the app secret belongs to the app/);
      await assert.rejects(post(undefined), /No app secret is set/);
    });

    it("shows no token, proof or secret of an error's message", async () => {
      const said = `Malformed ${TOKEN} or ${encodeURIComponent(TOKEN)} or ${PROOF} or ${SECRET}`;
      server.answer(json(400, { error: { message: said, code: 10 } }));
      await assert.rejects(clientOf({ secret: SECRET }).post('/me/messages', {}, SEND), {
        message: 'Facebook refused to send image "tom.png": Malformed … or … or … or … [10].',
      });
    });

    const odd: [what: string, status: number, body: unknown, problem: string][] = [
      ['a page of HTML', 502, '<html>Bad gateway</html>', 'HTTP 502, and the answer is not JSON'],
      ['a page of HTML that calls itself fine', 200, '<html>', 'HTTP 200, and the answer is not JSON'],
      ['cut JSON', 200, '{"message_id":', 'HTTP 200, and the answer is not JSON'],
      ['nothing', 200, '', 'HTTP 200, and the answer is not JSON'],
      ['null', 200, 'null', 'HTTP 200, and the answer is not JSON'],
      ['text', 200, '"fine"', 'HTTP 200, and the answer is not JSON'],
      ['JSON without an error, with a status of one', 404, {}, 'HTTP 404'],
      ['an error that is text', 400, { error: 'no' }, 'HTTP 400'],
      ['an error that is null', 500, { error: null }, 'HTTP 500'],
      ['a redirect', 300, {}, 'HTTP 300'],
    ];
    for (const [what, status, body, problem] of odd) {
      it(`cannot make sense of ${what}`, async () => {
        server.answer(json(status, body));
        await assert.rejects(clientOf().post('/me/messages', {}, SEND), {
          name: 'TransportError',
          code: 'ERR_GRAPH_BAD_ANSWER',
          message: `Could not send image "tom.png": ${problem}. The message may have arrived, so it is not sent again.`,
          status,
          retryAfter: undefined,
          asset: 'image "tom.png"',
        });
      });
    }

    for (const status of [200, 201, 299]) {
      it(`takes HTTP ${status} for a good answer`, async () => {
        server.answer(json(status, { message_id: 'm1' }));
        assert.deepEqual(await clientOf().post('/me/messages', {}, SEND), { message_id: 'm1' });
      });
    }
  });

  describe('Retry-After', () => {
    const NOW = Date.UTC(2026, 0, 1, 12);
    const waits: [what: string, header: string | string[], milliseconds: number | undefined][] = [
      ['seconds', '70', 70_000],
      ['no seconds', '0', 0],
      ['a date', 'Thu, 01 Jan 2026 12:01:30 GMT', 90_000],
      ['a date in the past', 'Thu, 01 Jan 2026 11:00:00 GMT', 0],
      ['words', 'after the break', undefined],
      ['words and seconds', '7 seconds or so', undefined],
      ['a date that begins with digits', '2026-01-01T12:01:30Z', 90_000],
      ['a date that ends in digits', 'Thu, 01 Jan 2026 12:01:30 +0000', 90_000],
      ['two, the first of them,', ['7', '8'], 7_000],
    ];
    for (const [what, header, milliseconds] of waits) {
      it(`of ${what} is ${milliseconds ?? 'not known'}`, async () => {
        sinon.useFakeTimers({ now: NOW, toFake: ['Date'] });
        const headers = { 'retry-after': header };
        server.answer(json(429, { error: { code: 4 } }, headers), json(503, 'busy', headers));
        await assert.rejects(clientOf().post('/me/messages', {}, SEND), {
          name: 'GraphError',
          retryAfter: milliseconds,
        });
        await assert.rejects(clientOf().post('/me/messages', {}, SEND), {
          name: 'TransportError',
          retryAfter: milliseconds,
        });
      });
    }
  });

  describe('pageId', () => {
    it('asks for nothing but the ID, once for all', async () => {
      server.answer(json(200, { id: '1001' }));
      const client = clientOf({ secret: SECRET });
      assert.deepEqual(await Promise.all([client.pageId(), client.pageId()]), ['1001', '1001']);
      assert.equal(await client.pageId(), '1001');
      const { method, path, query, headers, body } = onlyRequest();
      assert.equal(method, 'GET');
      assert.equal(path, '/v25.0/me');
      assert.deepEqual(
        [...query],
        [
          ['fields', 'id'],
          ['appsecret_proof', PROOF],
        ],
      );
      assert.equal(headers.authorization, `Bearer ${TOKEN}`);
      assert.equal(headers['content-type'], undefined);
      assert.equal(body.length, 0);
    });

    it('remembers a failure for 30 s, so that messages do not each wait for it', async () => {
      const clock = fakeTime();
      server.answer(json(400, { error: { message: 'No', code: 190 } }), json(200, { id: '1001' }));
      const client = clientOf();
      const refusal = {
        name: 'GraphError',
        message:
          'Facebook refused to look up the page of the access token: No [190]. The page access token is invalid or has expired. Create a new one.',
      };
      await assert.rejects(client.pageId(), refusal);
      clock.setSystemTime(clock.now + 29_999);
      await assert.rejects(client.pageId(), refusal);
      assert.equal(server.received.length, 1);
      clock.setSystemTime(clock.now + 1);
      assert.equal(await client.pageId(), '1001');
    });

    it('tries three times, for one 503 must not lose a media template', async () => {
      sinon.stub(Math, 'random').returns(0.01);
      server.answer(json(503, 'busy'), json(500, { error: { code: 2 } }), json(200, { id: '1001' }));
      assert.equal(await clientOf().pageId(), '1001');
      server.answer(json(503, 'busy'));
      const client = clientOf();
      await Promise.all([1, 2].map(() => assert.rejects(client.pageId(), { status: 503 })));
      assert.equal(server.received.length, 6);
    });

    for (const id of [undefined, '', 1001]) {
      it(`does not take ${JSON.stringify({ id })} for an ID`, async () => {
        server.answer(json(200, { id }));
        await assert.rejects(clientOf().pageId(), {
          name: 'TransportError',
          code: 'ERR_GRAPH_BAD_ANSWER',
          message:
            'Could not look up the page of the access token: the answer contains no page ID. The call may have been carried out.',
        });
      });
    }
  });

  async function fileOf(name: string, content: string): Promise<File | undefined> {
    await folder.write(name, content);
    const found = await new LocalFiles(folder.path).identify('image', name, undefined);
    return found.content.file;
  }
});
