/** `npm run test:e2e`: the page in a real browser. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { hasChromium } from './chromium';

const { REQUIRE_STORES, CI } = process.env;
const PROJECT = path.join(__dirname, '../..');

async function main(): Promise<number> {
  if (!hasChromium()) {
    const isRequired = Boolean(REQUIRE_STORES ?? CI);
    console.log(
      `There is no Chromium: the browser tests ${isRequired ? 'cannot run' : 'are skipped'}. ` +
        'On Debian: apt-get install chromium-headless-shell. Elsewhere, set CHROMIUM_PATH.',
    );
    console.log(isRequired ? '0 passing, 1 failing' : '0 passing, 0 failing, skipped');
    return isRequired ? 1 : 0;
  }
  const mocha = path.join(path.dirname(require.resolve('mocha/package.json')), 'bin/mocha.js');
  // The simulator imports the UI's bundler by `import()`, for which `--require` of tsx is not enough.
  const options = ['--node-option', 'import=tsx', '--timeout', '60000'];
  const tests = spawn(process.execPath, [mocha, ...options, 'test/e2e/*.test.ts'], {
    cwd: PROJECT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  tests.stdout.setEncoding('utf8').on('data', (text: string) => {
    process.stdout.write(text);
    output += text;
  });
  const [code] = (await once(tests, 'close')) as [number | null];
  const count = (what: string) => Number(new RegExp(`^ *(\\d+) ${what}`, 'm').exec(output)?.[1] ?? 0);
  console.log(`${count('passing')} passing, ${count('failing')} failing`);
  return code ?? 1;
}

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
