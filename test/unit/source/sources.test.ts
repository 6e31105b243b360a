import assert from 'node:assert/strict';
import { pathToFileURL } from 'node:url';
import type { Asset, AttachmentType } from '../../../src/source/asset';
import { addressKey } from '../../../src/source/asset-key';
import { Sources, type SourcePayload } from '../../../src/source/sources';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { useFolder } from '../../support/files/folder';
import { contentOf, factsOf, fileOf } from '../../support/files/asset-content';
import { readAsset } from '../../support/files/assets';
import { sha256 } from '../../support/checks/sha256';

const PNG = readAsset('paw.png');

const EXPECTED =
  'expected a path, a web address or bytes (`payload.url`, `payload.filedata`, or the first argument of a helper such as image()), got ';

describe('Sources', () => {
  const folder = useFolder();
  let sources: Sources;

  beforeEach(async () => {
    await folder.write('cats/my paw.png', PNG);
    await folder.write('../secret.png', 'SECRET');
    sources = new Sources({ root: folder.path, cacheKey: (url) => url.href });
  });

  const identify = async (payload: SourcePayload, type: AttachmentType = 'image'): Promise<Asset> =>
    sources.identify(type, payload);

  const badSource = (problem: string): object =>
    expectedAttachmentError('ERR_ATTACHMENT_BAD_SOURCE', 'attachment of type image', problem);

  async function assertPaw(payload: SourcePayload): Promise<void> {
    assert.deepEqual((await fileOf(await identify(payload))).bytes, PNG);
  }

  describe('paths', () => {
    it('are of files inside the root', async () => {
      const found = await identify({ url: 'cats/my paw.png' });
      assert.deepEqual(factsOf(found), {
        type: 'image',
        label: 'image "cats/my paw.png"',
        key: `image:${sha256(PNG)}`,
        bytes: PNG.length,
      });
      await assertPaw({ url: folder.at('cats/my paw.png') });
    });

    it('can come with a filename', async () => {
      const found = await identify({ url: 'cats/my paw.png', filename: 'Paw.png' });
      assert.equal((await fileOf(found)).name, 'Paw.png');
    });

    it('are refused without a root', async () => {
      sources = new Sources({ root: undefined, cacheKey: (url) => url.href });
      await assert.rejects(identify({ url: 'cats/my paw.png' }), { code: 'ERR_ATTACHMENT_NO_ROOT' });
      await assert.rejects(identify({ url: pathToFileURL(folder.at('cats/my paw.png')) }), {
        code: 'ERR_ATTACHMENT_NO_ROOT',
      });
    });

    for (const name of [
      './a:b.png',
      'cats/a:b.png',
      'c:b.png',
      '1a:b.png',
      '_ab:c.png',
      ' cats.png ',
      '%20.png',
    ]) {
      it(`can be ${JSON.stringify(name)}`, async () => {
        await folder.write(name, PNG);
        await assertPaw({ url: name });
      });
    }
  });

  describe('file: URLs', () => {
    const url = (): string => pathToFileURL(folder.at('cats/my paw.png')).href;

    const spellings: [what: string, spell: () => string | URL][] = [
      ['text', url],
      ['a URL', () => new URL(url())],
      ['capitals', () => url().replace('file:', 'FILE:')],
      ['one slash', () => url().replace('file:///', 'file:/')],
      ['this machine’s name', () => url().replace('file:///', 'file://localhost/')],
      ['an encoded letter', () => url().replace('paw', 'p%61w')],
      ['dots', () => url().replace('/cats/', '/cats/../cats/./')],
      ['encoded dots', () => url().replace('/cats/', '/cats/%2e%2e/cats/%2E/')],
      ['space around it', () => ` ${url()}\n`],
      ['a query string', () => `${url()}?size=large#top`],
    ];
    for (const [what, spell] of spellings) {
      it(`can be written with ${what}`, async () => {
        await assertPaw({ url: spell() });
      });
    }

    const OUTSIDE = 'ERR_ATTACHMENT_OUTSIDE_ROOT';
    const BAD = 'ERR_ATTACHMENT_BAD_SOURCE';
    const refused: [what: string, end: string, code: string][] = [
      ['dots', '/../secret.png', OUTSIDE],
      ['encoded dots', '/%2e%2e/secret.png', OUTSIDE],
      ['half-encoded dots', '/.%2E/secret.png', OUTSIDE],
      ['back-slashes', '\\..\\secret.png', OUTSIDE],
      ['encoded back-slashes', '%5c..%5csecret.png', OUTSIDE],
      ['a sibling’s name', '-2/secret.png', OUTSIDE],
      ['encoded slashes', '/..%2fsecret.png', BAD],
      ['an encoded null byte', '/cats/my%20paw.png%00', BAD],
      ['an encoded null byte before a good end', '/../secret.png%00.png', BAD],
      ['a broken encoding', '/%', BAD],
      ['twice encoded dots', '/%252e%252e/secret.png', 'ERR_ATTACHMENT_NOT_FOUND'],
      ['twice encoded slashes', '/..%252fsecret.png', 'ERR_ATTACHMENT_NOT_FOUND'],
    ];
    for (const [what, end, code] of refused) {
      it(`do not lead out by ${what}`, async () => {
        await assert.rejects(identify({ url: pathToFileURL(folder.path).href + end }), {
          name: 'AttachmentError',
          code,
        });
      });
    }

    const elsewhere: [url: string, code: string][] = [
      ['file:///etc/passwd', OUTSIDE],
      ['file:/etc/passwd', OUTSIDE],
      ['FILE:///etc/passwd', OUTSIDE],
      ['file:etc/passwd', OUTSIDE],
      ['file:../secret.png', OUTSIDE],
      ['file:', OUTSIDE],
      ['file://', OUTSIDE],
      ['file:////etc/passwd', OUTSIDE],
      ['file:\\\\\\etc\\passwd', OUTSIDE],
      ['f\tile:///etc/passwd', 'ERR_ATTACHMENT_NOT_FOUND'],
      ['file%3A///etc/passwd', 'ERR_ATTACHMENT_NOT_FOUND'],
    ];
    for (const [address, code] of elsewhere) {
      it(`do not lead out as ${JSON.stringify(address)}`, async () => {
        await assert.rejects(identify({ url: address }), { name: 'AttachmentError', code });
      });
    }

    it('of another machine are refused', async () => {
      await assert.rejects(
        identify({ url: 'file://elsewhere/cats/my%20paw.png' }),
        badSource('its file: URL names no path on this machine'),
      );
    });
  });

  describe('web addresses', () => {
    for (const scheme of ['http', 'https', 'HTTPS']) {
      it(`can be ${scheme}`, async () => {
        const address = `${scheme}://example.com/paw.png?a=b`;
        const found = await identify({ url: address });
        assert.deepEqual(factsOf(found), {
          type: 'image',
          label: `image ${scheme.toLowerCase()}://example.com/paw.png`,
          key: addressKey('image', `${scheme.toLowerCase()}://example.com/paw.png?a=b`),
          bytes: undefined,
        });
        assert.deepEqual(await contentOf(found), { url: address });
      });
    }

    it('can be a URL', async () => {
      const found = await identify({ url: new URL('https://example.com/paw.png') });
      assert.deepEqual(await contentOf(found), { url: 'https://example.com/paw.png' });
    });

    it('can have space around them', async () => {
      const found = await identify({ url: ' https://example.com/paw.png\n' });
      assert.deepEqual(await contentOf(found), { url: 'https://example.com/paw.png' });
    });

    it('are the same asset if cacheKey says so', async () => {
      const signed = new Sources({ root: undefined, cacheKey: (url) => url.pathname });
      const { key } = await signed.identify('image', { url: 'https://example.com/paw.png?sig=S' });
      assert.equal(key, addressKey('image', '/paw.png'));
    });
  });

  describe('bytes', () => {
    it('are identified by their content and labelled with their filename', async () => {
      const found = await identify({ filedata: PNG, filename: 'paw.png' });
      assert.equal(found.label, 'image "paw.png" (from filedata)');
      await assertPaw({ filedata: PNG });
    });

    it('can stand in a data: URI, with space around it and in capitals', async () => {
      await assertPaw({ url: `data:image/png;base64,${PNG.toString('base64')}` });
      await assertPaw({ url: ` DATA:image/png;base64,${PNG.toString('base64')}\n` });
    });

    it('can have a filename in a data: URI', async () => {
      const found = await identify({ url: `data:;base64,${PNG.toString('base64')}`, filename: 'Paw.png' });
      assert.equal((await fileOf(found)).name, 'Paw.png');
    });

    it('can stand beside a url that is null, and the other way round', async () => {
      await assertPaw({ filedata: PNG, url: null });
      await assertPaw({ url: 'cats/my paw.png', filedata: null, filename: null });
      await assertPaw({ url: 'cats/my paw.png', filedata: undefined, filename: undefined });
    });
  });

  describe('what is refused', () => {
    const bad: [what: string, payload: SourcePayload, problem: string][] = [
      [
        'both sources',
        { url: 'cats/my paw.png', filedata: PNG },
        'it has both `url` and `filedata`; give one of them',
      ],
      ['no source', {}, `${EXPECTED}undefined`],
      ['null', { url: null }, `${EXPECTED}null`],
      ['a number', { url: 7 }, `${EXPECTED}number`],
      ['an object', { url: { href: 'a' } }, `${EXPECTED}object`],
      ['an empty text', { url: '' }, `${EXPECTED}an empty string`],
      ['mere space', { url: ' \n' }, `${EXPECTED}an empty string`],
      [
        'an empty filename',
        { url: 'cats/my paw.png', filename: '' },
        'expected `payload.filename` to be a string that is not empty',
      ],
      [
        'a filename that is no text',
        { url: 'cats/my paw.png', filename: 7 },
        'expected `payload.filename` to be a string that is not empty',
      ],
    ];
    for (const [what, payload, problem] of bad) {
      it(`is ${what}`, async () => {
        await assert.rejects(identify(payload), badSource(problem));
      });
    }

    for (const url of [
      'ftp://example.com/a',
      'blob:abc',
      'javascript:alert(1)',
      'ab:c.png',
      'x-9+.-:a',
      'FTP:a',
    ]) {
      it(`is ${url}`, async () => {
        const scheme = url.split(':')[0]?.toLowerCase() ?? '';
        await assert.rejects(
          identify({ url }),
          badSource(
            `its \`url\` begins with ${scheme}:, and only http:, https:, file: and data: can be sent (write ./ before a file name with a colon)`,
          ),
        );
      });
    }

    it('names the type of the attachment', async () => {
      await assert.rejects(identify({}, 'video'), { asset: 'attachment of type video' });
    });
  });
});
