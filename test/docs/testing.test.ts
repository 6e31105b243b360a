import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmod, readFile } from 'node:fs/promises';
import path from 'node:path';
import { startSimulator, type Simulator } from 'messenger-platform-simulator';
import { CLI } from '../simulator/running-cli';
import { TYPESCRIPT } from '../support/processes/typescript';
import { text, useSmallBot } from '../simulator/small-bot';
import { useFolder } from '../support/files/folder';
import { freePort } from '../support/platform/listen';
import { runCommand } from '../support/processes/command';
import { blocksOfMarkdown, ROOT } from './blocks';
import { codeOf } from './readme-bots';
import { runFragment } from './run-fragment';

const FILE = 'simulator/docs/testing.md';
const PAGE = { id: '1001', token: 'a-token' };

describe(`the examples of ${FILE} run, with a bot that sends cats:`, () => {
  /** The bot sends to the one that was started last. */
  const simulators: Simulator[] = [];
  const start: typeof startSimulator = async (options) => {
    const simulator = await startSimulator(options);
    simulators.push(simulator);
    return simulator;
  };
  const simulator = () => simulators.at(-1) ?? assert.fail('no simulator is there');
  beforeEach(async () => {
    await start({ pages: [PAGE] });
  });
  const bot = useSmallBot(simulator, PAGE.token);
  afterEach(async () => {
    await Promise.all(simulators.splice(0).map((each) => each.close()));
  });

  for (const { line, text: example, isFragment } of blocksOfMarkdown(FILE)) {
    if (!isFragment) continue;
    it(`line ${line}`, async () => {
      bot().onEvent = async ({ message }, send) => {
        if (message?.quick_reply) {
          const url = `${simulator().httpUrl}/_sim/ui/icon.svg`;
          await send({ message: { attachment: { type: 'image', payload: { url } } } });
        } else if (message?.text === 'two cats') {
          for (const cat of ['Tom', 'Mia']) await send(text(cat));
        } else if (message?.text === 'cat') {
          const replies = [{ content_type: 'text', title: 'Another one', payload: 'MORE' }];
          await send({ message: { text: 'Tom', quick_replies: replies } });
        }
      };
      const printed: unknown[] = [];
      const console = { log: (...values: unknown[]) => void printed.push(...values) };
      const { url: webhook } = simulator().state().webhook ?? assert.fail('no webhook is set');
      await runFragment(example, `${FILE}:${line}`, {
        startSimulator: start,
        simulator: simulator(),
        webhook,
        console,
      });
      assert.equal(printed.includes(undefined), false);
    });
  }
});

describe(`the tests in ${FILE} pass, with the README’s bot in Python as a process of its own:`, function () {
  this.timeout(60_000);
  const folder = useFolder();
  before(function () {
    if (spawnSync('python3', ['--version']).error) this.skip();
  });
  beforeEach(async () => {
    await folder.write('bot.py', await codeOf('python'));
  });

  /** Free ports stand for those that the examples name. */
  async function withFreePorts(example: string): Promise<string> {
    const [bot, simulator] = [await freePort(), await freePort()];
    return example.replaceAll('3000', String(bot)).replaceAll('8080', String(simulator));
  }

  it('in JavaScript', async () => {
    const example = blocksOfMarkdown(FILE).find(({ isFragment }) => !isFragment)?.text ?? assert.fail();
    const index = JSON.stringify(path.join(ROOT, 'simulator/index.ts'));
    const program = (await withFreePorts(example)).replace("'messenger-platform-simulator'", index);
    await folder.write('test-bot.js', program);
    const { stdout } = await runCommand(process.execPath, [...TYPESCRIPT, 'test-bot.js'], {
      cwd: folder.path,
      timeout: 50_000,
    });
    assert.equal(stdout, 'You wrote: hello\n');
  });

  it('in Python, by the control API', async () => {
    const documentation = await readFile(path.join(ROOT, FILE), 'utf8');
    const example = /^```python\n(.*?)^```$/ms.exec(documentation)?.[1] ?? assert.fail();
    await folder.write('test_bot.py', await withFreePorts(example));
    const shim = `#!/bin/sh\nexec '${process.execPath}' ${TYPESCRIPT.join(' ')} '${CLI}' --port 0 "$@"\n`;
    await chmod(await folder.write('node_modules/.bin/messenger-platform-simulator', shim), 0o755);
    const { stderr } = await runCommand('python3', ['-m', 'unittest', 'test_bot'], {
      cwd: folder.path,
      timeout: 50_000,
      env: { PORT: '' },
    });
    assert.match(stderr, /^Ran 1 test[^]*^OK$/m);
  });
});
