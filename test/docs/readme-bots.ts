import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DEMO_PAGE } from 'messenger-platform-simulator';
import { until } from '../support/checks/waiting';
import { freePort } from '../support/platform/listen';
import { RunningCli } from '../simulator/running-cli';
import { ROOT } from './blocks';

/** The code of a language in the simulator's README: by default the first block of it. */
export async function codeOf(language: string, index = 0): Promise<string> {
  const readme = await readFile(path.join(ROOT, 'simulator/README.md'), 'utf8');
  const blocks = [...readme.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'))];
  const code = blocks[index]?.[1];
  return code ?? assert.fail(`The README has no ${language}`);
}

export interface ReadmeBot {
  /** Where it is saved. */
  file: string;
  code: string;
  /** Starts it; a port that is free stands for 8000. */
  command: readonly string[];
  /** Options of the simulator. */
  options?: readonly string[];
}

/** Passes the thread to another app, or takes it back. */
async function control(url: string, action: 'pass' | 'take', more: object = {}): Promise<void> {
  const response = await fetch(`${url}/me/${action}_thread_control?access_token=${DEMO_PAGE.token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ recipient: { id: '1' }, ...more }),
  });
  assert.equal(response.status, 200, await response.text());
}

/** Runs a bot by the command that the README names, and expects it to repeat what somebody writes. */
export async function expectEcho({ file, code, command, options = [] }: ReadmeBot): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'simulator-readme-'));
  await writeFile(path.join(folder, file), code);
  const port = String(await freePort());
  const args = ['--port', '0', '--http-port', '0', ...options, '--', ...command];
  const running = new RunningCli(
    args.map((arg) => arg.replace('8000', port)),
    folder,
    { PORT: port },
  );
  try {
    const url = await running.address();
    await running.say(url, 'hello');
    await until('it answers', async () => (await running.answers(url)).length > 0);
    assert.deepEqual(await running.answers(url), ['You wrote: hello']);
    await control(url, 'pass', { target_app_id: '7' });
    await running.say(url, 'to an agent');
    await control(url, 'take');
    await running.say(url, 'again');
    await until('it answers again', async () => (await running.answers(url)).length > 1);
    assert.deepEqual(await running.answers(url), ['You wrote: hello', 'You wrote: again']);
    assert.doesNotMatch(running.output, /error|warning/i);
  } finally {
    running.child.kill('SIGTERM');
    await running.exitCode;
    await rm(folder, { recursive: true });
  }
}
