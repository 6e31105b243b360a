import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { hidePackage, IN_ASSETS, TOKEN, workbench } from './support';

const BAR = /[█░]/;

/** The tool on a terminal, which util-linux's `script` makes. */
describe('facebook-attachments on a terminal', () => {
  const bench = workbench();

  before(function () {
    if (process.platform !== 'linux' || !hasScript()) this.skip();
  });

  /** @returns What the terminal has got, and the exit code. */
  const onTerminal = async (
    args: readonly string[],
    redirect = '',
  ): Promise<{ code: number; screen: string }> => {
    const { line, env: basic } = bench.command(args);
    const command = `stty cols 80; ${line.map(quote).join(' ')} ${redirect}`;
    const child = spawn('script', ['-qec', command, '/dev/null'], {
      cwd: bench.folder.path,
      env: { ...basic, TERM: 'xterm', ...TOKEN },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 60_000,
    });
    let screen = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (screen += text));
    const [code] = (await once(child, 'close')) as [number];
    return { code, screen };
  };

  it('draws a bar with counts, bytes and the time left, and sums up below it', async () => {
    bench.sim.addFaults({ purpose: 'upload-file', times: 8, delayMs: 300 });
    const { code, screen } = await onTerminal(['warm', '.', '--concurrency', '2', ...IN_ASSETS]);
    assert.equal(code, 0);
    assert.match(screen, /█+░+ [1-6]\/7 · [\d.]+ kB of 375 kB · [\d.]+ s left/);
    assert.match(screen, /█{30} 7\/7 · 375 kB of 375 kB/);
    assert.match(screen, /\r\n7 uploaded \(375 kB\) · [\d.]+ s\r\n$/);
    assert.doesNotMatch(screen, /^uploaded/m);
  });

  it('tells what failed below the bar', async () => {
    const { code, screen } = await onTerminal(['warm', 'cats', 'nothing.png', ...IN_ASSETS]);
    assert.equal(code, 1);
    assert.match(screen, /█.*\r\nCannot upload "nothing\.png": .*\[ERR_ATTACHMENT_NOT_FOUND\]\r\n2 uploaded/);
  });

  it('prints plain lines into a pipe', async () => {
    const { screen } = await onTerminal(['warm', 'cats', ...IN_ASSETS], '| cat');
    assert.doesNotMatch(screen, BAR);
    assert.match(screen, /^uploaded +image "cats\/tom\.jpg"/m);
  });

  it('draws the bar beside JSON that goes into a file', async () => {
    const { screen } = await onTerminal(['warm', 'cats', '--json', ...IN_ASSETS], '> out.json');
    assert.match(screen, BAR);
    assert.doesNotMatch(screen, /"results"/);
  });
});

describe('facebook-attachments, told that its streams are a terminal’s', () => {
  const bench = workbench();
  const screen = async (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> => {
    const { stdout, stderr } = await bench.tool([...args, ...IN_ASSETS], {
      env: { ...TOKEN, ...env },
      terminal: true,
    });
    return stderr + stdout;
  };

  it('draws a bar that stays on one line, however narrow', async () => {
    const drawings =
      (await screen(['warm', '.'])).split('\r\n')[0]?.match(/[█░]+[^█░]* MB|[█░]+[^█░]* kB/g) ?? [];
    assert.ok(drawings.length > 1);
    assert.ok(drawings.every((drawing) => drawing.length < 80));
  });

  for (const [name, value] of [
    ['NO_COLOR', '1'],
    ['CI', 'true'],
    ['TERM', 'dumb'],
  ] as const) {
    it(`prints plain lines with ${name}=${value}`, async () => {
      const written = await screen(['warm', 'cats'], { [name]: value });
      assert.doesNotMatch(written, BAR);
      assert.match(written, /^uploaded +image "cats\/tom\.jpg"/m);
    });
  }

  it('prints plain lines where cli-progress is not installed', async () => {
    hidePackage('cli-progress');
    const written = await screen(['warm', 'cats']);
    assert.doesNotMatch(written, BAR);
    assert.match(written, /^uploaded +image "cats\/tom\.jpg"/m);
  });

  it('prints a line for each asset in a dry run, which has nothing to wait for', async () => {
    const written = await screen(['warm', 'cats', '--dry-run']);
    assert.doesNotMatch(written, BAR);
    assert.match(written, /^to upload +image "cats\/mia\.jpg"/m);
  });

  it('says that it stops, in the bar', async () => {
    const stop = new AbortController();
    bench.sim.addFaults({ purpose: 'upload-file', times: 8, delayMs: 200 });
    bench.sim.events.once('asset', () => {
      stop.abort();
    });
    const { code, stderr } = await bench.tool(['warm', '.', '--concurrency', '1', ...IN_ASSETS], {
      terminal: true,
      signal: stop.signal,
    });
    assert.equal(code, 130);
    assert.match(stderr, / [1-3]\/7 · .* · stopped/);
  });
});

function hasScript(): boolean {
  try {
    execFileSync('script', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function quote(argument: string): string {
  return `'${argument.replaceAll("'", `'\\''`)}'`;
}
