import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { type IncomingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { runInNewContext, runInThisContext } from 'node:vm';
import sinon from 'sinon';
import undici from 'undici';
import { OTHER_PAGE, PAGE, SECRET_PAGE, USER, useWebServer, useSimulator } from './support';

interface Heard {
  headers: IncomingHttpHeaders;
  body: string;
}

/** In place of a status: no answer comes. */
const HANGS = 0;

describe('The webhook', () => {
  const simulator = useSimulator({ now: () => 1_700_000_000_000 });
  let heard: Heard[] = [];
  let status = 200;
  let onHeard: () => void;
  const bot = useWebServer((req, res) => {
    const query = new URL(req.url ?? '', 'http://bot').searchParams;
    if (req.method === 'GET') {
      const isRight = query.get('hub.mode') === 'subscribe' && query.get('hub.verify_token') === 'let me in';
      res.writeHead(isRight ? 200 : 403).end(isRight ? query.get('hub.challenge') : 'no');
      return;
    }
    void text(req).then((body) => {
      heard.push({ headers: req.headers, body });
      const answer = status;
      onHeard();
      if (answer !== HANGS) res.writeHead(answer).end();
    });
  });
  beforeEach(() => {
    heard = [];
    status = 200;
    onHeard = () => undefined;
    simulator().setWebhook(`${bot()}/api/messages`);
  });

  it('keeps its token and its fields when only other options are set', async () => {
    const url = `${bot()}/api/messages`;
    simulator().setWebhook({ url, verifyToken: 'let me in', fields: ['messaging_postbacks'] });
    const response = await fetch(`${simulator().httpUrl}/_sim/webhook`, {
      method: 'POST',
      body: JSON.stringify({ url, redeliver: true }),
    });
    assert.equal(response.status, 200);
    assert.throws(() => {
      simulator().setWebhook({ url: 'nowhere', verifyToken: 'wrong' });
    });
    simulator().setWebhook(url);
    assert.deepEqual(await simulator().verifyWebhook(), { delivered: true, status: 200 });
    const said = await simulator().say({ page: PAGE.id, user: USER, text: 'Hello' });
    assert.equal(said.error, 'The webhook is not subscribed to messages');
  });

  it('tells the bot what the user writes, as the platform does', async () => {
    const said = await simulator().say({ page: PAGE.id, user: USER, text: 'Hello' });
    assert.deepEqual([said.delivered, said.status], [true, 200]);
    assert.deepEqual(JSON.parse(heard[0]?.body ?? ''), {
      object: 'page',
      entry: [
        {
          id: PAGE.id,
          time: 1_700_000_000_000,
          messaging: [
            {
              sender: { id: USER },
              recipient: { id: PAGE.id },
              timestamp: 1_700_000_000_000,
              message: { mid: said.mid, text: 'Hello' },
            },
          ],
        },
      ],
    });
    const [message] = simulator().thread(PAGE.id, USER).messages;
    assert.deepEqual([message?.mid, message?.from, message?.text], [said.mid, 'user', 'Hello']);
  });

  it('is signed with the app’s secret, over the very bytes', async () => {
    await simulator().say({ page: SECRET_PAGE.id, user: USER, text: 'Grüße 🐈' });
    const { headers = {}, body = '' } = heard[0] ?? {};
    const sign = (algorithm: string) => createHmac(algorithm, SECRET_PAGE.secret).update(body).digest('hex');
    assert.equal(headers['x-hub-signature'], `sha1=${sign('sha1')}`);
    assert.equal(headers['x-hub-signature-256'], `sha256=${sign('sha256')}`);
  });

  it('is not signed for a page without a secret', async () => {
    await simulator().say({ page: PAGE.id, user: USER, text: 'Hello' });
    assert.equal(heard[0]?.headers['x-hub-signature'], undefined);
  });

  it('tells of quick replies and buttons', async () => {
    await simulator().say({ page: PAGE.id, user: USER, text: 'Yes', payload: 'YES' });
    await simulator().say({ page: PAGE.id, user: USER, text: 'Start', payload: 'GO', postback: true });
    const [quickReply, postback] = heard.map(({ body }) => {
      const { entry } = JSON.parse(body) as {
        entry: { messaging: { message?: object; postback?: object }[] }[];
      };
      return entry[0]?.messaging[0];
    });
    const [first, second] = simulator().thread(PAGE.id, USER).messages;
    assert.deepEqual(quickReply?.message, { mid: first?.mid, text: 'Yes', quick_reply: { payload: 'YES' } });
    assert.deepEqual(postback?.postback, { mid: second?.mid, title: 'Start', payload: 'GO' });
    assert.equal(postback.message, undefined);
  });

  it('that fails is reported, in the answer and in the state', async () => {
    status = 500;
    const refused = await simulator().say({ page: PAGE.id, user: USER, text: 'one' });
    assert.deepEqual([refused.delivered, refused.status], [false, 500]);
    simulator().setWebhook('http://user:password@localhost:9/hook?token=abc');
    const unreached = await simulator().say({ page: OTHER_PAGE.id, user: USER, text: 'two' });
    assert.equal(unreached.delivered, false);
    assert.deepEqual(simulator().state().webhook, {
      url: 'http://localhost:9/hook',
      last: { delivered: false, error: unreached.error },
    });
    assert.equal(simulator().thread(OTHER_PAGE.id, USER).messages.length, 1);
  });

  describe('that is to be delivered again', () => {
    it('gets an event once more that it does not answer in time, and the same one', async () => {
      simulator().setWebhook({ url: bot(), redeliver: true, timeout: 100 });
      status = HANGS;
      const said = await simulator().say({ page: PAGE.id, user: USER, text: 'Hello' });
      assert.equal(said.delivered, false);
      assert.equal(heard.length, 2);
      assert.equal(heard[0]?.body, heard[1]?.body);
      assert.equal(simulator().thread(PAGE.id, USER).messages.length, 1);
    });

    it('gets it once more after an error, which counts no more if that is answered', async () => {
      const webhook = { url: bot(), redeliver: true };
      const response = await fetch(`${simulator().httpUrl}/_sim/webhook`, {
        method: 'POST',
        body: JSON.stringify(webhook),
      });
      assert.equal(response.status, 200, await response.text());
      status = 500;
      onHeard = () => (status = 200);
      const said = await simulator().say({ page: PAGE.id, user: USER, text: 'Hello' });
      assert.deepEqual([said.delivered, said.status, heard.length], [true, 200, 2]);
    });

    it('gets what it has answered once', async () => {
      simulator().setWebhook({ url: bot(), redeliver: true });
      await simulator().say({ page: PAGE.id, user: USER, text: 'Hello' });
      assert.equal(heard.length, 1);
    });
  });

  it('stays when everything else is forgotten', async () => {
    simulator().reset();
    assert.equal((await simulator().say({ page: PAGE.id, user: USER, text: 'Hello' })).delivered, true);
  });

  it('must be an address', () => {
    assert.throws(() => {
      simulator().setWebhook('localhost:3000');
    }, /http or https address, got "localhost:3000"/);
  });

  it('is verified by the handshake', async () => {
    simulator().setWebhook({ url: `${bot()}/api/messages`, verifyToken: 'let me in' });
    assert.deepEqual(await simulator().verifyWebhook(), { delivered: true, status: 200 });
    simulator().setWebhook({ url: `${bot()}/api/messages`, verifyToken: 'wrong' });
    assert.equal((await simulator().verifyWebhook()).delivered, false);
  });

  it('can be waited for, until the bot confirms it', async () => {
    const url = `${bot()}/api/messages`;
    simulator().setWebhook({ url, verifyToken: 'not yet' });
    let isConfirmed = false;
    const waiting = simulator()
      .waitForWebhook()
      .then(() => (isConfirmed = true));
    await delay(150);
    assert.equal(isConfirmed, false);
    simulator().setWebhook({ url, verifyToken: 'let me in' });
    await waiting;
  });

  it('is waited for no longer than it is said, and then the reason is told', async () => {
    simulator().setWebhook({ url: `${bot()}/api/messages`, verifyToken: 'wrong' });
    await assert.rejects(
      simulator().waitForWebhook(150),
      /^Error: The bot has not confirmed its webhook within 150 ms: .*403/,
    );
  });
});

describe('A webhook that cannot be called', () => {
  const simulator = useSimulator({ webhook: 'http://localhost:3000/webhook' });
  afterEach(() => {
    sinon.restore();
  });
  const refused = "new Error('connect ECONNREFUSED 127.0.0.1:3000')";
  const problems: [promise: string, thrown: string, reported: string][] = [
    [
      'the cause',
      `Object.assign(new Error('fetch failed'), { cause: ${refused} })`,
      'connect ECONNREFUSED 127.0.0.1:3000',
    ],
    [
      'the causes of a host with several addresses',
      `Object.assign(new Error('fetch failed'), { cause: new AggregateError([new Error('not at ::1'), ${refused}]) })`,
      'not at ::1, connect ECONNREFUSED 127.0.0.1:3000',
    ],
    ['the message where there is no cause', refused, 'connect ECONNREFUSED 127.0.0.1:3000'],
  ];
  for (const [promise, thrown, reported] of problems) {
    it(`is reported with ${promise}, also in Jest, where errors of Node are of another realm`, async () => {
      for (const error of [runInThisContext(thrown), runInNewContext(thrown)] as Error[]) {
        sinon.restore();
        sinon.stub(undici, 'fetch').rejects(error);
        assert.equal((await simulator().verifyWebhook()).error, reported);
      }
    });
  }

  it('is reported with the message if the error is of a signal', async () => {
    const { reason } = AbortSignal.abort() as { reason: unknown };
    sinon.stub(undici, 'fetch').rejects(reason as Error);
    assert.equal((await simulator().verifyWebhook()).error, 'This operation was aborted');
  });
});

describe('Without a webhook', () => {
  const simulator = useSimulator();

  it('a user’s message stands in the thread, and is not delivered', async () => {
    const { delivered, error } = await simulator().say({ page: PAGE.id, user: USER, text: 'Anyone?' });
    assert.deepEqual([delivered, error], [false, 'No webhook is set']);
    assert.equal(simulator().thread(PAGE.id, USER).messages.length, 1);
    assert.equal((await simulator().verifyWebhook()).delivered, false);
  });
});
