import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readArguments } from '../../src/cli/arguments';
import { COMMANDS, type CommandName } from '../../src/cli/descriptions';
import { STORE, TOKEN, workbench } from './support';

const NAMES = Object.keys(COMMANDS) as CommandName[];

describe('facebook-attachments', () => {
  const bench = workbench();

  it('prints its version', async () => {
    const manifest = readFileSync(path.join(__dirname, '../../package.json'), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    assert.deepEqual(await bench.tool(['--version']), {
      code: 0,
      stdout: `${version}
`,
      stderr: '',
    });
  });

  it('prints help that names every command, and for each command every option', async () => {
    const { code, stdout } = await bench.tool(['--help']);
    assert.equal(code, 0);
    for (const name of NAMES) {
      assert.match(stdout, new RegExp(`^ {2}${name}\\b`, 'm'));
      const help = (await bench.tool([name, '--help'])).stdout;
      for (const option of COMMANDS[name].options) assert.match(help, new RegExp(`^ {2}--${option}\\b`, 'm'));
    }
  });

  for (const name of NAMES) {
    for (const example of COMMANDS[name].examples) {
      it(`understands the example of its help: ${example}`, () => {
        mkdirSync(bench.folder.at('assets'));
        const [, ...args] = example.split(' ');
        const env = { ...TOKEN, FACEBOOK_ATTACHMENTS_STORE: STORE };
        assert.notEqual(readArguments(name, args, env, bench.folder.path), 'help');
      });
    }
  }

  const wrong: readonly (readonly [problem: RegExp, ...args: string[]])[] = [
    [/^Expected a command, one of warm, list, forget, renew, got none$/],
    [/^Expected a command, .*, got "lsit"$/, 'lsit'],
    [/^Unknown option '--token'$/, 'warm', 'cats', '--token', 'x'],
    [/^Unknown option '--dry-run'$/, 'list', '--dry-run'],
    [/^Expected warm to name a path, folder, glob or URL, got none$/, 'warm', '--store', STORE],
    [/^Expected no argument after list, got "cats"$/, 'list', 'cats', '--store', STORE],
    [/^Expected --store or FACEBOOK_ATTACHMENTS_STORE to tell where the IDs live, got neither$/, 'list'],
    [
      /^Expected the store to be a URL that begins with one of redis:\/\/.*, got mongodb:$/,
      'list',
      '--store',
      'mongodb://x',
    ],
    [/^Expected the store to be a URL .*, got something else$/, 'list', '--store', 'ids.json'],
    [/^Expected --page to be a page’s ID, .*, got "my page"$/, 'list', '--page', 'my page', '--store', STORE],
    [
      /^Expected --root to be a folder, got ".*nowhere"$/,
      'warm',
      'cats',
      '--root',
      'nowhere',
      '--store',
      STORE,
    ],
    [
      /^Expected --type to be one of image, audio, video, file, got "gif"$/,
      'warm',
      'cats',
      '--type',
      'gif',
      '--store',
      STORE,
    ],
    [
      /^Expected --concurrency to be a whole number .*, got "0"$/,
      'warm',
      'cats',
      '--concurrency',
      '0',
      '--store',
      STORE,
    ],
    [
      /^Expected --within to be a number of days .*, got "soon"$/,
      'renew',
      '--within',
      'soon',
      '--store',
      STORE,
    ],
    [/^Expected either --all or --within, got both$/, 'renew', '--all', '--within', '3', '--store', STORE],
    [/^Expected either assets or --all or --within, got both/, 'renew', 'cats', '--all', '--store', STORE],
    [/^Expected --namespace to have a value, got an empty one$/, 'list', '--namespace', '', '--store', STORE],
  ];
  for (const [problem, ...args] of wrong) {
    it(`exits with 2 and tells what it expected: ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await bench.tool(args);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      const [line = '', more = '', ...rest] = stderr.trimEnd().split('\n');
      assert.match(line, problem);
      assert.match(more, /^More: facebook-attachments .*--help$/);
      assert.deepEqual(rest, []);
      assert.equal(bench.sim.totals().calls, 0);
    });
  }

  it('needs a page or a token to forget', async () => {
    const { code, stderr } = await bench.tool(['forget', 'x', '--store', STORE], { env: {} });
    assert.equal(code, 2);
    assert.match(stderr, /^Expected --page, or FACEBOOK_ACCESS_TOKEN to tell the page, got neither$/m);
  });
});
