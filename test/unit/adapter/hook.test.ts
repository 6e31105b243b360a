import assert from 'node:assert/strict';
import { FacebookAdapter } from 'botbuilder-adapter-facebook';
import sinon from 'sinon';
import { askClient, hookAdapter, type AdapterHooks, type HookedClient } from '../../../src/adapter/hook';
import { InFlight } from '../../../src/base/in-flight';
import { FOLLOWING } from '../../../src/message/split';
import { loadAnew } from '../../support/checks/load-anew';
import { FakeAdapter, FakeAPI, type ApiClient } from '../../support/bot/fake-adapter';

/** Another copy of the package. */
const another = loadAnew(require.resolve('../../../src/adapter/hook')) as {
  hookAdapter: typeof hookAdapter;
};

/** What was intercepted, and passed on as it was. */
function intercepting(): { seen: { client: HookedClient; call: unknown[] }[]; hooks: AdapterHooks } {
  const seen: { client: HookedClient; call: unknown[] }[] = [];
  return {
    seen,
    hooks: {
      inFlight: new InFlight(),
      callAPI: (client, ...call) => {
        seen.push({ client, call });
        return client.callAPI(...call);
      },
      onNoClient: (error) => {
        throw error;
      },
    },
  };
}

describe('hookAdapter', () => {
  let adapter: FakeAdapter;
  let hook: ReturnType<typeof intercepting>;

  beforeEach(() => {
    adapter = new FakeAdapter();
    hook = intercepting();
  });
  afterEach(() => {
    sinon.restore();
  });

  const ask = async (activity?: unknown): Promise<ApiClient> => (await adapter.getAPI(activity)) as ApiClient;

  it("intercepts every call, with what the adapter's client knows", async () => {
    assert.equal(hookAdapter(adapter, hook.hooks), hook.hooks);
    const api = await ask({ recipient: { id: '1001' } });
    const payload = { recipient: { id: '7001' } };
    assert.deepEqual(await api.callAPI('/me/messages', 'POST', payload), {
      message_id: 'answer to /me/messages',
    });
    const [{ client, call } = assert.fail('nothing was intercepted'), ...more] = hook.seen;
    assert.deepEqual(more, []);
    assert.deepEqual(call, ['/me/messages', 'POST', payload]);
    assert.deepEqual(
      [client.account, client.page],
      [{ host: 'graph.facebook.com', version: 'v25.0', token: 'EAAB', secret: 'SECRET' }, '1001'],
    );
    assert.deepEqual((adapter.made[0] as FakeAPI).asked, [['/me/messages', 'POST', payload]]);
  });

  it('intercepts a call once, however often it is installed', async () => {
    const other = intercepting();
    assert.equal(hookAdapter(adapter, hook.hooks), hook.hooks);
    assert.equal(hookAdapter(adapter, other.hooks), hook.hooks);
    await (await ask()).callAPI('/me');
    assert.deepEqual([hook.seen.length, other.seen.length], [1, 0]);
  });

  it('intercepts a call once, though another copy of the package is installed, too', async () => {
    const other = intercepting();
    const [first, second] = [hookAdapter(adapter, hook.hooks), another.hookAdapter(adapter, other.hooks)];
    assert.deepEqual([first, second], [hook.hooks, hook.hooks]);
    await (await ask()).callAPI('/me');
    assert.deepEqual([hook.seen.length, other.seen.length], [1, 0]);
  });

  it('intercepts a call once, though the adapter keeps its clients', async () => {
    const kept = new FakeAPI();
    adapter.make = () => kept;
    hookAdapter(adapter, hook.hooks);
    const [one, two] = [await ask(), await ask()];
    assert.equal(one, two);
    await two.callAPI('/me');
    assert.deepEqual([hook.seen.length, kept.asked.length], [1, 1]);
  });

  it('works on two adapters', async () => {
    const second = new FakeAdapter();
    hookAdapter(adapter, hook.hooks);
    hookAdapter(second, hook.hooks);
    await (await ask()).callAPI('/me');
    await ((await second.getAPI()) as ApiClient).callAPI('/me');
    assert.equal(hook.seen.length, 2);
  });

  const pages: [what: string, activity: unknown, page: string | undefined][] = [
    ['of an incoming message is the recipient', { recipient: { id: '1001' }, from: { id: '7001' } }, '1001'],
    [
      'of an echo is the sender',
      { recipient: { id: '7001' }, from: { id: '1001' }, channelData: { message: { is_echo: true } } },
      '1001',
    ],
    [
      'of a message that is no echo is the recipient',
      { recipient: { id: '1001' }, from: { id: '7001' }, channelData: { message: { is_echo: 'no' } } },
      '1001',
    ],
    [
      'of an echo without a sender is not known',
      { recipient: { id: '7001' }, channelData: { message: { is_echo: true } } },
      undefined,
    ],
    [
      'of an activity without channelData is the recipient',
      { recipient: { id: '1001' }, channelData: null },
      '1001',
    ],
    ['of an activity without a recipient is not known', { recipient: null }, undefined],
    ['whose ID is a number is known by its digits', { recipient: { id: 1001 } }, '1001'],
    ['whose ID is neither text nor a number is not known', { recipient: { id: ['1001'] } }, undefined],
    ['of no activity is not known', undefined, undefined],
    ['of null is not known', null, undefined],
  ];
  for (const [what, activity, page] of pages) {
    it(`the page ${what}`, async () => {
      hookAdapter(adapter, hook.hooks);
      assert.equal((await askClient(adapter, activity))?.page, page);
    });
  }

  it('treats a null or undefined app secret as absent', async () => {
    hookAdapter(adapter, hook.hooks);
    for (const secret of [undefined, null]) {
      adapter.make = () => Object.assign(new FakeAPI(), { secret });
      assert.equal((await askClient(adapter, undefined))?.account.secret, undefined);
    }
  });

  const strange: [what: string, api: () => unknown][] = [
    ['no client', () => undefined],
    ['null', () => null],
    ['text', () => 'client'],
    ['a client without callAPI', () => Object.assign(new FakeAPI(), { callAPI: undefined })],
    ['a client without a token', () => Object.assign(new FakeAPI(), { token: undefined })],
    ['a client without a host', () => Object.assign(new FakeAPI(), { api_host: undefined })],
    ['a client without a version', () => Object.assign(new FakeAPI(), { api_version: 25 })],
  ];
  for (const [what, make] of strange) {
    it(`leaves ${what} as it is`, async () => {
      adapter.make = make;
      hookAdapter(adapter, hook.hooks);
      const api: unknown = await adapter.getAPI();
      assert.equal(api, adapter.made[0]);
      assert.equal(await askClient(adapter, undefined), undefined);
      if (api instanceof FakeAPI && typeof api.callAPI === 'function') await api.callAPI('/me');
      assert.deepEqual(hook.seen, []);
    });
  }

  it("passes on the adapter's failure", async () => {
    sinon.stub(adapter, 'getAPI').rejects(new Error('No token for the page'));
    hookAdapter(adapter, hook.hooks);
    await assert.rejects(adapter.getAPI(), { message: 'No token for the page' });
  });

  it('hooks into the real adapter, and into subclasses by whatever name', async () => {
    const options = {
      verify_token: 'verify',
      app_secret: 'SECRET',
      access_token: 'EAAB',
      api_version: 'v25.0',
    };
    class OwnAdapter extends FacebookAdapter {
      override name = 'Our own adapter';
    }
    for (const real of [new FacebookAdapter(options), new OwnAdapter(options)]) {
      assert.equal(hookAdapter(real, hook.hooks), hook.hooks);
      const client = await askClient(real, { recipient: { id: '1001' } });
      assert.deepEqual(client?.account, {
        host: 'graph.facebook.com',
        version: 'v25.0',
        token: 'EAAB',
        secret: 'SECRET',
      });
    }
  });

  class SlackAdapter {
    name = 'Slack Adapter';
    getAPI = (): Promise<unknown> => Promise.resolve(new FakeAPI());
  }
  const others: [what: string, other: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['text', 'Facebook Adapter'],
    ["Slack's adapter", new SlackAdapter()],
    ['an adapter without getAPI', { name: 'Facebook Adapter' }],
    ['an adapter whose getAPI is no function', { name: 'Facebook Adapter', getAPI: {} }],
    ['an adapter without a name', { getAPI: () => Promise.resolve(new FakeAPI()) }],
    ['an object without a class', Object.assign(Object.create(null) as object, { getAPI: () => undefined })],
  ];
  for (const [what, other] of others) {
    it(`leaves ${what} as it is`, async () => {
      const before = typeof other === 'object' && other !== null ? Object.entries(other) : [];
      assert.equal(hookAdapter(other, hook.hooks), undefined);
      assert.deepEqual(typeof other === 'object' && other !== null ? Object.entries(other) : [], before);
      assert.equal(await askClient(other, undefined), undefined);
    });
  }

  it('does not know the client of an adapter that is not hooked', async () => {
    assert.equal(await askClient(adapter, undefined), undefined);
  });

  describe('activityToFacebook', () => {
    const attachments = [{ contentType: 'image/png', contentUrl: 'a.png' }];

    it('gives the call what the adapter drops', () => {
      hookAdapter(adapter, hook.hooks);
      const { message, [FOLLOWING]: following } = adapter.activityToFacebook({
        type: 'message',
        text: 'Look!',
        attachments,
      }) as { message?: unknown; [FOLLOWING]?: unknown };
      assert.deepEqual(message, { text: 'Look!' });
      assert.deepEqual(following, [{ type: 'image', payload: { url: 'a.png' } }]);
    });

    it('gives every other call as the adapter made it', () => {
      const params = { message: { text: 'Hello' } };
      const make = sinon.stub(adapter, 'activityToFacebook').returns(params);
      hookAdapter(adapter, hook.hooks);
      const activity = { type: 'message', text: 'Hello' };
      assert.equal(adapter.activityToFacebook(activity), params);
      assert.deepEqual(make.args, [[activity]]);
      assert.equal(make.firstCall.thisValue, adapter);
    });

    it('gives it once, however often the hook is put in', () => {
      hookAdapter(adapter, hook.hooks);
      const once = Object.entries(adapter);
      hookAdapter(adapter, hook.hooks);
      assert.deepEqual(Object.entries(adapter), once);
    });

    it('need not be there', () => {
      const { name } = adapter;
      const bare = { name, getAPI: () => Promise.resolve(new FakeAPI()) };
      assert.equal(hookAdapter(bare, hook.hooks), hook.hooks);
      assert.equal('activityToFacebook' in bare, false);
    });
  });
});
