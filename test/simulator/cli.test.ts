import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { Agent, request } from 'undici';
import { until } from '../support/checks/waiting';
import { type Answer, messageWith, png, useWebServer } from './support';
import { TYPESCRIPT } from '../support/processes/typescript';

const CLI = path.join(__dirname, '../../simulator/cli.ts');

describe('npm run simulator', () => {
  let folder: string;
  let running: ChildProcess | undefined;
  /** What the bot was sent last. */
  let verifyToken: string | null;
  const bot = useWebServer((req, res) => {
    const { searchParams } = new URL(req.url ?? '', 'http://bot');
    verifyToken = searchParams.get('hub.verify_token');
    res.end(searchParams.get('hub.challenge'));
  });

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'simulator-'));
  });
  after(() => rm(folder, { recursive: true }));
  afterEach(() => running?.kill('SIGKILL'));

  function run(...args: string[]) {
    const child = spawn(process.execPath, [...TYPESCRIPT, CLI, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running = child;
    return child;
  }

  async function result(...args: string[]) {
    const child = run(...args);
    const [out, error] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code: child.exitCode, out, error };
  }

  /** Starts it and waits for all that it prints. */
  async function start(lastLine: RegExp, ...args: string[]) {
    const child = run('--port', '0', '--http-port', '0', ...args);
    let out = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (printed: string) => (out += printed));
    }
    await until(`it has printed all:\n${out}`, () => lastLine.test(out));
    return { child, out };
  }

  it('prints where it is and serves it, trusted by its CA file, until SIGTERM', async () => {
    const caFile = path.join(folder, 'ca.pem');
    const pages = ['--page', '11:first-token', '--page', '22:second-token:its-secret'];
    const webhook = ['--webhook', bot(), '--verify-token', 'x'];
    const { child, out } = await start(/webhook\.\n/, ...pages, ...webhook, '--ca-file', caFile);
    assert.match(out, /Pages +11, 22 \(with an app secret\)/);
    assert.match(out, /The bot has confirmed its webhook\./);
    assert.match(out, /NODE_EXTRA_CA_CERTS=.*ca\.pem/);
    assert.doesNotMatch(out, /first-token|second-token|its-secret/);

    const [, url = '', httpUrl = ''] = /Graph API +(https:\S+) and (http:\S+)/.exec(out) ?? [];
    const agent = new Agent({ connect: { ca: await readFile(caFile, 'utf8') } });
    const me = await request(`${url}/v25.0/me?access_token=first-token`, { dispatcher: agent });
    assert.deepEqual(await me.body.json(), { id: '11', name: 'Page 11' });
    await agent.close();
    assert.equal((await fetch(`${httpUrl}/_sim/state`)).status, 200);

    child.kill('SIGTERM');
    await once(child, 'close');
    assert.deepEqual([child.exitCode, child.signalCode], [0, null]);
  });

  it('has a demo page, whose token it prints, and ends at SIGINT', async () => {
    const { child, out } = await start(/Its token.*\n/);
    const [, httpUrl = ''] = /and (http:\S+)/.exec(out) ?? [];
    const [, token = ''] = /Its token +(\S+)/.exec(out) ?? [];
    assert.equal((await fetch(`${httpUrl}/me?access_token=${token}`)).status, 200);
    child.kill('SIGINT');
    await once(child, 'close');
    assert.equal(child.exitCode, 0);
  });

  it('relaxes and tightens the rules: open windows, IDs in attachments, rate limits', async () => {
    const switches = ['--open-windows', '--ids-in-attachments', '--rate-limits'];
    const { out } = await start(/Its token.*\n/, ...switches);
    const [, httpUrl = ''] = /and (http:\S+)/.exec(out) ?? [];
    const [, token = ''] = /Its token +(\S+)/.exec(out) ?? [];
    const post = (edge: string, body: FormData | URLSearchParams) =>
      fetch(`${httpUrl}/me/${edge}?access_token=${token}`, { method: 'POST', body });
    const form = new FormData();
    form.set('message', JSON.stringify(messageWith('image', { is_reusable: true })));
    form.set('filedata', png());
    const { attachment_id: id } = (await (await post('message_attachments', form)).json()) as Answer['body'];
    const image = { type: 'image', payload: { attachment_id: id } };
    const recipient = JSON.stringify({ id: '7001' }); // Who has never written.
    const message = JSON.stringify({ attachments: [image, image] });
    for (let count = 0; count < 3; count += 1) {
      const sent = await post('messages', new URLSearchParams({ recipient, message }));
      assert.equal(sent.status, 200, await sent.text());
      if (count < 2) continue;
      assert.match(sent.headers.get('x-business-use-case-usage') ?? '', /"call_count":1,/); // 3 of 300
    }
  });

  it('helps', async () => {
    const { code, out } = await result('--help');
    assert.equal(code, 0);
    assert.match(out, /^Usage: messenger-platform-simulator \[options\]/);
  });

  it('prints its version', async () => {
    const file = path.join(__dirname, '../../simulator/package.json');
    const { version } = JSON.parse(await readFile(file, 'utf8')) as { version: string };
    const { code, out } = await result('--version');
    assert.deepEqual([code, out], [0, `${version}\n`]);
  });

  it('verifies a webhook by the token that it prints', async () => {
    const { out } = await start(/Verify token.*\n/, '--webhook', bot());
    const [, httpUrl = ''] = /and (http:\S+)/.exec(out) ?? [];
    const [, token = ''] = /Verify token +(\S+)/.exec(out) ?? [];
    await fetch(`${httpUrl}/_sim/webhook/verify`, { method: 'POST' });
    assert.equal(verifyToken, token);
  });

  it('says what is wrong with its arguments, with no help that would hide it, and ends with 2', async function () {
    this.timeout(120_000); // Many processes.
    const page = (problem: string) =>
      new RegExp(`^Expected --page to be ID:TOKEN or ID:TOKEN:SECRET; ${problem}\n`);
    const ports = ['--port', '0', '--http-port', '0'];
    const wrong: [args: string[], message: RegExp][] = [
      [['--prot', '1'], /^error: unknown option '--prot'\n\(Did you mean --port\?\)\n/],
      [['--port', 'x'], /^Expected --port to be a port from 0 to 65535, got "x"\n/],
      [['--http-port', '65536'], /^Expected --http-port to be a port from 0 to 65535, got "65536"\n/],
      [['--page', 'hidden-without-token'], page('the token is missing')],
      [['--page', ':hidden'], page('the ID is missing')],
      [['--page', '1:hidden:'], page('the secret is missing')],
      [['--page', '1:hidden:hidden:hidden'], page('got 4 parts')],
      [['init', '--page', '1:2'], /^error: unknown option '--page'\n\(--help/],
      [['--host', '203.0.113.1', ...ports], /^Expected --host to be an address of this machine, got "203\./],
      [
        ['--ca-file', path.join(folder, 'none/ca.pem'), ...ports],
        /^Expected --ca-file to be a file that can be written: ENOENT.*none\/ca\.pem/,
      ],
      [['--verify-token', ''], /^Expected --verify-token to be a token, got an empty string\n/],
      [['--page'], /^error: option '--page <id:token\[:secret\]>' argument missing\n/],
      [['--pages=1:hidden'], /^error: unknown option '--pages'\n/],
      [['--verify-token', 'hidden'], /^Expected --verify-token to come with --webhook or a command\n/],
      [['--watch'], /^Expected --watch to come with a command\n/],
      [['--env', '--', 'hidden'], /^Expected --env or a command, which gets the variables anyway\n/],
      [
        ['--env=tcsh'],
        /^error: option '--env \[format\]' argument 'tcsh' is invalid\. Allowed choices are sh, /,
      ],
    ];
    const results = await Promise.all(wrong.map(([args]) => result(...args)));
    for (const [index, { code, error }] of results.entries()) {
      const [args = [], message = /$^/] = wrong[index] ?? [];
      assert.equal(code, 2, args.join(' '));
      assert.match(error, message);
      assert.match(error, /\n\(--help lists all options\)\n$/);
      assert.ok(error.split('\n').length <= 5, error);
      assert.doesNotMatch(error, /hidden/);
    }
  });

  it('ends with 1 where it cannot listen, and says which option chooses another port', async () => {
    const { port } = new URL(bot());
    for (const [option, ...others] of [
      ['--port', '--http-port', '0'],
      ['--http-port', '--port', '0'],
    ] as const) {
      const { code, error } = await result(option, port, ...others);
      assert.equal(code, 1);
      const message = `Port ${port} is already in use. Choose another with ${option}; 0 takes any free port.\n`;
      assert.equal(error, message);
    }
  });
});
