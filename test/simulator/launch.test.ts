import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv, promisify } from 'node:util';
import { until } from '../support/checks/waiting';
import { freePort } from '../support/platform/listen';
import { CLI, ECHO_BOT, get, RunningCli } from './running-cli';
import { TYPESCRIPT } from '../support/processes/typescript';

describe('messenger-platform-simulator -- a bot', function () {
  this.timeout(60_000);
  let folder: string;
  let running: RunningCli | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'simulator-'));
    await writeFile(path.join(folder, 'bot.js'), ECHO_BOT);
  });
  afterEach(async () => {
    // Not SIGKILL, which would leave the bot behind.
    running?.child.kill('SIGTERM');
    await running?.exitCode;
    running = undefined;
    await rm(folder, { recursive: true });
  });

  const ports = ['--port', '0', '--http-port', '0'];
  const command = ['--', 'node', 'bot.js'];

  async function run(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RunningCli> {
    running = new RunningCli(args, folder, { PORT: String(await freePort()), ...env });
    return running;
  }

  it('sets the environment, finds the webhook, prints the address to chat at, and passes the exit code on', async () => {
    const simulator = await run([...ports, ...command]);
    const url = await simulator.address();
    assert.deepEqual(await simulator.say(url, 'hello'), ['1: hello']);
    assert.deepEqual(await simulator.say(url, 'secure'), ['1: hello', '1: secure']);
    const { webhook } = await get<{ webhook: { url: string } }>(`${url}/_sim/state`);
    assert.match(webhook.url, /\/api\/messages$/);
    assert.equal(simulator.output.match(/http:/g)?.length, 1, simulator.output);
    await simulator.say(url, 'end').catch(() => undefined);
    assert.equal(await simulator.exitCode, 7);
    assert.match(simulator.output, /The bot has ended with exit code 7\.\n/);
    assert.doesNotMatch(simulator.output, /in use/);
  });

  it('takes the page, the webhook and the verify token from its options, and needs no "--"', async () => {
    const address = `http://localhost:${await freePort()}/hook`;
    const page = ['--page', '11:its-token:its-secret'];
    const options = [...ports, ...page, '--webhook', address, '--verify-token', 'its-own'];
    const show = "console.log(JSON.stringify(process.env)); require('./bot.js')";
    const env = { WEBHOOK_PATH: '/hook', PORT: '' };
    const simulator = await run([...options, 'node', '-e', show], env);
    await simulator.address();
    const given = JSON.parse(/^\{.*\}$/m.exec(simulator.output)?.[0] ?? '') as NodeJS.ProcessEnv;
    assert.equal(given['PORT'], new URL(address).port);
    assert.equal(given['FACEBOOK_PAGE_ID'], '11');
    assert.equal(given['FACEBOOK_ACCESS_TOKEN'], 'its-token');
    assert.equal(given['FACEBOOK_APP_SECRET'], 'its-secret');
    assert.equal(given['FACEBOOK_VERIFY_TOKEN'], 'its-own');
  });

  it('keeps trusting the authorities that the shell names', async () => {
    await writeFile(path.join(folder, 'company.pem'), 'THE COMPANY’S');
    const show = "console.log(require('fs').readFileSync(process.env.NODE_EXTRA_CA_CERTS, 'utf8'))";
    const env = { NODE_EXTRA_CA_CERTS: path.join(folder, 'company.pem') };
    const simulator = await run([...ports, '--', 'node', '-e', show], env);
    assert.equal(await simulator.exitCode, 0);
    assert.match(simulator.output, /-----BEGIN CERTIFICATE-----[^]+THE COMPANY’S/);
  });

  for (const [signal, code] of [
    ['SIGTERM', 42],
    ['SIGINT', 43],
  ] as const) {
    it(`passes ${signal} on, and ends when the bot has`, async () => {
      const simulator = await run([...ports, ...command]);
      await simulator.address();
      simulator.child.kill(signal);
      assert.equal(await simulator.exitCode, code);
    });
  }

  describe('that another process starts, as with npm start,', () => {
    /** As npm does it: the shell ends at a signal and does not pass it on. */
    const shell = ['--', 'sh', '-c', 'node bot.js; exit $?'];
    /** Needs longer than the shell. */
    const slow = ECHO_BOT.replace(
      'process.exit(42)',
      "setTimeout(() => { console.log('bot ends'); process.exit(); }, 500)",
    );
    beforeEach(async () => {
      await writeFile(path.join(folder, 'bot.js'), slow);
    });

    it('ends at SIGTERM, before the simulator', async () => {
      const simulator = await run([...ports, ...shell]);
      await simulator.address();
      simulator.child.kill('SIGTERM');
      assert.equal(await simulator.exitCode, 128 + 15);
      assert.match(simulator.output, /bot ends/);
    });

    it('ends when the command has', async () => {
      await promisify(execFile)('mkfifo', [path.join(folder, 'end')]);
      const simulator = await run([...ports, '--', 'sh', '-c', 'node bot.js & read line < end; exit 5']);
      await simulator.address();
      await writeFile(path.join(folder, 'end'), '\n');
      assert.equal(await simulator.exitCode, 5);
      assert.match(simulator.output, /bot ends/);
    });

    it('ends before --watch starts it again', async () => {
      const simulator = await run([...ports, '--watch', ...shell]);
      const url = await simulator.address();
      await writeFile(path.join(folder, 'bot.js'), slow.replace('VERSION = 1', 'VERSION = 2'));
      await until('the new version answers', async () =>
        (await simulator.say(url, 'hello')).includes('2: hello'),
      );
      assert.doesNotMatch(simulator.output, /EADDRINUSE/);
    });

    describe('in a terminal,', () => {
      /** A terminal for a command; what is written to its standard input is typed. */
      const TERMINAL = 'import pty, sys; pty.spawn(sys.argv[1:])';

      before(function () {
        if (spawnSync('python3', ['--version']).error) this.skip();
      });

      async function runInTerminal(command: readonly string[]) {
        const script = 'echo "the simulator is $$"; exec "$0" "$@"';
        const simulator = [process.execPath, ...TYPESCRIPT, CLI, ...ports, ...command];
        const terminal = spawn('python3', ['-c', TERMINAL, 'sh', '-c', script, ...simulator], {
          cwd: folder,
          env: { ...process.env, PORT: String(await freePort()) },
          stdio: ['pipe', 'pipe', 'inherit'],
        });
        let output = '';
        terminal.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
        const closed = once(terminal, 'close');
        await until('the bot is ready', () => output.includes('Chat with your bot'));
        const pid = Number(/the simulator is (\d+)/.exec(output)?.[1]);
        return { pid, terminal, output: () => output, closed };
      }

      it('ends at SIGTERM', async () => {
        const { pid, output, closed } = await runInTerminal(shell);
        process.kill(pid, 'SIGTERM');
        await closed;
        assert.match(output(), /bot ends/);
      });

      it('gets Ctrl+C once', async () => {
        const counting = ECHO_BOT.replace(
          "once('SIGINT', () => process.exit(43))",
          "on('SIGINT', () => { console.log('interrupted'); setTimeout(process.exit, 500); })",
        );
        await writeFile(path.join(folder, 'bot.js'), counting);
        const { terminal, output, closed } = await runInTerminal(['--', 'node', 'bot.js']);
        terminal.stdin.write('\x03');
        await closed;
        assert.equal(output().match(/interrupted/g)?.length, 1);
      });
    });
  });

  it('says so if there is no such program, and ends with 127 as a shell does', async () => {
    const simulator = await run([...ports, '--', 'no-such-program']);
    assert.equal(await simulator.exitCode, 127);
    assert.match(simulator.output, /Cannot start "no-such-program": there is no such program/);
  });

  it('says so before the bot starts if another program listens at its port', async () => {
    const other = createServer((_req, res) => res.writeHead(404).end());
    await listenAt(other, 0);
    const { port } = other.address() as AddressInfo;
    try {
      const start = ['--', 'node', '-e', "console.log('started')"];
      const simulator = await run([...ports, ...start], { PORT: String(port) });
      assert.equal(await simulator.exitCode, 0);
      assert.match(simulator.output, new RegExp(`Port ${port} is already in use[^]*started`));
    } finally {
      other.close();
    }
  });

  it('says what it waits for if the bot does not confirm its webhook, also to a command that is no bot', async () => {
    const simulator = await run([...ports, ...command], { WEBHOOK_PATH: '/elsewhere' });
    await until('it says so', () => /FACEBOOK_VERIFY_TOKEN.*\n/.test(simulator.output));
    assert.match(
      simulator.output,
      /No bot has confirmed[^]* A command that starts no bot needs no webhook\.\n/,
    );
    assert.match(
      simulator.output,
      /\/webhook: The bot answered 404\n.*\/api\/messages: The bot answered 404\n/,
    );
  });

  it('restarts the bot with --watch when its source changes, also once it has ended, but not for its data', async () => {
    const simulator = await run([...ports, '--watch', ...command]);
    const url = await simulator.address();
    const change = (version: number) =>
      writeFile(path.join(folder, 'bot.js'), ECHO_BOT.replace('VERSION = 1', `VERSION = ${version}`));
    const answers = async (version: number) => {
      await until(`version ${version} answers`, async () =>
        (await simulator.say(url, 'hello')).includes(`${version}: hello`),
      );
    };
    await writeFile(path.join(folder, 'store.json'), '{}');
    await answers(1);
    assert.doesNotMatch(simulator.output, /has changed/);
    await change(2);
    await answers(2);
    await simulator.say(url, 'end').catch(() => undefined);
    await until('it says so', () => /has ended with exit code 7/.test(simulator.output));
    await change(3);
    await answers(3);
    assert.equal(simulator.output.match(/Chat with your bot/g)?.length, 1);
    simulator.child.kill('SIGTERM');
    assert.equal(await simulator.exitCode, 42);
  });

  it('opens the browser with --open', async () => {
    const browser = path.join(folder, 'browser');
    await writeFile(browser, '#!/bin/sh\necho "$1" > opened\n', { mode: 0o755 });
    const simulator = await run([...ports, '--open', ...command], { BROWSER: browser });
    const url = await simulator.address();
    const opened = () => readFile(path.join(folder, 'opened'), 'utf8').catch(() => '');
    await until('it is open', async () => (await opened()) === `${url}\n`);
  });

  it('listens elsewhere when a port is taken that nobody asked for', async () => {
    const other = createServer();
    const isFree = await listenAt(other, 8080);
    try {
      const simulator = await run(['--port', '0', ...command]);
      assert.doesNotMatch(await simulator.address(), /:8080$/);
    } finally {
      if (isFree) other.close();
    }
  });

  describe('--env', () => {
    const secret = "it's; $HOME";
    const page = ['--page', `11:token:${secret}`];

    it('prints the variables for a shell', async () => {
      const simulator = await run([...ports, ...page, '--env']);
      await until('it has printed them', () => /NODE_EXTRA_CA_CERTS.*\n/.test(simulator.printed));
      const script = `${simulator.printed}\nnode -p 'JSON.stringify(process.env)'`;
      const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
      let printed = '';
      for await (const chunk of child.stdout.setEncoding('utf8')) printed += String(chunk);
      const env = JSON.parse(printed) as NodeJS.ProcessEnv;
      assert.equal(env['FACEBOOK_APP_SECRET'], secret);
      assert.equal((await fetch(`${env['FACEBOOK_API_URL'] ?? ''}/me?access_token=token`)).status, 400);
      assert.match(await readFile(env['NODE_EXTRA_CA_CERTS'] ?? '', 'utf8'), /BEGIN CERTIFICATE/);
    });

    it('prints them as JSON, for .env files, for fish, PowerShell and cmd', async () => {
      const printed = async (format: string) => {
        const simulator = await run([...ports, ...page, '--env', format]);
        await until('it has printed them', () => /NODE_EXTRA_CA_CERTS.*\n/.test(simulator.printed));
        simulator.child.kill('SIGTERM');
        await simulator.exitCode;
        return simulator.printed;
      };
      const json = JSON.parse(await printed('json')) as Record<string, string>;
      assert.equal(json['FACEBOOK_APP_SECRET'], secret);
      assert.equal(parseEnv(await printed('dotenv'))['FACEBOOK_ACCESS_TOKEN'], 'token');
      assert.match(await printed('fish'), /^set -gx FACEBOOK_APP_SECRET 'it\\'s; \$HOME'$/m);
      assert.match(await printed('powershell'), /^\$env:FACEBOOK_APP_SECRET = 'it''s; \$HOME'$/m);
      assert.match(await printed('cmd'), /^set "FACEBOOK_PAGE_ID=11"$/m);
    });

    it('includes PORT, and the verify token that the handshake sends', async () => {
      let sent: string | null = null;
      const bot = createServer((req, res) => {
        sent = new URL(req.url ?? '', 'http://bot').searchParams.get('hub.verify_token');
        res.end();
      });
      await listenAt(bot, 0);
      const { port } = bot.address() as AddressInfo;
      try {
        const webhook = ['--webhook', `http://127.0.0.1:${port}/webhook`];
        const simulator = await run([...ports, ...webhook, '--env', 'json'], { PORT: '' });
        await until('it has printed them', () => simulator.printed.endsWith('}\n'));
        const env = JSON.parse(simulator.printed) as Record<string, string>;
        assert.equal(env['PORT'], String(port));
        await fetch(`${env['FACEBOOK_API_URL'] ?? ''}/_sim/webhook/verify`, { method: 'POST' });
        assert.equal(sent, env['FACEBOOK_VERIFY_TOKEN']);
      } finally {
        bot.close();
        bot.closeAllConnections();
      }
    });

    it('says beside them that it keeps running, and where to chat', async () => {
      const simulator = await run([...ports, '--env']);
      const url = await simulator.address();
      assert.match(simulator.output, /Runs until Ctrl\+C/);
      assert.doesNotMatch(simulator.printed, /Ctrl/);
      assert.equal((await fetch(url)).status, 200);
    });
  });
});

/** Whether the port was free; else somebody else listens there, which is as good. */
async function listenAt(server: Server, port: number): Promise<boolean> {
  server.listen(port, '127.0.0.1');
  return once(server, 'listening').then(
    () => true,
    () => false,
  );
}
