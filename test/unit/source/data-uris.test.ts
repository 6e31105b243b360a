import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import sinon from 'sinon';
import type { Asset, AttachmentType } from '../../../src/source/asset';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { factsOf, fileOf } from '../../support/files/asset-content';
import { readAsset } from '../../support/files/assets';
import { sha256 } from '../../support/checks/sha256';
import { DataUris } from '../../../src/source/data-uris';

const MB_25 = 26_214_400;
const PNG = readAsset('paw.png');

const tooLarge = (bytes: number): string =>
  `it has ${bytes} bytes, but Facebook accepts at most 25 MB (26214400 bytes)`;

describe('DataUris', () => {
  let uris: DataUris;

  beforeEach(() => {
    uris = new DataUris();
  });
  afterEach(() => {
    sinon.restore();
  });

  const identify = (type: AttachmentType, uri: string, filename?: string): Promise<Asset> =>
    uris.identify(type, uri, filename);

  const base64 = (type: string, bytes: Uint8Array): string =>
    `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;

  it('takes base64', async () => {
    const found = await identify('image', base64('image/png', PNG));
    assert.deepEqual(factsOf(found), {
      type: 'image',
      label: 'image from a data: URI',
      key: `image:${sha256(PNG)}`,
      bytes: PNG.length,
    });
    assert.deepEqual(await fileOf(found), { name: 'image.png', type: 'image/png', bytes: PNG });
  });

  it('takes percent-encoded text', async () => {
    const found = await identify('file', 'data:text/plain;charset=utf-8,a%20cat', 'cat.txt');
    assert.deepEqual(await fileOf(found), {
      name: 'cat.txt',
      type: 'text/plain;charset=utf-8',
      bytes: Buffer.from('a cat'),
    });
  });

  it('takes the type from the content when the URI declares none', async () => {
    for (const head of ['data:;base64,', 'DATA:;base64,', 'data:;charset=utf-8;base64,']) {
      const found = await identify('image', head + PNG.toString('base64'));
      assert.equal((await fileOf(found)).type, 'image/png', head);
    }
  });

  it('does not take a slash in the content for a declared type', async () => {
    for (const uri of ['data:,a/b', 'data:,data:a/b']) {
      const found = await identify('file', uri);
      assert.equal((await fileOf(found)).type, 'application/octet-stream', uri);
    }
  });

  it('believes a declared type, in capitals too', async () => {
    const found = await identify('image', 'DATA:IMAGE/GIF,x');
    assert.deepEqual(await fileOf(found), { name: 'image.gif', type: 'image/gif', bytes: Buffer.from('x') });
    await assert.rejects(
      identify('image', 'data:text/plain,cat', 'cat.png'),
      expectedAttachmentError(
        'ERR_ATTACHMENT_TYPE_MISMATCH',
        'image from a data: URI',
        'its content type is text/plain, but an attachment of type image needs image/*',
      ),
    );
  });

  it('refuses one without content', async () => {
    await assert.rejects(
      identify('image', 'data:image/png;base64,'),
      expectedAttachmentError('ERR_ATTACHMENT_EMPTY', 'image from a data: URI', 'it has no content'),
    );
  });

  for (const uri of ['data:image/png;base64', 'data:image/png;base64,%%%', 'data:image/png;base64,A']) {
    it(`refuses ${uri}`, async () => {
      await assert.rejects(
        identify('image', uri),
        expectedAttachmentError(
          'ERR_ATTACHMENT_BAD_SOURCE',
          'image from a data: URI',
          'it is not a valid data: URI',
        ),
      );
    });
  }

  it('takes 25 MB in base64, and not a byte more', async () => {
    const found = await identify('file', base64('text/plain', new Uint8Array(MB_25)));
    assert.equal(found.bytes, MB_25);
    await assert.rejects(
      identify('file', base64('text/plain', new Uint8Array(MB_25 + 1))),
      expectedAttachmentError('ERR_ATTACHMENT_TOO_LARGE', 'file from a data: URI', tooLarge(MB_25 + 1)),
    );
  }).timeout(60_000);

  it('refuses a URI that is too long to hold 25 MB without decoding it', async () => {
    // Decoding it would fail in another way.
    const uri = `data:;base64,${'%'.repeat(36_000_000)}`;
    await assert.rejects(
      identify('file', uri),
      expectedAttachmentError('ERR_ATTACHMENT_TOO_LARGE', 'file from a data: URI', tooLarge(uri.length)),
    );
  });

  it('decodes a URI once to identify it, for all who ask', async () => {
    const uri = base64('image/png', PNG);
    const inTurns = sinon.spy(globalThis, 'setImmediate');
    const first = await Promise.all([identify('image', uri), identify('file', uri, 'paw.png')]);
    assert.deepEqual(
      first.map(({ type, bytes }) => [type, bytes]),
      [
        ['image', PNG.length],
        ['file', PNG.length],
      ],
    );
    inTurns.resetHistory();
    assert.equal((await identify('image', uri)).key, first[0].key);
    assert.equal(inTurns.callCount, 0);
  });

  it('remembers that a URI is not valid, for each attachment by its own name', async () => {
    const bad = 'data:image/png;base64,%%%';
    for (const type of ['image', 'audio'] as const) {
      await assert.rejects(identify(type, bad), { asset: `${type} from a data: URI` });
    }
  });

  it('forgets the URIs that were used longest ago when they take up more than 64 MB', async () => {
    const uris = ['a', 'b', 'c'].map((letter) => `data:;base64,${letter.repeat(24 * 1024 * 1024)}`);
    for (const uri of uris) await identify('file', uri);
    const inTurns = sinon.spy(globalThis, 'setImmediate');
    await identify('file', uris[1] ?? '');
    await identify('file', uris[2] ?? '');
    assert.equal(inTurns.callCount, 0);
    await identify('file', uris[0] ?? '');
    assert.ok(inTurns.called);
  }).timeout(60_000);

  it('sends the content of a URI as often as it is asked', async () => {
    const { content } = await identify('image', base64('image/png', PNG));
    assert.ok(content.file);
    for (let n = 0; n < 2; n++) assert.deepEqual(await buffer(content.file.stream()), PNG);
  });

  it('has the same way to upload for the same content type and name', async () => {
    const uri = base64('image/png', PNG);
    const attempts = [
      (await identify('image', uri)).attempt,
      (await identify('image', uri, 'paw.png')).attempt,
      (await identify('image', uri, 'paw.gif')).attempt,
    ];
    assert.equal(new Set(attempts).size, 3);
  });
});
