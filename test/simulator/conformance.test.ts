import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { buffer, text } from 'node:stream/consumers';
import path from 'node:path';
import { useFolder } from '../support/files/folder';
import { PNG, received, SECRET_PAGE, USER, useSimulator, useWebServer } from './support';
import { TYPESCRIPT } from '../support/processes/typescript';

const CLI = path.join(__dirname, '../../simulator/cli.ts');

const { token, secret } = SECRET_PAGE;
const ENVIRONMENT = {
  FACEBOOK_ACCESS_TOKEN: token,
  FACEBOOK_APP_SECRET: secret,
  FACEBOOK_PERSON_ID: USER,
  FACEBOOK_PERSON_OUTSIDE_WINDOW_ID: '5550001112223334',
};

/** A JSON answer that the wrong platform is about to give. */
interface Answer {
  status: number;
  body: Record<string, unknown> | object[];
}

/** By a part of the request's body or address: what the wrong platform makes of the simulator's answer. */
const MISTAKES: [request: RegExp, mistake: (answer: Answer) => Answer, reported: RegExp][] = [
  [
    /fields=id%2Cname/,
    ({ status, body }) => ({ status, body: Object.assign(body, { about: 'Cats' }) }),
    /gives ID and name of the page\n +about was not expected\n/,
  ],
  [
    /"text":"A text","attachment"/,
    () => ({ status: 200, body: { recipient_id: USER, message_id: 'm_1' } }),
    /refuses a text beside an attachment\n +expected 400, 100\/2018191 OAuthException, got 200\n/,
  ],
  [
    /"attachment_id":"1"/,
    (answer) => withError(answer, { error_subcode: 2018008 }),
    /refuses an unknown attachment ID\n +expected 400, 100\/2018074 OAuthException, got 400, 100\/2018008 OAuthException\n/,
  ],
  [
    /"batch":/,
    ({ status, body }) => ({ status, body: entries(body).map((one) => ({ ...one, code: 500 })) }),
    /answers each request of a batch\n +request 1 of the batch: expected 200, got 500\n +request 2 of the batch: expected 400, /,
  ],
  [
    /"template_type":"button"/,
    () => ({ status: 200, body: [] }),
    /refuses a button template without buttons\n +expected 400, 100 OAuthException, got 200 with something that is no JSON object\n/,
  ],
  [
    /playload/,
    (answer) => withError(answer, { message: '(#100) No' }),
    /refuses an unknown key\n +expected message to match .*, got \(#100\) No\n/,
  ],
  [
    /ANSWER/,
    (answer) => withError(answer, { type: 'FacebookApiException' }),
    /refuses a messaging type .*\n +expected 400, 100 OAuthException, got 400, 100 FacebookApiException\n/,
  ],
  [
    /13 quick replies/,
    ({ status }) => ({ status, body: { recipient_id: USER } }),
    /sends a text with quick replies\n +message_id is missing\n +header x-business-use-case-usage is missing\n/,
  ],
  [
    /"sender_action":"typing_on"/,
    (answer) => ({ ...answer, status: 500 }),
    /shows that the page is typing\n +expected 200, got 500\n/,
  ],
];

function withError({ status, body }: Answer, changes: object): Answer {
  const { error } = body as { error: object };
  return { status, body: { error: { ...error, ...changes } } };
}

function entries(body: Answer['body']): object[] {
  return Array.isArray(body) ? body : [];
}

describe('messenger-platform-simulator conformance', function () {
  this.timeout(60_000);
  const simulator = useSimulator();
  const folder = useFolder();
  const pictures = useWebServer((req, res) => {
    if (req.url === '/pixel.png') res.setHeader('content-type', 'image/png').end(PNG);
    else res.writeHead(404).end();
  });
  /** The simulator with mistakes. */
  const wrongPlatform = useWebServer((req, res) => {
    const { url = '', method = '' } = req;
    const answer = async () => {
      const body = await buffer(req);
      const { authorization = '', 'content-type': contentType = '' } = req.headers;
      const response = await fetch(new URL(url, simulator().httpUrl), {
        method,
        headers: { authorization, 'content-type': contentType },
        ...(method === 'POST' && { body }),
      });
      const asked = `${url} ${body.toString()}`;
      if (/"dance"/.test(asked)) {
        res.destroy();
        return;
      }
      const [, mistake = (right: Answer) => right] = MISTAKES.find(([request]) => request.test(asked)) ?? [];
      const given = mistake({ status: response.status, body: (await response.json()) as Answer['body'] });
      const { 'content-type': type, ...headers } = Object.fromEntries(
        [...response.headers].filter(([name]) => /^(content-type|facebook-|x-)/.test(name)),
      );
      // One of its mistakes: messages without the header that tells how much of the limit is used.
      if (/13 quick replies/.test(asked)) delete headers['x-business-use-case-usage'];
      res.writeHead(given.status, { 'content-type': type, ...headers }).end(JSON.stringify(given.body));
    };
    void answer();
  });

  async function run(args: string[], env: NodeJS.ProcessEnv = ENVIRONMENT) {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FACEBOOK_'));
    const child = spawn(process.execPath, [...TYPESCRIPT, CLI, 'conformance', ...args], {
      env: { ...Object.fromEntries(inherited), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    for (const hidden of [token, secret]) assert.ok(!`${out}${error}`.includes(hidden));
    return { code: child.exitCode, out, error };
  }

  const against = (url: string, ...more: string[]) => [
    '--api-host',
    url,
    '--image-url',
    `${pictures()}/pixel.png`,
    ...more,
  ];

  it('finds the simulator as expected, and sends no more messages than it announces', async () => {
    // By HTTPS, as the real platform is asked.
    const trust = { NODE_EXTRA_CA_CERTS: await folder.write('ca.pem', simulator().ca) };
    const { code, out } = await run(against(simulator().host), { ...ENVIRONMENT, ...trust });
    assert.match(out, /\n\n37 as expected, 0 different, 0 skipped\n$/, out);
    assert.equal(code, 0);
    const [, announced] = /the person receives (\d+) messages/.exec(out) ?? [];
    assert.equal(received(simulator(), SECRET_PAGE.id).length, Number(announced));
    assert.equal(announced, '5');
  });

  it('reports each mistake of a platform that is wrong, and nothing else', async () => {
    const { code, out } = await run(against(wrongPlatform()));
    assert.equal(code, 1);
    for (const [, , reported] of MISTAKES) assert.match(out, reported);
    assert.match(out, /different +refuses a sender action .*\n +no answer: /);
    assert.match(out, new RegExp(`, ${MISTAKES.length + 1} different, 0 skipped\n$`), out);
    // What was answered, and why something else is expected.
    assert.match(out, / answer: {"recipient_id":"\d+","message_id":"m_1"}\n +source: .*conbus\/fbmq#19/);
  });

  it('sends the person nothing with --no-messages', async () => {
    const { code, out } = await run(against(simulator().httpUrl, '--no-messages'));
    assert.equal(code, 0, out);
    assert.match(out, /the person receives 0 messages/);
    assert.deepEqual(received(simulator(), SECRET_PAGE.id), []);
  });

  it('skips what it has no person, no secret or no ID for', async () => {
    const missing = { FACEBOOK_APP_SECRET: undefined, FACEBOOK_PERSON_OUTSIDE_WINDOW_ID: undefined };
    const { code, out } = await run(against(simulator().httpUrl), { ...ENVIRONMENT, ...missing });
    assert.match(out, /skipped +refuses a wrong proof .*\n +needs the app secret in FACEBOOK_APP_SECRET\n/);
    assert.match(out, /needs a person in FACEBOOK_PERSON_OUTSIDE_WINDOW_ID\n/);
    // The app of this page wants a proof with each call: nothing is uploaded.
    assert.match(
      out,
      /skipped +sends a picture by its ID\n +needs an attachment ID, which has not been answered\n/,
    );
    assert.equal(code, 1);
  });

  it('records requests and answers without secrets, page and person', async () => {
    const file = folder.at('record.json');
    await run(against(simulator().httpUrl, '--record', file));
    const record = await readFile(file, 'utf8');
    for (const hidden of Object.values(ENVIRONMENT)) assert.ok(!record.includes(hidden), hidden);
    assert.ok(!record.includes(SECRET_PAGE.id));
    const { cases } = JSON.parse(record) as { cases: { name: string; request: object; answer: object }[] };
    assert.equal(cases.length, 37);
    const { request, answer } = cases.find(({ name }) => name === 'refuses a message without content') ?? {};
    assert.deepEqual(request, {
      method: 'POST',
      path: '/me/messages',
      params: { recipient: { id: '<hidden>' }, messaging_type: 'RESPONSE', message: {} },
    });
    assert.match(JSON.stringify(answer), /^{"status":400,.*"code":100,"error_subcode":2018034,/);
  });

  it('says in its help whom the simulator has inside the window', async () => {
    const { code, out } = await run(['--help']);
    assert.equal(code, 0);
    assert.match(
      out,
      /FACEBOOK_PERSON_OUTSIDE_WINDOW_ID .*\n +Against the simulator: an ID that is neither 1 to 9/,
    );
  });

  it('says what it lacks, and ends with 2', async () => {
    const host = ['--api-host', 'graph.facebook.com'];
    const results = await Promise.all([
      run([]),
      run(host, {}),
      run(host, { FACEBOOK_ACCESS_TOKEN: token }),
      run(['--api-host', 'http://graph.facebook.com']),
    ]);
    const messages = [
      /required option '--api-host <host>' not specified/,
      /^Expected FACEBOOK_ACCESS_TOKEN in the environment, got nothing\n/,
      /^Expected FACEBOOK_PERSON_ID in the environment, got nothing\n/,
      /^Expected --api-host to be a host such as graph\.facebook\.com, or an http address of this machine, got "http:/,
    ];
    for (const [index, { code, error }] of results.entries()) {
      assert.equal(code, 2);
      assert.match(error, messages[index] ?? /$^/);
      assert.match(error, /--help lists all options/);
    }
  });
});
