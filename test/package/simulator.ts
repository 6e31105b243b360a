import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get as getByHttp } from 'node:http';
import path from 'node:path';
import { DEMO_PAGE } from 'messenger-platform-simulator';
import { codeOf } from '../docs/readme-bots';
import { hasChromium, launch } from '../e2e/chromium';
import { until } from '../support/checks/waiting';
import { freePort } from '../support/platform/listen';
import { runCommand } from '../support/processes/command';
import type { Note } from '../support/processes/check-report';
import { type Packed, ROOT } from './packed';
import { SIMULATOR } from './packages';
import { withProgram } from './program';

const ANY_PORTS = ['--port', '0', '--http-port', '0'];

/** Whoever chats with a bot needs none of them. */
const BUILD_TOOLS =
  /^(@esbuild\/.*|esbuild|typescript|tsx|ts-node|rollup|webpack|vite|@swc\/.*|@babel\/.*|preact)$/;

/**
 * Processor time, compared with what Node itself takes to start: the machine may be slow, or busy with other checks. At
 * 90 ms for Node, this is under a second.
 */
const MAX_START = 11;

/** `npx` finds the program of the installed package. */
export async function askForHelp(folder: string): Promise<void> {
  const { stdout } = await runCommand('npx', ['--no-install', SIMULATOR.name, '--help'], {
    cwd: folder,
    timeout: 60_000,
  });
  assert.match(stdout, /^Usage: messenger-platform-simulator /);
  assert.match(stdout, /--http-port/);
}

/** Starts the installed simulator, opens its UI as a browser would, and calls the Graph API. */
export async function openSimulator(node: string, folder: string, note?: Note): Promise<void> {
  const args = [cliIn(folder), ...ANY_PORTS, '--page', '1001:a-token'];
  await withProgram(args, { node, cwd: folder }, /and (http:\S+)/, async ([, url = '']) => {
    const page = await get(`${url}/`, 'text/html');
    const parts = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link = '']) => link);
    assert.deepEqual(parts.map((link) => path.extname(link)).sort(), ['.css', '.js', '.svg']);
    for (const link of parts) assert.ok((await get(new URL(link, url).href)).length > 100, link);
    const me = await get(`${url}/v25.0/me?access_token=a-token`, 'application/json');
    assert.equal((JSON.parse(me) as { id: string }).id, '1001');
    note?.(`the UI with ${parts.length} files, and the Graph API`);
  });
}

/**
 * The bot of the README, alone in a folder, and the one command that it names: somebody chats with it in the browser,
 * or by the control API where there is none.
 */
export async function chatWithBot(node: string, folder: string, note: Note): Promise<void> {
  const bot = await mkdtemp(path.join(folder, 'bot-'));
  await writeFile(path.join(bot, 'bot.js'), await codeOf('js'));
  const args = [cliIn(folder), ...ANY_PORTS, '--', node, 'bot.js'];
  const env = { PORT: String(await freePort()) };
  await withProgram(args, { node, cwd: bot, env }, /Chat with your bot at (\S+)\n/, async ([, url = '']) => {
    const chat = hasChromium() ? chatInBrowser : chatByControlApi;
    await chat(url);
    note(`${chat === chatInBrowser ? 'in the browser' : 'by the control API'}: hello, and an answer`);
  });
  await rm(bot, { recursive: true });
}

async function chatInBrowser(url: string): Promise<void> {
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(url);
    const field = page.getByRole('textbox', { name: /^Message of/ });
    await field.fill('hello');
    await field.press('Enter');
    await page.getByText('You wrote: hello').first().waitFor();
  } finally {
    await browser.close();
  }
}

async function chatByControlApi(url: string): Promise<void> {
  const body = JSON.stringify({ page: DEMO_PAGE.id, user: '1', text: 'hello' });
  await fetch(`${url}/_sim/say`, { method: 'POST', body });
  await until('it answers', async () =>
    (await get(`${url}/_sim/threads/${DEMO_PAGE.id}/1`)).includes('You wrote: hello'),
  );
}

/** `init`, and a start with what it has written. */
export async function startFromInit(folder: string): Promise<void> {
  const project = path.join(folder, 'from-init');
  await mkdir(project);
  await runCommand(process.execPath, [cliIn(folder), 'init'], { cwd: project, timeout: 60_000 });
  await withProgram([cliIn(folder), ...ANY_PORTS, '--env'], { cwd: project }, /my-page-token/, async () => {
    /* It has started. */
  });
}

/** From the start of the process until it ends again, with a command that does nothing. */
export async function measureStart(folder: string, note: Note): Promise<void> {
  const hook = path.join(folder, 'processor-time.cjs');
  await writeFile(
    hook,
    `process.on('exit', () => {
      const { user, system } = process.cpuUsage();
      require('node:fs').writeSync(2, 'took ' + (user + system) / 1000 + ' ms\\n');
    });`,
  );
  const measure = async (...args: string[]) => {
    const { stderr } = await runCommand(process.execPath, ['--require', hook, ...args], {
      cwd: folder,
      timeout: 60_000,
    });
    return Number(/took ([\d.]+) ms/.exec(stderr)?.[1]);
  };
  let node = Infinity;
  let simulator = Infinity;
  for (let run = 0; run < 6; run++) {
    node = Math.min(node, await measure('-e', '0'));
    simulator = Math.min(simulator, await measure(cliIn(folder), ...ANY_PORTS, '--', 'node', '-e', '0'));
  }
  const times = simulator / node;
  note(`${simulator.toFixed(0)} ms of processor time, ${times.toFixed(1)} times that of Node`);
  assert.ok(times < MAX_START, `${times} times as long to start as Node, and the limit is ${MAX_START}`);
}

/** The UI comes bundled, and the code compiled. */
export async function checkNoBuildTools(folder: string): Promise<void> {
  const lock = await readFile(path.join(folder, 'node_modules/.package-lock.json'), 'utf8');
  const { packages } = JSON.parse(lock) as { packages: Record<string, unknown> };
  const names = Object.keys(packages).map((name) => name.replace(/^.*node_modules\//, ''));
  assert.ok(names.includes('express'));
  assert.deepEqual(
    names.filter((name) => BUILD_TOOLS.test(name)),
    [],
  );
}

/**
 * Docker is not needed to follow the steps of the Dockerfile: in an empty folder, with the packed package for the
 * published one. Other containers can call what it starts.
 */
export async function followDockerfile({ tarball }: Packed, alone: string, folder: string): Promise<void> {
  const dockerfile = await readFile(path.join(alone, 'node_modules', SIMULATOR.name, 'Dockerfile'), 'utf8');
  const steps = [...dockerfile.matchAll(/^([A-Z]+) (.*)$/gm)].map(([, step = '', what = '']) => [step, what]);
  const { version } = JSON.parse(await readFile(path.join(ROOT, 'simulator/package.json'), 'utf8')) as {
    version: string;
  };
  const [, , , , [, entry = '[]'] = []] = steps;
  assert.deepEqual(steps, [
    ['FROM', 'node:24-alpine'],
    ['RUN', `npm install --global ${SIMULATOR.name}@${version.split('.')[0] ?? ''}`],
    ['USER', 'node'],
    ['EXPOSE', '8080 8443'],
    ['ENTRYPOINT', entry],
  ]);
  const prefix = path.join(folder, 'container');
  await mkdir(path.join(prefix, 'home'), { recursive: true });
  const install = ['install', '--global', '--prefix', prefix, '--no-audit', '--no-fund', tarball];
  await runCommand('npm', install, { cwd: prefix, timeout: 120_000 });
  const [program = '', ...args] = JSON.parse(entry) as string[];
  const started = [path.join(prefix, 'bin', program), ...args, ...ANY_PORTS, '--allow-host', 'messenger'];
  await withProgram(started, { cwd: path.join(prefix, 'home') }, /and (http:\S+)/, async ([, url = '']) => {
    const status = (host: string) =>
      new Promise<number | undefined>((resolve, reject) => {
        getByHttp(`${url}/_sim/state`, { headers: { host } }, (res) => {
          res.resume();
          resolve(res.statusCode);
        }).once('error', reject);
      });
    assert.equal(await status('messenger:8080'), 200);
    assert.equal(await status('elsewhere:8080'), 403);
  });
}

function cliIn(folder: string): string {
  return path.join(folder, 'node_modules', SIMULATOR.name, 'dist/cli.js');
}

async function get(url: string, type = ''): Promise<string> {
  const response = await fetch(url);
  assert.equal(response.status, 200, url);
  assert.ok(response.headers.get('content-type')?.startsWith(type), url);
  return response.text();
}
