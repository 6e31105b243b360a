import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import sinon from 'sinon';
import { findSimilarPath } from '../../../src/source/similar-path';
import { useFolder } from '../../support/files/folder';

describe('findSimilarPath', () => {
  const folder = useFolder();
  afterEach(() => {
    sinon.restore();
  });

  beforeEach(async () => {
    for (const name of ['cats/tom.jpg', 'cats/Mia.png', 'menu.pdf', 'sounds/night/purr.mp3']) {
      await folder.write(name, 'x');
    }
  });

  const find = (missing: string): Promise<string | undefined> => findSimilarPath(folder.path, missing);

  const cases: [what: string, missing: string, found: string | undefined][] = [
    ['other case', 'cats/Tom.JPG', 'cats/tom.jpg'],
    ['other case in a folder', 'Cats/mia.PNG', 'cats/Mia.png'],
    ['the name of the root before it', 'root/cats/tom.jpg', 'cats/tom.jpg'],
    ['folders before it, and other case', 'src/assets/CATS/tom.jpg', 'cats/tom.jpg'],
    ['its folder left out', 'tom.jpg', 'cats/tom.jpg'],
    ['a folder on the way left out', 'night/purr.mp3', 'sounds/night/purr.mp3'],
    ['another extension', 'cats/tom.png', 'cats/tom.jpg'],
    ['no extension', 'menu', 'menu.pdf'],
    ['a letter too few', 'cats/tm.jpg', 'cats/tom.jpg'],
    ['a letter too many', 'cats/tomm.jpg', 'cats/tom.jpg'],
    ['another letter', 'menü.pdf', 'menu.pdf'],
    ['two letters exchanged', 'cats/tmo.jpg', 'cats/tom.jpg'],
    ['a slip in a folder', 'cat/tom.jpg', 'cats/tom.jpg'],
    ['nothing in common', 'dogs/rex.webp', undefined],
    ['a folder', 'cats', undefined],
    ['nothing', '', undefined],
    ['more letters than a name has', 'x'.repeat(201), undefined],
  ];
  for (const [what, missing, found] of cases) {
    it(`${found === undefined ? 'finds none' : `finds ${found}`} for ${what}: ${missing.slice(0, 30)}`, async () => {
      assert.equal(await find(missing), found);
    });
  }

  it('takes a file of the same name in other case before one with another extension', async () => {
    await folder.write('cats/mia.jpg', 'x');
    assert.equal(await find('cats/MIA.png'), 'cats/Mia.png');
  });

  it('looks for a name of 200 letters', async () => {
    const name = `${'a'.repeat(96)}/${'b'.repeat(99)}.jpg`;
    await folder.write(name, 'x');
    assert.equal(await find(name.toUpperCase()), name);
  });

  it('looks for no name of more than 200 letters, which would take long to compare', async () => {
    const name = `${'a'.repeat(100)}/${'b'.repeat(100)}.jpg`;
    await folder.write(name, 'x');
    assert.equal(await find(name.toUpperCase()), undefined);
  });

  it('finds a folder only if it may be one', async () => {
    assert.equal(await find('catz'), undefined);
    const both = ['file', 'folder'] as const;
    assert.equal(await findSimilarPath(folder.path, 'catz', both), 'cats');
    assert.equal(await findSimilarPath(folder.path, 'night', both), 'sounds/night');
    assert.equal(await findSimilarPath(folder.path, 'men.pdf', ['folder']), undefined);
  });

  it('takes the one with the fewest slips', async () => {
    await folder.write('cats/tom-1.jpg', 'x');
    await folder.write('cats/tom-12.jpg', 'x');
    assert.equal(await find('cats/tom-1x.jpg'), 'cats/tom-1.jpg');
  });

  it('compares letters, however Unicode puts them together', async () => {
    await folder.write('ka\u0308tzchen.png', 'x');
    assert.equal(await find('k\u00e4tzchen.png'), 'ka\u0308tzchen.png');
  });

  it('tells of nothing outside of the root, whichever link leads there', async () => {
    await folder.write('../secrets/token.png', 'x');
    await folder.write('../token.png', 'x');
    await fs.symlink('../secrets', folder.at('link'));
    await fs.symlink('../token.png', folder.at('token-link.png'));
    for (const missing of [
      'link/tokan.png',
      'tokan.png',
      'link/Token.png',
      '../tokan.png',
      'token-lnk.png',
    ]) {
      assert.equal(await find(missing), undefined, missing);
    }
  });

  it('tells of no hidden file, and of no package', async () => {
    await folder.write('.env', 'x');
    await folder.write('node_modules/pack.png', 'x');
    assert.equal(await find('.ENV'), undefined);
    assert.equal(await find('env'), undefined);
    assert.equal(await find('pack.png'), undefined);
  });

  it('looks at a thousand names, those on the way to the file first', async () => {
    for (let index = 0; index < 1_000; index++) await folder.write(`a/${index}`, '');
    assert.equal(await find('sounds/night/Purr.mp3'), 'sounds/night/purr.mp3');
    const readdir = sinon.spy(fs, 'readdir');
    assert.equal(await find('purr.mp3'), undefined);
    assert.ok(readdir.callCount <= 5);
  });

  it('finds none in a root that is gone', async () => {
    await fs.rm(folder.path, { recursive: true });
    assert.equal(await find('cats/Tom.jpg'), undefined);
  });
});
