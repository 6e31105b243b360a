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
  webhook: { url: 'http://localhost:3999/hook', verifyToken: 'configured' },
} satisfies SimulatorConfig;

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

  it('names the path of each field that is wrong, without its value, and ends with 2', async () => {
    const wrong = {
      pages: [
        { id: 11, token: 'hidden' },
        { id: '12', token: 'hidden', nmae: 'hidden' },
      ],
      people: [{ id: 'hidden', name: '' }],
      clock: 'hidden',
      webhook: { url: 'hidden' },
      rateLimits: { perSecond: 0 },
      windows: 'hidden',
      httpPort: '8080',
    };
    await write('messenger.config.json', JSON.stringify(wrong));
    const simulator = run();
    assert.equal(await simulator.exitCode, 2);
    const [title, ...problems] = simulator.output.trimEnd().split('\n');
    assert.equal(title, 'messenger.config.json is wrong:');
    assert.deepEqual(
      problems.map((problem) => problem.split(':')[0]?.trim()),
      [
        'pages[0].id',
        'pages[1]',
        'people[0].id',
        'people[0].name',
        'clock',
        'windows',
        'rateLimits.perSecond',
        'webhook.url',
        'httpPort',
      ],
    );
    assert.doesNotMatch(simulator.output, /hidden/);
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

  it('are refused when they cannot be', async () => {
    const wrong: [people: { id: string; name: string; picture?: string }[], message: RegExp][] = [
      [[{ id: 'ada', name: 'Ada' }], /person's id to be a string of digits, got "ada"/],
      [[{ id: '1', name: ' ' }], /person 1 to have a name/],
      [
        [
          { id: '1', name: 'Ada' },
          { id: '1', name: 'Bob' },
        ],
        /each person once, got 1 twice/,
      ],
      [[{ id: '1', name: 'Ada', picture: 'none.png' }], /picture of person 1 to be a file/],
    ];
    for (const [people, message] of wrong) {
      await assert.rejects(startSimulator({ people }), (error) => {
        assert.ok(error instanceof InputError);
        assert.match(error.message, message);
        return true;
      });
    }
    await assert.rejects(startSimulator({ clock: 'soon' }), /the clock to start at a time/);
  });
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
