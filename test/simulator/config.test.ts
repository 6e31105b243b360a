import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { InputError, type SimulatorConfig, startSimulator } from 'messenger-platform-simulator';
import { freePort } from '../support/platform/listen';
import { until } from '../support/checks/waiting';
import { ECHO_BOT, get, RunningCli } from './running-cli';
import { call, PAGE, PNG } from './support';

const CONFIG = {
  pages: [{ id: '11', name: 'Cats', token: 'cats-token', secret: 'cats-secret' }],
  people: [
    {
      id: '501',
      name: 'Ada King Lovelace',
      picture: 'ada.png',
      locale: 'en_GB',
      timezone: 1,
      gender: 'female',
    },
    { id: '502', name: 'Plato' },
  ],
  clock: '2031-02-03T04:05:06Z',
  rateLimits: { perSecond: 1 },
  webhook: { url: 'http://localhost:3999/hook', verifyToken: 'configured', fields: ['messages'] },
} satisfies SimulatorConfig;

/** Each option that is wrong, in one way or another. */
const WRONG = {
  pages: [
    { id: 11, token: 12 },
    { id: '12', token: 'hidden', nmae: 'Cats' },
    { id: '13', token: '', requireProof: 'no' },
  ],
  people: [{ id: 'ada', name: ' ', email: 'ada', phone: 'none' }],
  clock: 'soon',
  webhook: { url: 'ftp://user:hidden@localhost/hook?token=hidden', fields: ['message'] },
  rateLimits: { perSecond: 0 },
  windows: 'opened',
  httpPort: '8080',
  allowHosts: ['http://simulator'],
  prot: 1,
};

const FIELDS =
  'pages, people, clock, windows, rateLimits, idsInAttachments, webhook, port, httpPort, host, allowHosts';

const PROBLEMS = [
  'pages[0].id: expected a string of digits, got 11',
  'pages[0].token: expected a string that is not empty, got 12',
  'pages[1]: expected only the fields id, token, name, secret, requireProof, got "nmae"',
  'pages[2].token: expected a string that is not empty, got an empty string',
  'pages[2].requireProof: expected true or false, got "no"',
  'people[0].id: expected a string of digits, got "ada"',
  'people[0].name: expected a name, got " "',
  'people[0].email: expected an e-mail address, got "ada"',
  'people[0].phone: expected a phone number such as "+15550100001", got "none"',
  'clock: expected a time such as "2026-01-31T09:00:00Z", got "soon"',
  'windows: expected one of "platform", "open", got "opened"',
  'rateLimits.perSecond: expected a whole number of messages above 0, got 0',
  'webhook.url: expected an http or https address, got "ftp://…@localhost/hook?…"',
  'webhook.fields[0]: expected one of "messages", "messaging_postbacks", "message_reactions", "message_reads", ' +
    '"message_deliveries", "message_echoes", "messaging_referrals", "messaging_optins", ' +
    '"messaging_account_linking", "messaging_handovers", "standby", got "message"',
  'httpPort: expected a port from 0 to 65535, got "8080"',
  'allowHosts[0]: expected a host name such as "simulator", got "http://simulator"',
  `configuration: expected only the fields ${FIELDS}, got "prot"`,
];

describe('messenger.config', function () {
  this.timeout(60_000);
  let folder: string;
  let running: RunningCli | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'simulator-'));
  });
  afterEach(async () => {
    running?.child.kill('SIGTERM');
    await running?.exitCode;
    running = undefined;
    await rm(folder, { recursive: true });
  });

  const run = (...args: string[]) => (running = new RunningCli(args, folder, {}));
  const ports = ['--port', '0', '--http-port', '0'];
  const write = (name: string, text: string) => writeFile(path.join(folder, name), text);

  async function start(...args: string[]): Promise<Record<string, string>> {
    const simulator = run(...ports, '--env', 'json', ...args);
    await until(`it has started: ${simulator.output}`, () => /^}\n/m.test(simulator.printed));
    return JSON.parse(simulator.printed) as Record<string, string>;
  }

  it('seeds pages, people with names and pictures, the clock, limits and the webhook, in JSON', async () => {
    await write('messenger.config.json', JSON.stringify(CONFIG));
    await writeFile(path.join(folder, 'ada.png'), PNG);
    const env = await start();
    assert.equal(env['FACEBOOK_ACCESS_TOKEN'], 'cats-token');
    assert.equal(env['FACEBOOK_APP_SECRET'], 'cats-secret');
    assert.equal(env['FACEBOOK_VERIFY_TOKEN'], 'configured');
    const state = await get<{ pages: object[]; clock: { now: number }; webhook: { url: string } }>(
      `${env['FACEBOOK_API_URL'] ?? ''}/_sim/state`,
    );
    assert.deepEqual(state.pages, [{ id: '11', name: 'Cats', hasSecret: true }]);
    assert.ok(Math.abs(state.clock.now - Date.parse(CONFIG.clock)) < 60_000);
    assert.equal(state.webhook.url, 'http://localhost:3999/hook');
    const read = await fetch(`${env['FACEBOOK_API_URL'] ?? ''}/_sim/act`, {
      method: 'POST',
      body: JSON.stringify({ page: '11', user: '501', type: 'read' }),
    });
    assert.match(await read.text(), /not subscribed to message_reads/);
    const snapshot = await snapshotOf(env['FACEBOOK_API_URL'] ?? '');
    assert.deepEqual(snapshot.people, [
      { id: '501', name: 'Ada King Lovelace', hasPicture: true },
      { id: '502', name: 'Plato', hasPicture: false },
    ]);
  });

  it('is read as a CommonJS or an ES module, or from the file in --config; its pictures lie beside it', async () => {
    await mkdir(path.join(folder, 'setup/pictures'), { recursive: true });
    await writeFile(path.join(folder, 'setup/pictures/ada.png'), PNG);
    const config = JSON.stringify({ people: [{ id: '1', name: 'Ada', picture: 'pictures/ada.png' }] });
    for (const [name, text] of [
      ['setup/one.cjs', `module.exports = ${config}`],
      ['setup/two.mjs', `export default ${config}`],
      ['setup/messenger.config.js', `module.exports = ${config}`],
    ] as const) {
      await write(name, text);
      const env = await start('--config', name);
      const picture = await fetch(`${env['FACEBOOK_API_URL'] ?? ''}/_sim/people/1/picture`);
      assert.equal(picture.headers.get('content-type'), 'image/png', name);
      assert.deepEqual(Buffer.from(await picture.arrayBuffer()), PNG);
      running?.child.kill('SIGTERM');
      await running?.exitCode;
    }
  });

  it('gives way to options', async () => {
    await write('messenger.config.json', JSON.stringify({ ...CONFIG, people: [] }));
    const env = await start('--page', '22:other', '--verify-token', 'its-own');
    assert.equal(env['FACEBOOK_PAGE_ID'], '22');
    assert.equal(env['FACEBOOK_VERIFY_TOKEN'], 'its-own');
  });

  it('with mistakes ends with 2 and says of each field what was found and what is allowed, but no secret', async () => {
    await write('messenger.config.json', JSON.stringify(WRONG));
    const simulator = run();
    assert.equal(await simulator.exitCode, 2);
    assert.equal(simulator.output, `messenger.config.json is wrong:\n  ${PROBLEMS.join('\n  ')}\n`);
  });

  it('says which file cannot be read, and why', async () => {
    await write('messenger.config.json', '{');
    const broken = run();
    assert.equal(await broken.exitCode, 2);
    assert.match(broken.output, /^messenger\.config\.json cannot be read: .*JSON/);
    const without = run('--config', 'none.json');
    assert.equal(await without.exitCode, 2);
    assert.match(without.output, /^none\.json cannot be read: .*no such file/);
  });

  it('is written by init, so that a bot runs with it; what is there stays', async () => {
    await write('bot.js', ECHO_BOT);
    const init = run('init');
    assert.equal(await init.exitCode, 0);
    assert.match(init.output, /: npx messenger-platform-simulator -- node bot\.js\n.*"webhook": "http:/);
    const written = await readFile(path.join(folder, 'messenger.config.json'), 'utf8');
    const env = { PORT: String(await freePort()) };
    running = new RunningCli([...ports, '--', 'node', 'bot.js'], folder, env);
    const url = await running.address();
    assert.deepEqual(await running.say(url, 'hello'), ['1: hello']);
    assert.equal((await snapshotOf(url)).people[0]?.name, 'Ada Lovelace');
    running.child.kill('SIGTERM');
    await running.exitCode;

    const again = run('init');
    assert.equal(await again.exitCode, 2);
    assert.match(again.output, /^There is a messenger\.config\.json already/);
    assert.equal(await readFile(path.join(folder, 'messenger.config.json'), 'utf8'), written);
  });
});

describe('People with a profile', () => {
  it('are known to the User Profile API, by what is known of them', async () => {
    const [ada, plato] = CONFIG.people;
    assert.ok(ada && plato);
    const folder = await mkdtemp(path.join(tmpdir(), 'simulator-'));
    const picture = path.join(folder, 'ada.png');
    await writeFile(picture, PNG);
    const people = [{ ...ada, picture }, plato];
    const simulator = await startSimulator({ pages: [PAGE], people, clock: CONFIG.clock });
    try {
      const fields = 'first_name,last_name,profile_pic,locale,timezone,gender';
      assert.deepEqual((await call(simulator, `/501?fields=${fields}`)).body, {
        id: '501',
        first_name: 'Ada',
        last_name: 'King Lovelace',
        profile_pic: `${simulator.httpUrl}/_sim/people/501/picture`,
        locale: 'en_GB',
        timezone: 1,
        gender: 'female',
      });
      assert.deepEqual((await call(simulator, `/502?fields=${fields}`)).body, {
        id: '502',
        first_name: 'Plato',
        last_name: '',
      });
      const response = await fetch(`${simulator.httpUrl}/_sim/people/501/picture`);
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), PNG);
      assert.equal((await fetch(`${simulator.httpUrl}/_sim/people/502/picture`)).status, 404);
      const sent = await call(simulator, '/me/messages', {
        recipient: { id: '501' },
        message: { text: 'Hi' },
      });
      assert.equal(sent.status, 200, 'they have just written');
    } finally {
      await simulator.close();
      await rm(folder, { recursive: true });
    }
  });

  it('are refused if their picture is no file', async () => {
    const people = [{ id: '1', name: 'Ada', picture: 'none.png' }];
    await assert.rejects(startSimulator({ people }), /picture of person 1 to be a file/);
  });
});

describe('startSimulator', () => {
  it('refuses what the configuration file refuses, in the same words', async () => {
    const { message } = await refusal(WRONG);
    const [title, ...problems] = message.split('\n  ');
    assert.equal(title, 'The options of the simulator are wrong:');
    assert.deepEqual(problems.slice(0, -1), PROBLEMS.slice(0, -1));
    assert.match(problems.at(-1) ?? '', /^configuration: expected only the fields .*, got "prot"$/);
  });

  const options: [what: string, options: object, problem: string][] = [
    ['no pages', { pages: [] }, 'pages: expected a list of at least one page, got an empty list'],
    ['a page that is none', { pages: 'cats' }, 'pages: expected a list of at least one page, got "cats"'],
    [
      'a page twice',
      { pages: [PAGE, { ...PAGE, token: 'x' }] },
      `pages[1].id: expected a value that no other entry has, got "${PAGE.id}"`,
    ],
    [
      'a token twice',
      { pages: [PAGE, { id: '2', token: PAGE.token }] },
      'pages[1].token: expected a value that no other entry has, got a string that is not shown',
    ],
    [
      'a person twice',
      {
        people: [
          { id: '1', name: 'Ada' },
          { id: '1', name: 'Bob' },
        ],
      },
      'people[1].id: expected a value that no other entry has, got "1"',
    ],
    [
      'a time that is none',
      { clock: Number.NaN },
      'clock: expected a time such as "2026-01-31T09:00:00Z", got NaN',
    ],
    [
      'a limit of none',
      { rateLimits: { perSecond: Number.NaN } },
      'rateLimits.perSecond: expected a whole number of messages above 0, got NaN',
    ],
    [
      'a webhook that is none',
      { webhook: 5 },
      'webhook: expected an http or https address, or an object with such a url, got 5',
    ],
    ['no calls to keep', { keepCalls: 0 }, 'keepCalls: expected a whole number of calls above 0, got 0'],
    ['a clock that does not go', { now: 5 }, 'now: expected a function, got 5'],
  ];
  for (const [what, wrong, problem] of options) {
    it(`refuses ${what}`, async () => {
      assert.equal((await refusal(wrong)).message, `The options of the simulator are wrong:\n  ${problem}`);
    });
  }

  it('accepts options that are undefined, and a start of the clock as a time, a number or a Date', async () => {
    for (const clock of ['2031-02-03T04:05:06Z', Date.UTC(2031, 1, 3), new Date('2031-02-03'), undefined]) {
      const pages = [{ ...PAGE, secret: undefined, name: undefined }];
      const simulator = await startSimulator({ pages, clock, windows: undefined, webhook: undefined });
      assert.equal(new Date(simulator.state().clock.now).getUTCFullYear() === 2031, clock !== undefined);
      await simulator.close();
    }
  });

  async function refusal(wrong: object): Promise<Error> {
    try {
      await (await startSimulator(wrong)).close();
    } catch (error) {
      assert.ok(error instanceof InputError);
      return error;
    }
    return assert.fail('it was accepted');
  }
});

/** The first event that a UI is told. */
async function snapshotOf(url: string): Promise<{ people: { name: string }[] }> {
  const response = await fetch(`${url}/_sim/events`);
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk as Uint8Array).toString();
    const data = /^data: (.*)\n\n/m.exec(text)?.[1];
    if (data !== undefined) return JSON.parse(data) as { people: { name: string }[] };
  }
  throw new Error('No snapshot came');
}
