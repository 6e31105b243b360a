import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { DEMO_PAGE } from 'messenger-platform-simulator';
import { until } from '../support/checks/waiting';
import { useFolder } from '../support/files/folder';
import { freePort } from '../support/platform/listen';
import { ECHO_BOT, RunningCli } from './running-cli';

describe('messenger-platform-simulator replay', function () {
  this.timeout(60_000);
  const folder = useFolder();
  const command = ['--', 'node', 'bot.js'];

  beforeEach(async () => {
    await folder.write('bot.js', ECHO_BOT);
    await folder.write(
      'chat.json',
      JSON.stringify([
        { from: 'user', text: 'hello' },
        { from: 'page', text: '1: hello' },
        { from: 'user', text: 'secure' },
        { from: 'page', text: '1: secure' },
      ]),
    );
  });

  async function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunningCli> {
    return new RunningCli(args, folder.path, { PORT: String(await freePort()), ...env });
  }

  async function replay(...args: string[]): Promise<{ code: number | null; output: string }> {
    const running = await start(['replay', ...args]);
    return { code: await running.exitCode, output: running.output };
  }

  it('ends with 0 if the bot does what a saved chat has', async () => {
    const chat = await start(['--port', '0', '--http-port', '0', ...command]);
    const url = await chat.address();
    await chat.say(url, 'hello');
    const saved = await fetch(`${url}/_sim/threads/${DEMO_PAGE.id}/1/transcript`);
    await folder.write('saved.json', await saved.text());
    chat.child.kill('SIGTERM');
    await chat.exitCode;
    const { code, output } = await replay('saved.json', ...command);
    assert.equal(output, 'The bot does the same as in saved.json (2 entries).\n');
    assert.equal(code, 0);
  });

  it('ends with 1 and shows the difference if the bot does something else', async () => {
    await folder.write('bot.js', ECHO_BOT.replace("VERSION + ': '", "'You wrote: '"));
    const { code, output } = await replay('chat.json', ...command);
    assert.match(output, /^The bot differs from the transcript after "hello" \(entry 1 of 4\):\n/);
    assert.match(output, /^- {2}"text": "1: hello"\n\+ {2}"text": "You wrote: hello"$/m);
    assert.equal(code, 1);
  });

  it('ends with 1 if the bot ends', async () => {
    await folder.write('bot.js', ECHO_BOT.replace("message.text === 'end'", "message.text === 'secure'"));
    const ended = await replay('chat.json', ...command);
    assert.match(ended.output, /^The bot's webhook did not accept "secure": /m);
    assert.equal(ended.code, 1);
    assert.equal((await replay('chat.json', '--', 'node', '-e', '0')).code, 1);
  });

  it('replays against a bot that runs already, with the pages of the configuration', async () => {
    const [port, httpPort] = [String(await freePort()), String(await freePort())];
    const page = { id: '11', token: 'its-token', secret: 'its-secret' };
    const bot = spawn('node', ['bot.js'], {
      cwd: folder.path,
      env: {
        ...process.env,
        PORT: port,
        FACEBOOK_API_URL: `http://localhost:${httpPort}`,
        FACEBOOK_ACCESS_TOKEN: page.token,
        FACEBOOK_APP_SECRET: page.secret,
      },
      stdio: 'inherit',
    });
    try {
      const chat = [
        { from: 'user', text: 'hello' },
        { from: 'page', text: '1: hello' },
      ];
      await folder.write('chat.json', JSON.stringify(chat));
      await folder.write('strict.json', JSON.stringify({ pages: [page] }));
      await folder.write('lenient.json', JSON.stringify({ pages: [{ ...page, requireProof: false }] }));
      const webhook = `http://localhost:${port}/api/messages`;
      await until('the bot answers', () => fetch(webhook).then(Boolean, () => false));
      const options = ['--webhook', webhook, '--http-port', httpPort];
      const lenient = await replay('chat.json', ...options, '--config', 'lenient.json', '--user', '2');
      assert.equal(lenient.code, 0, lenient.output);
      const strict = await replay('chat.json', ...options, '--config', 'strict.json', '--timeout', '2000');
      // The difference names the calls that failed.
      assert.match(strict.output, /Its last calls:\n.*API calls from the server require an appsecret_proof/);
      assert.equal(strict.code, 1);
    } finally {
      bot.kill();
    }
  });

  it('says what is wrong with its arguments, and ends with 2', async () => {
    await folder.write('object.json', '{}');
    const wrong: [args: string[], message: RegExp][] = [
      [['none.json', ...command], /^none\.json cannot be read: .*no such file/],
      [['object.json', ...command], /^Expected a transcript to be a list of entries/m],
      [['chat.json'], /^Expected a command that starts the bot, such as -- node bot\.js, or --webhook/],
      [
        ['chat.json', '--timeout', 'x', ...command],
        /^Expected --timeout to be milliseconds above 0, got "x"/m,
      ],
    ];
    const results = await Promise.all(wrong.map(([args]) => replay(...args)));
    for (const [index, { code, output }] of results.entries()) {
      assert.match(output, wrong[index]?.[1] ?? /$^/);
      assert.equal(code, 2, output);
    }
  });
});
