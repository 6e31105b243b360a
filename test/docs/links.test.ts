import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { globSync } from 'tinyglobby';
import { readOptions } from '../../src/options';
import { ROOT } from './blocks';

const FILES = globSync(['*.md', 'simulator/*.md', '{docs,simulator/docs,example-bot,.github}/**/*.md'], {
  cwd: ROOT,
  dot: true,
}).sort();

/** What is built or installed. */
const IGNORED_FOLDERS = ['**/node_modules', '**/dist'];

const LINK = /\]\(([^)\s]+)\)/g;

/** Where a type lists the codes of an error. */
const CODES = ['src/base/check-options.ts', 'src/base/errors.ts', 'src/graph/errors.ts'];

describe('the documentation', () => {
  for (const file of FILES) {
    it(`has links that lead somewhere: ${file}`, () => {
      const links = [...read(file).matchAll(LINK)].map(([, link = '']) => link);
      assert.deepEqual(
        links.filter((link) => !/^https?:/.test(link) && !leadsSomewhere(file, link)),
        [],
      );
    });
  }

  it('of the simulator links to nothing that its package does not contain', () => {
    const { files } = JSON.parse(read('simulator/package.json')) as { files: string[] };
    const contained = globSync([...files, 'README.md', 'LICENSE'], { cwd: path.join(ROOT, 'simulator') });
    const documents = contained.filter((file) => file.endsWith('.md'));
    assert.ok(documents.length > 1);
    for (const file of documents) {
      const targets = [...read(`simulator/${file}`).matchAll(LINK)]
        .map(([, link = '']) => link.split('#')[0] ?? '')
        .filter((target) => target !== '' && !/^https?:/.test(target))
        .map((target) => path.join(path.dirname(file), target));
      assert.deepEqual(
        targets.filter((target) => !contained.includes(target)),
        [],
        file,
      );
    }
  });

  it('names the commands that try and test a clone, as they can be copied', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    for (const command of ['npm ci && npm run demo', 'npm ci && npm test']) {
      assert.ok(read('README.md').includes(`\`${command}\``), command);
      assert.ok(scripts[command.split(' ').at(-1) ?? ''], command);
    }
  });

  it('names tests that are there', () => {
    const named = [...read('docs/reliability.md').matchAll(/`(test\/[\w./-]+)`/g)].map(
      ([, name = '']) => name,
    );
    assert.ok(named.includes('test/faults/bounds/measured/sockets.test.ts'));
    assert.deepEqual(
      named.filter((name) => !existsSync(path.join(ROOT, name))),
      [],
    );
  });

  for (const root of ['src', 'simulator']) {
    it(`says what each folder of ${root} is for, and of no other`, () => {
      const folders = globSync(`${root}/*/`, { cwd: ROOT, onlyDirectories: true, ignore: IGNORED_FOLDERS });
      const [, table = ''] = read('docs/architecture.md').split(`| \`${root}/\` |`);
      const described = [...(table.split('\n\n')[0] ?? '').matchAll(/^\| `(\w+\/)` \|/gm)];
      assert.deepEqual(described.map(([, name = '']) => `${root}/${name}`).sort(), folders.sort());
    });
  }

  it('lists each option, and no other', () => {
    const [names = ''] = /(?<=one of )[^]+(?=, got)/.exec(messageFor({ nonsense: 1 })) ?? [];
    assert.ok(names.includes('uploadWait'));
    assert.deepEqual(
      read('docs/options.md')
        .match(/(?<=^\| `)\w+(?=` \|)/gm)
        ?.sort(),
      names.split(', ').sort(),
    );
  });

  it('tells what to do for each error code', () => {
    const troubleshooting = read('docs/troubleshooting.md');
    const codes = CODES.flatMap((file) => read(file).match(/\bERR_[A-Z_]+\b/g) ?? []);
    assert.ok(codes.includes('ERR_ATTACHMENT_NOT_FOUND') && codes.includes('ERR_GRAPH_UNREACHABLE'));
    assert.deepEqual(
      codes.filter((code) => !troubleshooting.includes(`| \`${code}\` |`)),
      [],
    );
  });
});

function messageFor(options: object): string {
  try {
    readOptions(options);
    return '';
  } catch (error) {
    return String(error);
  }
}

function leadsSomewhere(from: string, link: string): boolean {
  const [name = '', anchor] = link.split('#');
  const target = name === '' ? from : path.join(path.dirname(from), name);
  if (!existsSync(path.join(ROOT, target))) return false;
  return anchor === undefined || anchorsOf(target).includes(anchor);
}

/** As GitHub makes them of headings. */
function anchorsOf(file: string): string[] {
  return [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

function read(file: string): string {
  return readFileSync(path.join(ROOT, file), 'utf8');
}
