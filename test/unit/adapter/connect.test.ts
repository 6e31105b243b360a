import assert from 'node:assert/strict';
import sinon from 'sinon';
import { FacebookAttachmentCache } from '../../../src';
import { readAccount, type PageAccount } from '../../../src/adapter/connect';
import { fakeTime } from '../../support/checks/fake-time';
import type { Dispatcher } from 'undici';

const TOKEN = 'EAAB';

/** As JavaScript may call it. */
const read = (account: unknown): ReturnType<typeof readAccount> => readAccount(account as PageAccount);

describe('the account of connect', () => {
  it('needs a token and nothing else', () => {
    assert.deepEqual(read({ accessToken: TOKEN, appSecret: undefined }), {
      host: 'graph.facebook.com',
      version: 'v25.0',
      token: TOKEN,
      secret: undefined,
    });
  });

  it('is taken as it is', () => {
    const account = {
      accessToken: TOKEN,
      appSecret: 'SECRET',
      apiHost: 'localhost:8443',
      apiVersion: 'v19.0',
    };
    assert.deepEqual(read(account), {
      host: 'localhost:8443',
      version: 'v19.0',
      token: TOKEN,
      secret: 'SECRET',
    });
  });

  for (const apiHost of ['127.0.0.1:1', '[::1]:8443', 'graph.example.com', 'GRAPH.example.com:443']) {
    it(`may have the host ${apiHost}`, () => {
      assert.equal(read({ accessToken: TOKEN, apiHost }).host, apiHost);
    });
  }

  for (const apiVersion of ['v2.12', 'v25.0', 'v100.0']) {
    it(`may have the version ${apiVersion}`, () => {
      assert.equal(read({ accessToken: TOKEN, apiVersion }).version, apiVersion);
    });
  }

  const host = (got: string): string =>
    `Expected \`apiHost\` to be a host such as graph.facebook.com or localhost:8443, without https:// and path, got ${got}`;
  const version = (got: string): string =>
    `Expected \`apiVersion\` to be a version such as v25.0, got ${got}`;
  const token = (got: string): string =>
    `Expected \`accessToken\` to be the access token of a page, without spaces, got ${got}`;
  const secret = (got: string): string =>
    `Expected \`appSecret\` to be the secret of the app, without spaces, got ${got}`;
  const bad: [account: unknown, message: string, code?: string][] = [
    [undefined, token('undefined')],
    [null, 'Expected `account` to be an object, got null'],
    [TOKEN, 'Expected `account` to be an object, got a string'],
    [{}, token('undefined')],
    [{ accessToken: '' }, token('""')],
    [{ accessToken: 5 }, token('5')],
    [{ accessToken: `${TOKEN}\n` }, token('a string')],
    [{ accessToken: `${TOKEN} ${TOKEN}` }, token('a string')],
    [{ accessToken: TOKEN, appSecret: '' }, secret('""')],
    [{ accessToken: TOKEN, appSecret: null }, secret('null')],
    [{ accessToken: TOKEN, appSecret: ' s' }, secret('a string')],
    [{ accessToken: TOKEN, apiHost: 'https://graph.facebook.com' }, host('"https://graph.facebook.com"')],
    [
      { accessToken: TOKEN, apiHost: 'https://bot:hunter2@proxy.example.com/?access_token=EAAB' },
      host('"https://proxy.example.com/"'),
    ],
    [{ accessToken: TOKEN, apiHost: 'graph.facebook.com/' }, host('"graph.facebook.com/"')],
    [{ accessToken: TOKEN, apiHost: 'localhost:' }, host('"localhost:"')],
    [{ accessToken: TOKEN, apiHost: 'localhost:99999' }, host('"localhost:99999"')],
    [{ accessToken: TOKEN, apiHost: '' }, host('""')],
    [{ accessToken: TOKEN, apiHost: 8443 }, host('8443')],
    [{ accessToken: TOKEN, apiVersion: '25' }, version('"25"')],
    [{ accessToken: TOKEN, apiVersion: 'v25' }, version('"v25"')],
    [{ accessToken: TOKEN, apiVersion: '/v25.0' }, version('"/v25.0"')],
    [{ accessToken: TOKEN, apiVersion: 25 }, version('25')],
    [{ accessToken: TOKEN, apiVersion: 'v25.0/me' }, version('"v25.0/me"')],
    [{ accessToken: TOKEN, apiVersion: ['v25.0'] }, version('an array')],
    [
      { access_token: TOKEN },
      'Expected each option of `connect` to be one of accessToken, appSecret, apiHost, apiVersion, got `access_token`; did you mean "accessToken"?',
      'ERR_OPTION_UNKNOWN',
    ],
  ];
  for (const [account, message, code = 'ERR_OPTION_INVALID'] of bad) {
    it(message, () => {
      assert.throws(() => read(account), { name: 'TypeError', code, message });
    });
  }
});

describe('a text by a page’s client', () => {
  afterEach(() => {
    sinon.restore();
  });

  it('is not given up while it waits for its turn, however long others take', async () => {
    const clock = fakeTime();
    const request = (): Promise<unknown> =>
      new Promise((resolve) => {
        const body = { text: () => Promise.resolve('{"message_id":"m_1"}') };
        setTimeout(resolve, 20_000, { statusCode: 200, headers: {}, body });
      });
    const dispatcher = { request, dispatch: () => true, close: () => undefined, destroy: () => undefined };
    const cache = new FacebookAttachmentCache({ dispatcher: dispatcher as unknown as Dispatcher });
    const page = cache.connect({ accessToken: TOKEN });
    const texts = Array.from({ length: 200 }, (_, index) => page.send(`${index}`, { text: 'Hello' }));
    await clock.tickAsync(200_000);
    const answers = await Promise.all(texts);
    assert.equal(answers.length, 200);
  });
});
