import assert from 'node:assert/strict';
import { openAsBlob } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import sinon from 'sinon';
import type { Asset, AttachmentType } from '../../../src/source/asset';
import { identifyFiledata, type BlobLike } from '../../../src/source/filedata';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';
import { factsOf, fileOf } from '../../support/files/asset-content';
import { readAsset } from '../../support/files/assets';
import { sha256 } from '../../support/checks/sha256';

const MB_25 = 26_214_400;
const PNG = readAsset('paw.png');
const PDF = readAsset('cat-care.pdf');

const tooLarge = (bytes: number): string =>
  `it has ${bytes} bytes, but Facebook accepts at most 25 MB (26214400 bytes)`;

/** As a library has it, or another realm: no instance of Node's class. */
function blobOfLibrary(bytes: Uint8Array): BlobLike {
  return {
    size: bytes.length,
    type: 'image/png',
    arrayBuffer: () => Promise.resolve(new Uint8Array(bytes).buffer),
    slice: (start, end) => blobOfLibrary(bytes.subarray(start, end)),
  };
}

describe('identifyFiledata', () => {
  const folder = useFolder();

  const forms: [what: string, filedata: unknown][] = [
    ['a Buffer', PNG],
    ['a Uint8Array', new Uint8Array(PNG)],
    ['a part of a Buffer', Buffer.concat([Buffer.from('before'), PNG, Buffer.from('after')]).subarray(6, -5)],
    ['a Blob', new Blob([PNG])],
    ['a File without a name', new File([PNG], '')],
    ['a Blob of a library', blobOfLibrary(PNG)],
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

  it('refuses what only looks like a Blob', async () => {
    for (const part of ['size', 'type', 'arrayBuffer', 'slice']) {
      await assert.rejects(identifyFiledata('image', { ...blobOfLibrary(PNG), [part]: null }, undefined), {
        code: 'ERR_ATTACHMENT_BAD_SOURCE',
      });
    }
  });

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

  it('takes one copy of a Buffer that is sent to many at the same time', async () => {
    const bytes = Buffer.alloc(4 * 1024 * 1024, 'cat');
    const before = process.memoryUsage().arrayBuffers;
    const found = await Promise.all(
      Array.from({ length: 100 }, () => identifyFiledata('file', bytes, undefined)),
    );
    const added = process.memoryUsage().arrayBuffers - before;
    assert.ok(added <= 3 * bytes.length, `${added} bytes`);
    assert.equal(new Set(found.map(({ key }) => key)).size, 1);
  });

  it('takes another copy when the Buffer was changed meanwhile, and each message has its own bytes', async () => {
    const bytes = Buffer.from(PNG);
    const first = identifyFiledata('image', bytes, undefined);
    bytes[PNG.length - 1] = (bytes[PNG.length - 1] ?? 0) ^ 1;
    const changed = Buffer.from(bytes);
    const second = identifyFiledata('image', bytes, undefined);
    assert.deepEqual((await fileOf(await first)).bytes, PNG);
    assert.deepEqual((await fileOf(await second)).bytes, changed);
  });

  it('hashes a Blob once, however often it is sent', async () => {
    const blob = new Blob([PNG]);
    const slice = sinon.spy(blob, 'slice');
    const first = await identifyFiledata('image', blob, undefined);
    const second = await identifyFiledata('image', blob, 'other.png');
    assert.equal(second.key, first.key);
    assert.equal(slice.callCount, 1);
  });

  it('takes 25 MB, and not a byte more', async () => {
    const found = await identifyFiledata('file', new Uint8Array(MB_25), undefined);
    assert.equal(found.bytes, MB_25);
    await assert.rejects(
      identifyFiledata('file', new Uint8Array(MB_25 + 1), undefined),
      expectedAttachmentError('ERR_ATTACHMENT_TOO_LARGE', 'file from filedata', tooLarge(MB_25 + 1)),
    );
  }).timeout(60_000);

  it('refuses nothing at all', async () => {
    await assert.rejects(
      identifyFiledata('image', Buffer.alloc(0), 'tom.png'),
      expectedAttachmentError('ERR_ATTACHMENT_EMPTY', 'image "tom.png" (from filedata)', 'it has no content'),
    );
  });

  it('refuses bytes of another type', async () => {
    await assert.rejects(
      identifyFiledata('audio', PNG, undefined),
      expectedAttachmentError(
        'ERR_ATTACHMENT_TYPE_MISMATCH',
        'audio from filedata',
        'its content type is image/png, but an attachment of type audio needs audio/*',
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
    ['what a Blob becomes in JSON', { size: 1, type: 'image/png' }],
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
        expectedAttachmentError(
          'ERR_ATTACHMENT_BAD_SOURCE',
          'image from filedata',
          'expected `filedata` to be a Buffer, a Uint8Array or a Blob (in a script only a Buffer, because scripts pass through JSON)',
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
      expectedAttachmentError(
        'ERR_ATTACHMENT_UNREADABLE',
        'image "paw.png" (from filedata)',
        'its Blob cannot be read; check whether its file has changed or was deleted',
      ),
    );
  });

  it('reads a Blob again that could not be read', async () => {
    const blob = new Blob([PNG]);
    const slice = sinon.stub(blob, 'slice').callThrough();
    slice.onFirstCall().throws(new Error('no'));
    await assert.rejects(identifyFiledata('image', blob, undefined), { code: 'ERR_ATTACHMENT_UNREADABLE' });
    assert.equal((await identifyFiledata('image', blob, undefined)).bytes, PNG.length);
  });

  it('does not copy what is too large', async () => {
    const tooMany = { type: 'Buffer', data: new Array<number>(MB_25 + 1) };
    await assert.rejects(identifyFiledata('image', tooMany, undefined), { code: 'ERR_ATTACHMENT_TOO_LARGE' });
  });

  it('sends the content as often as it is asked, a piece at a time', async () => {
    const bytes = Buffer.alloc(1_000_000, 'cat');
    for (const filedata of [bytes, new Blob([bytes])]) {
      const { content } = await identifyFiledata('file', filedata, undefined);
      assert.ok(content.file);
      for (let n = 0; n < 2; n++) {
        const pieces: Uint8Array[] = [];
        for await (const piece of content.file.stream()) pieces.push(piece as Uint8Array);
        assert.deepEqual(Buffer.concat(pieces), bytes);
        assert.equal(Math.max(...pieces.map(({ length }) => length)), 196_608);
      }
    }
  });

  it('has the same way to upload for the same content type and name, and nothing to build it again from', async () => {
    const named = (name?: string): Promise<Asset> => identifyFiledata('file', PNG, name);
    const found = await Promise.all([
      named('a.png'),
      named('a.png'),
      named('b.png'),
      named('a.gif'),
      named(),
    ]);
    assert.equal(new Set(found.map(({ attempt }) => attempt)).size, 4);
    assert.deepEqual(new Set(found.map(({ source }) => source)), new Set([undefined]));
  });
});
