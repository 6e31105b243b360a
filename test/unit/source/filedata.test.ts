import assert from 'node:assert/strict';
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import sinon from 'sinon';
import type { AttachmentType } from '../../../src/source/asset';
import { identifyDataUri, identifyFiledata } from '../../../src/source/filedata';
import { attachmentError } from '../../support/checks/failures';
import { useFolder } from '../../support/files/folder';
import { factsOf, fileOf } from '../../support/files/identified';
import { readAsset } from '../../support/files/assets';
import { sha256 } from '../../support/checks/sha256';

const MB_25 = 26_214_400;
const PNG = readAsset('paw.png');
const PDF = readAsset('cat-care.pdf');

const tooLarge = (bytes: number): string =>
  `it has ${bytes} bytes, and Facebook takes at most 25 MB (26214400 bytes)`;

describe('identifyFiledata', () => {
  const folder = useFolder();

  const forms: [what: string, filedata: unknown][] = [
    ['a Buffer', PNG],
    ['a Uint8Array', new Uint8Array(PNG)],
    ['a part of a Buffer', Buffer.concat([Buffer.from('before'), PNG, Buffer.from('after')]).subarray(6, -5)],
    ['a Blob', new Blob([PNG])],
    ['a File without a name', new File([PNG], '')],
    ['a Buffer that went through JSON', JSON.parse(JSON.stringify(PNG))],
  ];
  for (const [what, filedata] of forms) {
    it(`takes ${what}`, async () => {
      const found = await identifyFiledata('image', filedata, undefined);
      assert.deepEqual(factsOf(found), {
        type: 'image',
        label: 'image from filedata',
        key: `image:${sha256(PNG)}`,
        bytes: PNG.length,
      });
      assert.deepEqual(await fileOf(found), { name: 'image.png', type: 'image/png', bytes: PNG });
    });
  }

  it('shows the filename, and goes by its extension', async () => {
    const found = await identifyFiledata('image', Buffer.from('x'), 'my "cat".gif');
    assert.equal(found.label, 'image "my \\"cat\\".gif" (from filedata)');
    assert.deepEqual(await fileOf(found), {
      name: 'my "cat".gif',
      type: 'image/gif',
      bytes: Buffer.from('x'),
    });
  });

  it('takes the name and type of a File', async () => {
    const file = new File([PDF], 'menu.pdf', { type: 'application/x-menu' });
    const found = await identifyFiledata('file', file, undefined);
    assert.equal(found.label, 'file from filedata');
    assert.equal(found.key, `file:${sha256(PDF)}:${sha256('menu.pdf').slice(0, 16)}`);
    assert.deepEqual(await fileOf(found), { name: 'menu.pdf', type: 'application/x-menu', bytes: PDF });
  });

  it("takes the author's filename before the File's own", async () => {
    const found = await identifyFiledata('file', new File([PDF], 'menu.pdf'), 'Menu of today.pdf');
    assert.equal((await fileOf(found)).name, 'Menu of today.pdf');
  });

  it('names bytes by their type, with an extension that fits', async () => {
    const names: [AttachmentType, Uint8Array, string][] = [
      ['image', readAsset('blink.gif'), 'image.gif'],
      ['audio', readAsset('lullaby.mp3'), 'audio.mp3'],
      ['video', readAsset('night.mp4'), 'video.mp4'],
      ['file', PDF, 'file.pdf'],
      ['file', Buffer.from('words'), 'file.bin'],
    ];
    for (const [type, bytes, name] of names) {
      assert.equal((await fileOf(await identifyFiledata(type, bytes, undefined))).name, name);
    }
    const film = new Blob(['words'], { type: 'video/quicktime' });
    assert.equal((await fileOf(await identifyFiledata('video', film, undefined))).name, 'video.mov');
    const odd = new Blob(['words'], { type: 'image/x-unheard-of' });
    assert.equal((await fileOf(await identifyFiledata('image', odd, undefined))).name, 'image.bin');
  });

  it('takes a copy: what happens to the Buffer afterwards does not matter', async () => {
    const bytes = Buffer.from(PNG);
    const pending = identifyFiledata('image', bytes, undefined);
    bytes.fill(0);
    const found = await pending;
    assert.equal(found.key, `image:${sha256(PNG)}`);
    assert.deepEqual((await fileOf(found)).bytes, PNG);
  });

  it('hashes a Blob once, however often it is sent', async () => {
    const blob = new Blob([PNG]);
    const stream = sinon.spy(blob, 'stream');
    const first = await identifyFiledata('image', blob, undefined);
    const second = await identifyFiledata('image', blob, 'other.png');
    assert.equal(second.key, first.key);
    assert.equal(stream.callCount, 1);
  });

  it('takes 25 MB, and not a byte more', async () => {
    const found = await identifyFiledata('file', new Uint8Array(MB_25), undefined);
    assert.equal(found.bytes, MB_25);
    await assert.rejects(
      identifyFiledata('file', new Uint8Array(MB_25 + 1), undefined),
      attachmentError('ERR_ATTACHMENT_TOO_LARGE', 'file from filedata', tooLarge(MB_25 + 1)),
    );
  }).timeout(60_000);

  it('refuses nothing at all', async () => {
    await assert.rejects(
      identifyFiledata('image', Buffer.alloc(0), 'tom.png'),
      attachmentError('ERR_ATTACHMENT_EMPTY', 'image "tom.png" (from filedata)', 'it has no content'),
    );
  });

  it('refuses bytes of another type', async () => {
    await assert.rejects(
      identifyFiledata('audio', PNG, undefined),
      attachmentError(
        'ERR_ATTACHMENT_TYPE_MISMATCH',
        'audio from filedata',
        'its content type is image/png, and an attachment of type audio needs audio/*',
      ),
    );
  });

  const junk: [what: string, filedata: unknown][] = [
    ['null', null],
    ['text', 'PNG'],
    ['a number', 7],
    ['true', true],
    ['an empty object', {}],
    ['an ArrayBuffer', new ArrayBuffer(8)],
    ['a list of bytes', [1, 2, 3]],
    ['a revived Buffer without data', { type: 'Buffer' }],
    ['a revived Buffer of text', { type: 'Buffer', data: 'abc' }],
    ['a revived Buffer with a byte over 255', { type: 'Buffer', data: [1, 256] }],
    ['a revived Buffer with a byte below 0', { type: 'Buffer', data: [-1, 1] }],
    ['a revived Buffer with half a byte', { type: 'Buffer', data: [0.5] }],
    ['a revived Buffer with text for a byte', { type: 'Buffer', data: ['1'] }],
    ['another revived thing', { type: 'Blob', data: [1] }],
  ];
  for (const [what, filedata] of junk) {
    it(`refuses ${what}`, async () => {
      await assert.rejects(
        identifyFiledata('image', filedata, undefined),
        attachmentError(
          'ERR_ATTACHMENT_BAD_SOURCE',
          'image from filedata',
          'expected `filedata` to be a Buffer, a Uint8Array or a Blob (in a script only a Buffer, for it passes through JSON)',
        ),
      );
    });
  }

  it('takes the bytes 0 and 255 of a revived Buffer', async () => {
    const found = await identifyFiledata('file', { type: 'Buffer', data: [0, 255] }, undefined);
    assert.deepEqual((await fileOf(found)).bytes, Buffer.from([0, 255]));
  });

  it('says which attachment it is when a Blob of a file can no longer be read', async () => {
    const path = await folder.write('paw.png', PNG);
    const blob = await openAsBlob(path);
    await writeFile(path, 'another picture');
    await assert.rejects(
      identifyFiledata('image', blob, 'paw.png'),
      attachmentError(
        'ERR_ATTACHMENT_UNREADABLE',
        'image "paw.png" (from filedata)',
        'its Blob cannot be read; is its file still as it was?',
      ),
    );
  });
});

describe('identifyDataUri', () => {
  const base64 = (type: string, bytes: Uint8Array): string =>
    `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

  it('takes base64', async () => {
    const found = await identifyDataUri('image', base64('image/png', PNG), undefined);
    assert.deepEqual(factsOf(found), {
      type: 'image',
      label: 'image from a data: URI',
      key: `image:${sha256(PNG)}`,
      bytes: PNG.length,
    });
    assert.deepEqual(await fileOf(found), { name: 'image.png', type: 'image/png', bytes: PNG });
  });

  it('takes percent-encoded text', async () => {
    const found = await identifyDataUri('file', 'data:text/plain;charset=utf-8,a%20cat', 'cat.txt');
    assert.deepEqual(await fileOf(found), {
      name: 'cat.txt',
      type: 'text/plain;charset=utf-8',
      bytes: Buffer.from('a cat'),
    });
  });

  it('takes the type from the content when the URI declares none', async () => {
    for (const head of ['data:;base64,', 'DATA:;base64,', 'data:;charset=utf-8;base64,']) {
      const found = await identifyDataUri('image', head + PNG.toString('base64'), undefined);
      assert.equal((await fileOf(found)).type, 'image/png', head);
    }
  });

  it('does not take a slash in the content for a declared type', async () => {
    for (const uri of ['data:,a/b', 'data:,data:a/b']) {
      const found = await identifyDataUri('file', uri, undefined);
      assert.equal((await fileOf(found)).type, 'application/octet-stream', uri);
    }
  });

  it('believes a declared type, in capitals too', async () => {
    const found = await identifyDataUri('image', 'DATA:IMAGE/GIF,x', undefined);
    assert.deepEqual(await fileOf(found), { name: 'image.gif', type: 'image/gif', bytes: Buffer.from('x') });
    await assert.rejects(
      identifyDataUri('image', 'data:text/plain,cat', 'cat.png'),
      attachmentError(
        'ERR_ATTACHMENT_TYPE_MISMATCH',
        'image from a data: URI',
        'its content type is text/plain, and an attachment of type image needs image/*',
      ),
    );
  });

  it('refuses one without content', async () => {
    await assert.rejects(
      identifyDataUri('image', 'data:image/png;base64,', undefined),
      attachmentError('ERR_ATTACHMENT_EMPTY', 'image from a data: URI', 'it has no content'),
    );
  });

  for (const uri of ['data:image/png;base64', 'data:image/png;base64,%%%', 'data:image/png;base64,A']) {
    it(`refuses ${uri}`, async () => {
      await assert.rejects(
        identifyDataUri('image', uri, undefined),
        attachmentError('ERR_ATTACHMENT_BAD_SOURCE', 'image from a data: URI', 'it is not a valid data: URI'),
      );
    });
  }

  it('takes 25 MB in base64, and not a byte more', async () => {
    const found = await identifyDataUri('file', base64('text/plain', new Uint8Array(MB_25)), undefined);
    assert.equal(found.bytes, MB_25);
    await assert.rejects(
      identifyDataUri('file', base64('text/plain', new Uint8Array(MB_25 + 1)), undefined),
      attachmentError('ERR_ATTACHMENT_TOO_LARGE', 'file from a data: URI', tooLarge(MB_25 + 1)),
    );
  }).timeout(60_000);

  it('refuses a URI that is too long to hold 25 MB without decoding it', async () => {
    // Decoding it would fail in another way.
    const uri = `data:;base64,${'%'.repeat(36_000_000)}`;
    await assert.rejects(
      identifyDataUri('file', uri, undefined),
      attachmentError('ERR_ATTACHMENT_TOO_LARGE', 'file from a data: URI', tooLarge(uri.length)),
    );
  });
});
