import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startSimulator, type Simulator } from 'messenger-platform-simulator';
import { until } from '../support/checks/waiting';
import { RunningCli } from '../simulator/running-cli';
import { text, useSmallBot } from '../simulator/small-bot';
import { PNG } from '../simulator/support';
import { blocksOfMarkdown } from './blocks';
import { codeOf, expectEcho, type ReadmeBot } from './readme-bots';
import { runFragment } from './run-fragment';

const PHP_OPTIONS = ['--webhook', 'http://localhost:8000/'];

describe('the README of the simulator', function () {
  this.timeout(60_000);

  const bots: [name: string, language: string, bot: Omit<ReadmeBot, 'code'>][] = [
    ['Python', 'python', { file: 'bot.py', command: ['python3', 'bot.py'] }],
    [
      'PHP',
      'php',
      { file: 'bot.php', command: ['php', '-S', 'localhost:8000', 'bot.php'], options: PHP_OPTIONS },
    ],
  ];
  for (const [name, language, bot] of bots) {
    it(`has a bot in ${name} that runs with the command there`, async function () {
      const [program = ''] = bot.command;
      if (spawnSync(program, ['--version']).error) this.skip();
      await expectEcho({ ...bot, code: await codeOf(language) });
    });
  }

  it('checks signatures in Python as they are made', async function () {
    if (spawnSync('python3', ['--version']).error) this.skip();
    const code = await codeOf('python', 1);
    const body = '{"text":"größer"}';
    const signature = createHmac('sha256', 'the-secret').update(body).digest('hex');
    const check = `import sys\nprint(is_signed(sys.argv[1].encode(), sys.argv[2], "the-secret"))`;
    const isSigned = (header: string) =>
      spawnSync('python3', ['-c', `${code}\n${check}`, body, header], { encoding: 'utf8' }).stdout.trim();
    assert.deepEqual(
      [isSigned(`sha256=${signature}`), isSigned('sha256=00'), isSigned('')],
      ['True', 'False', 'False'],
    );
  });

  it('has a configuration that works', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'simulator-readme-'));
    await writeFile(path.join(folder, 'messenger.config.json'), await codeOf('json'));
    await writeFile(path.join(folder, 'ada.png'), PNG);
    const running = new RunningCli(['--port', '0', '--http-port', '0', '--env'], folder, {});
    try {
      await until(`it has started: ${running.output}`, () =>
        /VERIFY_TOKEN='my-verify-token'/.test(running.output),
      );
    } finally {
      running.child.kill('SIGTERM');
      await running.exitCode;
      await rm(folder, { recursive: true });
    }
  });

  describe('has an example of a test', () => {
    let simulator: Simulator | undefined;
    const started = () => simulator ?? assert.fail('no simulator is there');
    beforeEach(async () => {
      simulator = await startSimulator({ pages: [{ id: '1001', token: 'a-token' }] });
    });
    const bot = useSmallBot(started, 'a-token');
    afterEach(() => started().close());

    it('that gets its answer', async () => {
      bot().onEvent = async (_event, send) => {
        await send(text('Hello yourself'));
      };
      const { url: webhook } = started().state().webhook ?? assert.fail('no webhook is set');
      const example = blocksOfMarkdown('simulator/README.md').find(({ heading }) => heading === 'Tests');
      assert.ok(example);
      const printed: unknown[] = [];
      await runFragment(example.text, 'simulator/README.md', {
        webhook,
        console: { log: (...values: unknown[]) => void printed.push(...values) },
        require: () => ({
          startSimulator: async (options: object) => {
            await started().close();
            simulator = await startSimulator(options);
            return simulator;
          },
        }),
      });
      assert.deepEqual(printed, ['Hello yourself']);
    });
  });
});
