import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { request as requestHttps } from 'node:https';
import { text } from 'node:stream/consumers';
import { startSimulator } from 'messenger-platform-simulator';
import { PAGE, received, USER, useSimulator } from './support';

describe('The Graph API answers this machine only:', () => {
  const simulator = useSimulator();
  const allowing = useSimulator({ allowHosts: ['Simulator', 'graph.facebook.com'] });

  async function ask(url: string, headers: Record<string, string>, body?: string) {
    const sent = request(url, { method: body === undefined ? 'GET' : 'POST', headers });
    sent.end(body);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return { status: response.statusCode, body: await text(response) };
  }

  /** As a web page can send it without asking first, with a token that it has guessed. */
  const sendFromSite = (headers: Record<string, string>) =>
    ask(
      `${simulator().httpUrl}/me/messages`,
      { 'content-type': 'application/x-www-form-urlencoded', ...headers },
      `access_token=${PAGE.token}&recipient={"id":"${USER}"}&message={"text":"x"}`,
    );

  it('a web page of another site cannot send', async () => {
    for (const origin of [
      'https://evil.example',
      'null',
      'http://localhost.evil.example',
      'http://10.0.0.1',
    ]) {
      const { status, body } = await sendFromSite({ origin });
      assert.equal(status, 403, origin);
      assert.match(
        body,
        /^\{"error":\{"message":"The simulator answers only to this machine: Origin must be local"/,
      );
    }
    assert.deepEqual([received(simulator()), simulator().calls()], [[], []]);
  });

  it('nor can one whose browser leaves Origin out, and says in Sec-Fetch-Site that it is another site', async () => {
    const image = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'image' };
    const visit = { ...image, 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' };
    assert.equal((await sendFromSite(image)).status, 403);
    assert.equal((await sendFromSite(visit)).status, 403);
    for (const path of ['/me?access_token=x', '/_sim/state', '/_sim/content/1', '/']) {
      assert.equal((await ask(simulator().httpUrl + path, image)).status, 403, path);
    }
    assert.deepEqual(received(simulator()), []);
  });

  it('but a link to the UI may stand on any page', async () => {
    const headers = {
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    assert.equal((await ask(`${simulator().httpUrl}/?tab=calls`, headers)).status, 200);
    assert.equal(
      (await ask(`${simulator().httpUrl}/`, { ...headers, 'sec-fetch-dest': 'iframe' })).status,
      403,
    );
  });

  it('a name that was rebound to this machine is refused, with what allows it', async () => {
    for (const host of [
      'evil.example',
      'evil.example:80',
      'localhost.evil.example',
      '10.0.0.1',
      '127.evil.example',
    ]) {
      assert.equal((await sendFromSite({ host })).status, 403, host);
    }
    assert.match((await sendFromSite({ host: 'simulator:8080' })).body, /--allow-host simulator"/);
    assert.deepEqual(received(simulator()), []);
  });

  it('calls of this machine are carried out, also from its own web pages', async () => {
    const own: Record<string, string>[] = [
      {},
      { host: '127.0.0.1' },
      { host: '[::1]:80' },
      { origin: 'http://localhost:3000', 'sec-fetch-site': 'same-site' },
      // From http to https of the same host, browsers say cross-site.
      { origin: 'http://localhost:3000', 'sec-fetch-site': 'cross-site' },
      { origin: simulator().url },
      { 'sec-fetch-site': 'none' },
    ];
    for (const headers of own) {
      assert.equal((await sendFromSite(headers)).status, 200, JSON.stringify(headers));
    }
    assert.equal(received(simulator()).length, own.length);
  });

  it('allowHosts adds names, and no more', async () => {
    const status = async (host: string) =>
      (await ask(`${allowing().httpUrl}/me?access_token=${PAGE.token}`, { host })).status;
    assert.deepEqual(
      await Promise.all(['simulator:8080', 'SIMULATOR', 'graph.facebook.com'].map(status)),
      [200, 200, 200],
    );
    assert.deepEqual(
      await Promise.all(['facebook.com', 'x.graph.facebook.com', 'simulator.x'].map(status)),
      [403, 403, 403],
    );
  });

  it('the certificate names what is allowed', async () => {
    const { port } = new URL(allowing().url);
    const connect = (servername: string) => {
      const sent = requestHttps({
        host: '127.0.0.1',
        port,
        servername,
        ca: allowing().ca,
        agent: false,
        path: `/me?access_token=${PAGE.token}`,
        headers: { host: servername },
      });
      sent.end();
      return once(sent, 'response') as Promise<[IncomingMessage]>;
    };
    for (const name of ['graph.facebook.com', 'simulator', 'localhost']) {
      const [response] = await connect(name);
      response.resume();
      assert.equal(response.statusCode, 200, name);
    }
    await assert.rejects(connect('other.facebook.com'), /altnames/);
  });

  it('a name that can be none is refused at the start', async () => {
    for (const name of ['', 'http://simulator', 'simulator:80', 'a b', 'a/b', '*']) {
      const started = startSimulator({ allowHosts: [name] });
      await assert.rejects(
        started.then((running) => running.close()),
        { name: 'InputError', message: /allowHosts\[0\]: expected a host name such as "simulator", got / },
      );
    }
  });
});
