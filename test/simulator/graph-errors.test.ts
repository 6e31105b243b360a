import assert from 'node:assert/strict';
import { startSimulator } from 'messenger-platform-simulator';
import {
  type Answer,
  assertError,
  call,
  callWithForm,
  messageWith,
  OTHER_PAGE,
  PAGE,
  proofOf,
  received,
  SECRET_PAGE,
  send,
  USER,
  useSimulator,
} from './support';

describe('The Graph API', () => {
  const simulator = useSimulator();
  const hello = { recipient: { id: USER }, message: { text: 'Hello' } };

  describe('asks who is calling:', () => {
    const places: Record<string, (token: string) => { query?: string; body?: object; headers?: object }> = {
      query: (token) => ({ query: `?access_token=${token}` }),
      body: (token) => ({ body: { access_token: token } }),
      header: (token) => ({ headers: { authorization: `Bearer ${token}` } }),
    };
    for (const [place, put] of Object.entries(places)) {
      it(`takes a token from the ${place}, and refuses a wrong one there with 190`, async () => {
        const post = async (token: string): Promise<Answer> => {
          const { query = '', body, headers } = put(token);
          const response = await fetch(`${simulator().httpUrl}/v25.0/me/messages${query}`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', ...headers },
            body: JSON.stringify({ ...hello, ...body }),
          });
          return { status: response.status, body: (await response.json()) as Answer['body'] };
        };
        assert.equal((await post(PAGE.token)).status, 200);
        const refused = await post('wrong-token');
        assertError(refused, 190);
        assert.equal(refused.body.error?.type, 'OAuthException');
        assert.equal(received(simulator()).length, 1);
      });
    }

    it('takes token and proof from the fields of a form, and refuses wrong ones there', async () => {
      const post = async (fields: Record<string, string>, type: 'multipart' | 'urlencoded') => {
        const body = type === 'multipart' ? new FormData() : new URLSearchParams();
        for (const [name, value] of Object.entries(fields)) body.set(name, value);
        const response = await fetch(`${simulator().httpUrl}/v25.0/me/messages`, { method: 'POST', body });
        return { status: response.status, body: (await response.json()) as Answer['body'] };
      };
      const message = { recipient: JSON.stringify(hello.recipient), message: JSON.stringify(hello.message) };
      const credentials = { access_token: SECRET_PAGE.token, appsecret_proof: proofOf(SECRET_PAGE) };
      for (const type of ['multipart', 'urlencoded'] as const) {
        assert.equal((await post({ ...message, ...credentials }, type)).status, 200);
        assertError(await post({ ...message, ...credentials, access_token: 'wrong' }, type), 190);
        assertError(await post({ ...message, ...credentials, appsecret_proof: 'wrong' }, type), 100);
      }
      assert.equal(received(simulator(), SECRET_PAGE.id).length, 2);
    });

    it('refuses a call without a token with 190', async () => {
      const response = await fetch(`${simulator().httpUrl}/me`);
      assertError({ status: response.status, body: (await response.json()) as { error: never } }, 190);
    });

    it('takes the right appsecret_proof from body and query, and no other', async () => {
      const { token } = SECRET_PAGE;
      const proof = proofOf(SECRET_PAGE);
      assert.equal(
        (await call(simulator(), '/me/messages', { ...hello, appsecret_proof: proof }, { token })).status,
        200,
      );
      assert.equal(
        (await call(simulator(), `/me?appsecret_proof=${proof}`, undefined, { token })).status,
        200,
      );
      const invalid = /^Invalid appsecret_proof provided in the API argument$/;
      const refusals: [proofs: object, wording: RegExp][] = [
        [{}, /^API calls from the server require an appsecret_proof argument$/],
        [{ appsecret_proof: proof.replace(/^./, 'x') }, invalid],
        [{ appsecret_proof: '' }, invalid],
      ];
      for (const [wrong, wording] of refusals) {
        const refused = await call(simulator(), '/me/messages', { ...hello, ...wrong }, { token });
        assertError(refused, 100, undefined, wording);
        assert.equal(refused.body.error?.type, 'GraphMethodException');
      }
      assert.equal(received(simulator(), SECRET_PAGE.id).length, 1);
    });

    it('takes a call without appsecret_proof where none is required, and still refuses a wrong one', async () => {
      const lenient = await startSimulator({ pages: [{ ...SECRET_PAGE, requireProof: false }] });
      try {
        const { token } = SECRET_PAGE;
        assert.equal((await call(lenient, '/me', undefined, { token })).status, 200);
        assertError(await call(lenient, '/me?appsecret_proof=wrong', undefined, { token }), 100);
      } finally {
        await lenient.close();
      }
    });
  });

  describe('knows its objects:', () => {
    it('answers for me and for the page’s own ID, in any version and in none', async () => {
      for (const path of ['/me', `/${PAGE.id}`]) {
        assert.deepEqual((await call(simulator(), `${path}?fields=id,name`)).body, {
          id: PAGE.id,
          name: `Page ${PAGE.id}`,
        });
      }
      for (const prefix of ['', '/v2.10', '/v19.0', '/v99.1']) {
        const response = await fetch(
          `${simulator().httpUrl}${prefix}/me/messages?access_token=${PAGE.token}`,
          {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify(hello),
          },
        );
        assert.equal(response.status, 200, prefix);
      }
    });

    it('refuses another page’s ID, an unknown one and an unknown method with 100/33', async () => {
      assertError(await call(simulator(), `/${OTHER_PAGE.id}/messages`, hello), 100, 33, /does not exist/);
      assertError(await call(simulator(), '/999/message_attachments', {}), 100, 33);
      assertError(await call(simulator(), `/${OTHER_PAGE.id}`), 100, 33);
      assertError(await call(simulator(), '/nobody'), 100, 33);
      const deletion = await call(simulator(), '/me/messages', undefined, { method: 'DELETE' });
      assertError(deletion, 100, 33, /^Unsupported delete request/);
    });

    it('refuses unknown paths with 2500, and unknown fields with 100', async () => {
      assertError(
        await call(simulator(), '/me/feed', {}),
        2500,
        undefined,
        /Unknown path components: \/feed/,
      );
      assertError(await call(simulator(), '/me/messages/1', {}), 2500);
      assertError(
        await call(simulator(), '/me?fields=id,secret'),
        100,
        undefined,
        /nonexisting field \(secret\)/,
      );
    });
  });

  describe('takes parameters as the platform does:', () => {
    it('as a form of JSON strings', async () => {
      const response = await fetch(`${simulator().httpUrl}/me/messages`, {
        method: 'POST',
        body: new URLSearchParams({
          recipient: JSON.stringify(hello.recipient),
          message: JSON.stringify(hello.message),
          tag: 'HUMAN_AGENT',
          access_token: PAGE.token,
        }),
      });
      assert.equal(response.status, 200);
      const [message] = received(simulator());
      assert.deepEqual([message?.text, message?.tag], ['Hello', 'HUMAN_AGENT']);
      assert.equal(simulator().calls()[0]?.kind, 'form');
    });

    it('as multipart without a file', async () => {
      assert.equal((await callWithForm(simulator(), '/messages', hello)).status, 200);
      assert.equal(received(simulator())[0]?.text, 'Hello');
    });

    it('leaves text alone that only looks like JSON', async () => {
      await send(simulator(), { text: '{"not": "parsed"}' });
      assert.equal(received(simulator())[0]?.text, '{"not": "parsed"}');
    });
  });

  describe('refuses a message', () => {
    const refusals: [
      promise: string,
      body: object,
      code: number,
      subcode?: number | undefined,
      message?: RegExp,
    ][] = [
      [
        'without recipient',
        { message: { text: 'x' } },
        100,
        undefined,
        /^\(#100\) The parameter recipient is required$/,
      ],
      [
        'with a recipient that is broken JSON',
        { recipient: '{"id":', message: { text: 'x' } },
        100,
        undefined,
        /Param recipient must be a JSON object/,
      ],
      ['to someone who cannot be', { recipient: { id: 'tom' }, message: { text: 'x' } }, 100, 2018001],
      ['to a page', { recipient: { id: OTHER_PAGE.id }, message: { text: 'x' } }, 100, 2018001],
      ['that is missing', { recipient: { id: USER } }, 100, 2018034, /Message cannot be empty/],
      ['that is empty', { recipient: { id: USER }, message: {} }, 100, 2018034],
      ['with an empty text', { recipient: { id: USER }, message: { text: '' } }, 100, 2018034],
      [
        'that is no object',
        { recipient: { id: USER }, message: 'x' },
        100,
        undefined,
        /must be a JSON object/,
      ],
      [
        'with a text of 2001 characters',
        { recipient: { id: USER }, message: { text: 'x'.repeat(2001) } },
        100,
      ],
      [
        'with an empty text beside an attachment',
        { recipient: { id: USER }, message: { text: '', ...messageWith('image', { attachment_id: '1' }) } },
        100,
        undefined,
        /message\[text\] must be a non-empty string/,
      ],
      ['of an unknown type', { recipient: { id: USER }, message: messageWith('gif', { url: 'x' }) }, 100],
      ['without a payload', { recipient: { id: USER }, message: { attachment: { type: 'image' } } }, 100],
      ['without a source', { recipient: { id: USER }, message: messageWith('image', {}) }, 100],
      [
        'with two sources',
        {
          recipient: { id: USER },
          message: messageWith('image', { url: 'http://localhost/', attachment_id: '1' }),
        },
        100,
        undefined,
        /one source/,
      ],
      [
        'together with a sender action',
        { recipient: { id: USER }, message: { text: 'x' }, sender_action: 'typing_on' },
        100,
        undefined,
        /Cannot send both message and state/,
      ],
      ['that is an unknown sender action', { recipient: { id: USER }, sender_action: 'dance' }, 100],
      [
        'with 14 quick replies',
        { recipient: { id: USER }, message: { text: 'x', quick_replies: Array(14).fill({}) } },
        100,
      ],
    ];
    for (const [promise, body, code, subcode, message] of refusals) {
      it(promise, async () => {
        assertError(await call(simulator(), '/me/messages', body), code, subcode, message);
        assert.deepEqual(received(simulator()), []);
      });
    }

    it('to a user who is not available (551/1545041), or unknown (100/2018001)', async () => {
      simulator().setUser({ page: PAGE.id, user: USER, available: false });
      assertError(await send(simulator(), { text: 'x' }), 551, 1545041);
      simulator().setUser({ page: PAGE.id, user: USER, known: false });
      assertError(await send(simulator(), { text: 'x' }), 100, 2018001);
      simulator().setUser({ page: PAGE.id, user: USER });
      assert.equal((await send(simulator(), { text: 'x' })).status, 200);
    });
  });
});
