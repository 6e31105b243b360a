import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createProgram, type ProgramOptions } from '../../src/cli/program';
import { STORE, TOKEN, workbench } from './support';

/** The command line, without what it does. */
function programWith(options: Partial<ProgramOptions> = {}): ReturnType<typeof createProgram> {
  const nothing = (): Promise<void> => Promise.resolve();
  return createProgram({
    ...{ env: {}, folder: '.', output: {}, execute: nothing, diagnose: nothing },
    ...options,
  });
}

const COMMANDS = programWith().commands.filter((command) => command.name() !== 'help');

/** What the help of a command offers for copying. */
function examplesOf(name: string): string[] {
  let help = '';
  programWith({ output: { writeOut: (text) => (help += text) } })
    .commands.find((command) => command.name() === name)
    ?.outputHelp();
  const [, examples = ''] = help.split('Examples:');
  return examples
    .trim()
    .split('\n')
    .map((line) => line.trim());
}

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
    for (const command of COMMANDS) {
      const name = command.name();
      assert.match(stdout, new RegExp(`^ {2}${name}\\b`, 'm'));
      const { stdout: help } = await bench.tool([name, '--help']);
      assert.ok(command.options.length > 0);
      for (const { long } of command.options) assert.match(help, new RegExp(`^ {2}${long ?? ''}\\b`, 'm'));
      assert.deepEqual(await bench.tool(['help', name]), { code: 0, stdout: help, stderr: '' });
    }
    for (const args of [['help'], ['help', 'help']]) assert.equal((await bench.tool(args)).code, 0);
  });

  it('says in the help of doctor, and of no other command, that without --root no files are checked', async () => {
    for (const name of ['doctor', 'warm', 'forget', 'prune', 'refresh']) {
      const { stdout } = await bench.tool([name, '--help']);
      const [, text = ''] = /--root <folder> +([^]*?)\n {2}--/.exec(stdout) ?? [];
      const expected =
        name === 'doctor'
          ? /\(default: none, and no files are checked\)$/
          : /\(default: the current folder\)$/;
      assert.match(text.replace(/\s+/g, ' '), expected);
    }
  });

  it('prints help for want of a command, and exits with 2', async () => {
    const { stdout: help } = await bench.tool(['--help']);
    assert.deepEqual(await bench.tool([]), { code: 2, stdout: '', stderr: help });
  });

  for (const name of COMMANDS.map((command) => command.name())) {
    const examples = examplesOf(name);
    it(`has examples in the help of ${name}`, () => {
      assert.ok(examples.length > 0);
    });
    for (const example of examples) {
      it(`understands the example of its help: ${example}`, async () => {
        mkdirSync(bench.folder.at('assets'));
        const words = example.match(/"[^"]*"|\S+/g) ?? [];
        // zsh refuses a pattern that matches no file. Double quotes work in all shells, also in those of Windows.
        for (const word of words) assert.doesNotMatch(word, /^(?!").*[*?[\]'&]/);
        const [program, ...args] = words.map((word) => word.replaceAll('"', ''));
        assert.equal(program, 'facebook-attachments');
        const run: unknown[] = [];
        await programWith({
          env: { ...TOKEN, FACEBOOK_ATTACHMENTS_STORE: STORE },
          folder: bench.folder.path,
          execute: (action) => {
            run.push(action);
            return Promise.resolve();
          },
          diagnose: (options) => {
            run.push(options);
            return Promise.resolve();
          },
        }).parseAsync(args, { from: 'user' });
        assert.equal(run.length, 1);
      });
    }
  }

  const wrong: readonly (readonly [problem: RegExp, ...args: string[]])[] = [
    [/^error: unknown command 'lsit' \(Did you mean list\?\)$/, 'lsit'],
    [/^error: unknown command 'wram' \(Did you mean warm\?\)$/, 'help', 'wram'],
    [/^error: unknown command 'wram' \(Did you mean warm\?\)$/, 'wram', '--help'],
    [/^error: unknown option '--token'$/, 'warm', 'cats', '--token', 'x'],
    [/^error: unknown option '--dryrun' \(Did you mean --dry-run\?\)$/, 'warm', 'cats', '--dryrun'],
    [/^error: unknown option '--dry-run'$/, 'list', '--dry-run'],
    [/^error: missing required argument 'assets'$/, 'warm', '--store', STORE],
    [
      /^error: too many arguments for 'list'\. Expected 0 arguments but got 1\.$/,
      'list',
      'cats',
      '--store',
      STORE,
    ],
    [
      /^error: option '--api-host <host>' argument 'https:\/\/graph\.facebook\.com' is invalid\. Expected a host such as graph\.facebook\.com or localhost:8443, without https:\/\/ and path\.$/,
      'warm',
      'cats',
      '--api-host',
      'https://graph.facebook.com',
    ],
    [
      /^error: option '--api-version <version>' argument '25' is invalid\. Expected a version such as v25\.0\.$/,
      'warm',
      'cats',
      '--api-version',
      '25',
    ],
    [/^error: option '--store <url>' argument missing$/, 'list', '--store'],
    [/^error: expected --store or FACEBOOK_ATTACHMENTS_STORE, got neither$/, 'list'],
    [
      /^error: expected the store to be a URL that begins with one of redis:\/\/.*, got mongodb:$/,
      'list',
      '--store',
      'mongodb://x',
    ],
    ...[
      ['.data/attachment-ids', 'file://.data/attachment-ids'],
      ['ids.json', 'file://ids.json'],
      ['/var/bot/ids', 'file:///var/bot/ids'],
      ['ids.sqlite', 'sqlite://ids.sqlite'],
    ].map(([store = '', meant = '']): [RegExp, ...string[]] => [
      new RegExp(
        `^error: expected the store to be a URL .*, got something else; did you mean "${meant.replaceAll('.', '\\.')}"\\?$`,
      ),
      'list',
      '--store',
      store,
    ]),
    ...['redis', '127.0.0.1:6379', 'bot@example.com', '//localhost/0'].map((store): [RegExp, ...string[]] => [
      /^error: expected the store to be a URL .*, got something else$/,
      'list',
      '--store',
      store,
    ]),
    [
      /^error: option '--page <id>' argument 'my page' is invalid\. Expected a page ID, which has digits only\.$/,
      'list',
      '--page',
      'my page',
      '--store',
      STORE,
    ],
    [
      /^error: expected --root to be a folder, got ".*nowhere"$/,
      'warm',
      'cats',
      '--root',
      'nowhere',
      '--store',
      STORE,
    ],
    [
      /^error: option '--type <type>' argument 'gif' is invalid\. Allowed choices are image, audio, video, file\.$/,
      'warm',
      'cats',
      '--type',
      'gif',
      '--store',
      STORE,
    ],
    ...['0', '1.5', 'many', '1000'].map((number): [RegExp, ...string[]] => [
      new RegExp(
        `^error: option '--concurrency <number>' argument '${number}' is invalid\\. Expected a whole number`,
      ),
      'warm',
      'cats',
      '--concurrency',
      number,
      '--store',
      STORE,
    ]),
    ...['cdn.example.com', 'https://cdn.example.com/cats'].map((origin): [RegExp, ...string[]] => [
      /^error: option '--fetch-from <origin>' argument '.*' is invalid\. Expected an origin such as https:\/\/cdn\.example\.com, without a path\.$/,
      'warm',
      'cats',
      '--fetch-from',
      origin,
      '--store',
      STORE,
    ]),
    ...['soon', '0', '90', ' '].map((days): [RegExp, ...string[]] => [
      new RegExp(
        `^error: option '--within <days>' argument '${days}' is invalid\\. Expected a number of days`,
      ),
      'refresh',
      '--within',
      days,
      '--store',
      STORE,
    ]),
    [
      /^error: option '--all' cannot be used with option '--within <days>'$/,
      'refresh',
      '--all',
      '--within',
      '3',
      '--store',
      STORE,
    ],
    [
      /^error: expected assets, or --all or --within, and not both/,
      'refresh',
      'cats',
      '--all',
      '--store',
      STORE,
    ],
    [
      /^error: expected assets, or --all or --within, and not both/,
      'refresh',
      'cats',
      '--within',
      '3',
      '--store',
      STORE,
    ],
    [
      /^error: option '--namespace <name>' argument '' is invalid\. Expected a value, got an empty one\.$/,
      'list',
      '--namespace',
      '',
      '--store',
      STORE,
    ],
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
    assert.match(stderr, /^error: expected --page or FACEBOOK_ACCESS_TOKEN, got neither$/m);
  });

  it('takes a number of days with a fraction, and the most that an ID is trusted', async () => {
    await bench.createStore();
    for (const days of ['0.5', '89']) {
      const { code } = await bench.tool(['refresh', '--within', days, '--store', STORE]);
      assert.equal(code, 0);
    }
  });

  const SECRET = 'hunter22';
  const leaks: readonly (readonly string[])[] = [
    ['warm', 'cats', `--tokne=${SECRET}`],
    ['warm', 'cats', `--tokne=a'${SECRET}`],
    ['warm', 'cats', `--stroe=redis://bot:${SECRET}@127.0.0.1/0`],
    ['list', `redis://bot:${SECRET}@127.0.0.1/0`],
    [`redis://bot:${SECRET}@127.0.0.1/0`],
    ['list', '--page', `redis://bot:${SECRET}@127.0.0.1/0`],
    ['warm', 'cats', '--type', `redis://bot:${SECRET}@127.0.0.1/0`],
    ['list', '--store', `mongodb://bot:${SECRET}@127.0.0.1/0`],
    ['list', '--store', `bot:${SECRET}@127.0.0.1`],
  ];
  for (const args of leaks) {
    it(`tells no secret that is in the wrong place: ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await bench.tool(args);
      assert.equal(code, 2);
      assert.notEqual(stderr, '');
      assert.equal((stdout + stderr).includes(SECRET), false, stderr);
    });
  }
});
