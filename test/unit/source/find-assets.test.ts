import assert from 'node:assert/strict';
import fs from 'node:fs/promises';
import { findAssets } from '../../../src/source/find-assets';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';

describe('findAssets', () => {
  const folder = useFolder();

  beforeEach(async () => {
    for (const name of [
      'tom.png',
      'mia.JPG',
      'purr.mp3',
      'night.mp4',
      'care.pdf',
      'what',
      'kittens/leo.gif',
    ]) {
      await folder.write(`cats/${name}`, 'x');
    }
    await folder.write('cats/.hidden.png', 'x');
    await folder.write('paw[1].png', 'x');
    await folder.write('../secret.png', 'x');
  });

  /** Each as `type url`. */
  async function find(pattern: string, root: string | undefined = folder.path): Promise<string[]> {
    return (await findAssets(pattern, root)).map(({ type, payload: { url } }) => `${type} ${url}`);
  }

  it('finds a file, as a message would name it', async () => {
    assert.deepEqual(await findAssets('cats/tom.png', folder.path), [
      { type: 'image', payload: { url: 'cats/tom.png' } },
    ]);
  });

  it('finds all files of a folder, by name, with types that follow from their names', async () => {
    const all = [
      'file cats/care.pdf',
      'image cats/kittens/leo.gif',
      'image cats/mia.JPG',
      'video cats/night.mp4',
      'audio cats/purr.mp3',
      'image cats/tom.png',
      'file cats/what',
    ];
    assert.deepEqual(await find('cats'), all);
    assert.deepEqual(await find('cats/'), all);
    assert.deepEqual(await find(folder.at('cats')), all);
  });

  it('finds all files of the root', async () => {
    assert.deepEqual((await find('.')).slice(-1), ['image paw[1].png']);
    assert.equal((await find('.')).length, 8);
  });

  it('leaves out of a folder and a glob what is no asset, unless it is named', async () => {
    const noAssets = ['README', 'ReadMe.md', 'LICENSE.txt', 'Thumbs.db', 'desktop.ini', '.DS_Store'];
    for (const name of noAssets) await folder.write(`dogs/${name}`, 'x');
    for (const name of ['node_modules/a/b.png', 'readme-first.pdf', 'rex.png']) {
      await folder.write(`dogs/${name}`, 'x');
    }
    const dogs = ['file dogs/readme-first.pdf', 'image dogs/rex.png'];
    assert.deepEqual(await find('dogs'), dogs);
    assert.deepEqual(await find('dogs/**'), dogs);
    assert.deepEqual(await find('dogs/README'), ['file dogs/README']);
    assert.deepEqual(await find('dogs/node_modules/a/b.png'), ['image dogs/node_modules/a/b.png']);
  });

  it('finds what a glob matches', async () => {
    assert.deepEqual(await find('cats/*.{png,gif}'), ['image cats/tom.png']);
    assert.deepEqual(await find('**/*.{png,gif}'), [
      'image cats/kittens/leo.gif',
      'image cats/tom.png',
      'image paw[1].png',
    ]);
  });

  it('finds a file whose name looks like a glob', async () => {
    assert.deepEqual(await find('paw[1].png'), ['image paw[1].png']);
  });

  it('finds files in a folder whose name looks like a glob', async () => {
    await folder.write('cats (old) [1]/tom.png', 'x');
    assert.deepEqual(await find('cats (old) [1]'), ['image cats (old) [1]/tom.png']);
  });

  it('does not follow a link to a folder: its files have their own names', async () => {
    await fs.symlink('..', folder.at('cats/loop'));
    assert.equal((await find('cats')).length, 7);
  });

  it('leaves what is no path inside the root to be refused when it is sent', async () => {
    assert.deepEqual(await find('../secret.png'), ['image ../secret.png']);
    assert.deepEqual(await find('../nowhere.png'), ['image ../nowhere.png']);
    assert.deepEqual(await find('file:///nowhere.png'), ['image file:///nowhere.png']);
    assert.deepEqual(await find('null\0byte.png'), ['image null\0byte.png']);
  });

  const similar: [pattern: string, advice: string][] = [
    ['catz', '; did you mean "cats"?'],
    ['cats/tmo.png', '; did you mean "cats/tom.png"?'],
    ['cats/kitens/', '; did you mean "cats/kittens"?'],
    ['cast/*.png', '; did you mean "cats/*.png"?'],
    ['cats/Kitten/**/*.gif', '; did you mean "cats/kittens/**/*.gif"?'],
    ['cats/*.webp', ''],
    ['example.com/tom.jpg', ' (a web address begins with https://)'],
    [' www.example.com/tom.jpg', ' (a web address begins with https://)'],
    ['nowhere', ''],
  ];
  for (const [pattern, advice] of similar) {
    it(`fails for ${pattern}${advice === '' ? '' : ', with advice'}`, async () => {
      await assert.rejects(
        find(pattern),
        expectedAttachmentError(
          'ERR_ATTACHMENT_NOT_FOUND',
          JSON.stringify(pattern),
          `it matches no file in ${JSON.stringify(folder.path)}${advice}`,
        ),
      );
    });
  }

  it('leaves every path to be refused when there is no root', async () => {
    for (const pattern of ['test', 'test/**', 'cats/*']) {
      assert.deepEqual(await findAssets(pattern, undefined), [{ type: 'file', payload: { url: pattern } }]);
    }
  });

  for (const pattern of ['*.webp', 'nowhere/**', 'empty']) {
    it(`fails when ${pattern} matches nothing`, async () => {
      await fs.mkdir(folder.at('empty'));
      await assert.rejects(
        find(pattern),
        expectedAttachmentError(
          'ERR_ATTACHMENT_NOT_FOUND',
          JSON.stringify(pattern),
          `it matches no file in ${JSON.stringify(folder.path)}`,
        ),
      );
    });
  }

  it('takes a path with http: in it for a path', async () => {
    await folder.write('pages/http:/tom.png', 'x');
    assert.deepEqual(await find('pages/http:/*'), ['image pages/http:/tom.png']);
  });

  it('takes a web address as it is', async () => {
    for (const address of ['https://example.com/tom.png?sig=S', 'HTTP://example.com/a/tom.PNG#x']) {
      assert.deepEqual(await find(address), [`image ${address}`]);
    }
    assert.deepEqual(await find('https://example.com/care.pdf', undefined), [
      'file https://example.com/care.pdf',
    ]);
  });

  const unclear: [address: string, asset: string][] = [
    ['https://tom:secret@example.com/tom?file=tom.png', 'https://example.com/tom'],
    ['https://example.com/', 'https://example.com/'],
    ['https://', 'a web address'],
  ];
  for (const [address, asset] of unclear) {
    it(`asks for the type of ${address}`, async () => {
      await assert.rejects(
        find(address),
        expectedAttachmentError(
          'ERR_ATTACHMENT_BAD_SOURCE',
          asset,
          'its name does not show its type; pass an attachment with a `type`, for example image(url)',
        ),
      );
    });
  }
});
