import assert from 'node:assert/strict';
import { createServer, get, type Server } from 'node:http';
import { type Person } from 'messenger-platform-simulator';
import { listen } from '../support/platform/listen';
import { text, useSmallBot } from './small-bot';
import { assertError, call, messageWith, OTHER_PAGE, PAGE, USER, useSimulator } from './support';

/** docs/messenger-platform/identity/account-linking */
describe('Account linking', () => {
  const simulator = useSimulator();
  const bot = useSmallBot(simulator);
  let person: Person;
  /** Where the bot's people log in; it leads back at once. */
  let shop: Server;
  let shopUrl: string;
  /** What the shop was opened with. */
  let opened: URLSearchParams;
  /** What it adds to the way back. */
  let code: string;

  beforeEach(async () => {
    code = 'code-of-ada';
    shop = createServer((req, res) => {
      opened = new URL(req.url ?? '', 'http://shop').searchParams;
      const back = new URL(opened.get('redirect_uri') ?? '');
      if (code !== '') back.searchParams.set('authorization_code', code);
      res.writeHead(302, { location: back.href }).end();
    });
    shopUrl = `http://localhost:${(await listen(shop)).port}/authorize?shop=1`;
    person = simulator().person('1', { page: PAGE.id });
    bot().onEvent = async ({ message, account_linking: linking }, send) => {
      if (linking) await send(text('Welcome'));
      if (message?.text !== 'log in') return;
      const buttons = [{ type: 'account_link', url: shopUrl }, { type: 'account_unlink' }];
      await send({ message: messageWith('template', { template_type: 'button', text: 'Hi', buttons }) });
    };
  });
  afterEach(() => {
    shop.close();
    shop.closeAllConnections();
  });

  const linkings = () => bot().told.flatMap(({ account_linking: linking }) => (linking ? [linking] : []));

  it('opens the bot’s page from the Log In button, and ends in the webhook when that leads back with a code', async () => {
    await person.says('log in');
    const [welcome] = await person.receives(() => fetch(person.loginAddress()));
    assert.equal(welcome?.text, 'Welcome');
    assert.deepEqual(linkings(), [{ status: 'linked', authorization_code: 'code-of-ada' }]);
    assert.equal(opened.get('shop'), '1');
    const token = opened.get('account_linking_token') ?? '';
    const redirectUri = new URL(opened.get('redirect_uri') ?? '');
    assert.equal(redirectUri.searchParams.get('account_linking_token'), token);
    assert.equal(person.thread().events[0]?.type, 'link_account');
  });

  it('tells the bot who logs in, for 5 minutes (GET /me?fields=recipient)', async () => {
    await person.says('log in');
    const begun = new URL(person.loginAddress());
    const token = begun.searchParams.get('account_linking_token') ?? '';
    const path = `/me?fields=recipient&account_linking_token=${token}`;
    assert.deepEqual((await call(simulator(), path)).body, { id: PAGE.id, recipient: '1' });
    const invalid = /account_linking_token is invalid or has expired/;
    assertError(
      await call(simulator(), path, undefined, { token: OTHER_PAGE.token }),
      100,
      undefined,
      invalid,
    );
    assertError(await call(simulator(), `${path}x`), 100, undefined, invalid);
    assertError(
      await call(simulator(), '/me?fields=recipient'),
      100,
      undefined,
      /nonexisting field \(recipient\)/,
    );
    simulator().advanceDays(5 / 24 / 60);
    assertError(await call(simulator(), path), 100, undefined, invalid);
    const back = await fetch(begun.searchParams.get('redirect_uri') ?? '');
    assert.deepEqual([back.status, linkings()], [400, []]);
  });

  it('is called off when the bot’s page leads back without a code', async () => {
    code = '';
    await person.says('log in');
    const ended = await fetch(person.loginAddress());
    assert.match(await ended.text(), /The account is not linked\./);
    assert.deepEqual(linkings(), []);
  });

  it('begins with a Log In button of the thread, and nowhere else', async () => {
    assert.throws(() => person.loginAddress(), { code: 'not_there' });
    await person.says('log in');
    const start = (url: string) =>
      fetch(
        `${simulator().httpUrl}/_sim/account_linking/start?${new URLSearchParams({ page: PAGE.id, user: '1', url }).toString()}`,
        {
          redirect: 'manual',
        },
      );
    assert.equal((await start(shopUrl)).status, 302);
    assert.equal((await start('https://example.com/')).status, 400);
  });

  it('is led back from any site, as it has a token that nobody can guess', async () => {
    await person.says('log in');
    const redirectUri = new URL(person.loginAddress()).searchParams.get('redirect_uri') ?? '';
    const from = (mode: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        const headers = {
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': mode,
          'sec-fetch-dest': 'document',
        };
        get(redirectUri, { headers }, (res) => {
          res.resume();
          resolve(res.statusCode);
        }).once('error', reject);
      });
    assert.equal(await from('navigate'), 200);
    assert.equal(await from('no-cors'), 403);
  });

  it('is undone by the bot (POST /me/unlink_accounts)', async () => {
    const unlinked = await call(simulator(), '/me/unlink_accounts', { psid: USER });
    assert.deepEqual(unlinked, { status: 200, body: { result: 'unlink account success' } });
    assertError(await call(simulator(), '/me/unlink_accounts', {}), 100, undefined, /psid is required/);
    assertError(await call(simulator(), '/me/unlink_accounts', { psid: 'ada' }), 100, 2018001);
  });
});
