import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fetch } from 'undici';
import { decodeContent, readHead } from '../../../src/source/data-uri';

const PIECE = 256 * 1024;

/** Content and its type; undefined: the URI is not valid. */
type Decoded = { type: string; content: string } | undefined;

/** What `fetch` makes of it, which does it all at once. */
async function fetched(uri: string): Promise<Decoded> {
  const response = await fetch(uri).catch(() => undefined);
  const blob = await response?.blob();
  return blob && { type: blob.type, content: Buffer.from(await blob.arrayBuffer()).toString('latin1') };
}

async function decoded(uri: string): Promise<Decoded> {
  const head = await readHead(uri);
  if (!head) return undefined;
  const pieces: Uint8Array[] = [];
  try {
    for await (const piece of decodeContent(uri, head)) pieces.push(piece);
  } catch (error) {
    assert.ok(error instanceof SyntaxError);
    return undefined;
  }
  // Where no type is declared, the rest of the plugin does not want to know the standard's.
  const type = head.declared ?? (await fetched(uri))?.type ?? 'no type';
  return { type, content: Buffer.concat(pieces).toString('latin1') };
}

async function assertAsFetched(uri: string): Promise<void> {
  assert.deepEqual(await decoded(uri), await fetched(uri), JSON.stringify(uri.slice(0, 200)));
}

describe('A data: URI is read as fetch reads it', () => {
  const heads = [
    'data:,',
    'data:;base64,',
    'data:image/png,',
    'data:image/png;base64,',
    'DATA:IMAGE/PNG;BASE64,',
    'data:image/png ; base64 ,',
    'data:image/png;base64;charset=utf-8,',
    'data:text/plain;charset="a;b";base64,',
    'data:text/plain;charset=utf-8,',
    'data: ,',
    'data:ima\tge/p\nng;ba\rse64,',
    'data:image/png;base64#,',
    'data:image/png?;base64,',
    'data:;charset=utf-8;base64,',
    'data:é/ü;base64,',
    'data:image/png;base64',
    'data:image/png;bas%6564,',
    'data:base64,',
    'data:/;base64,',
  ];
  const contents = [
    '',
    'A',
    'QQ',
    'QUI',
    'QUJD',
    'QQ==',
    'QUI=',
    'QQ=',
    'Q===',
    '====',
    '=',
    'QQ==QQ==',
    'QUJDQQ==',
    'QU JD\nQU\tI=\r\f',
    'QUJD%20%0aQQ%3d%3D',
    'Q%55JD',
    'o%6f%6Fo',
    '%',
    '%4',
    '%41',
    '%zz%4g%g4%4%41',
    '%%41',
    '%4\n1',
    'a b  ',
    'a b  #fragment',
    '#',
    'a?b#c',
    'a"<>`\\^|{}',
    'é ü \u20ac \u{1f431}',
    '\ud800',
    '\udc00\ud800',
    '%\ud800',
    'a\0\x01\x1f b\x7f',
    'a\x01\x02',
    'a,b,c',
    '_-',
    '+/',
  ];
  for (const head of heads) {
    it(`with the head ${JSON.stringify(head)}`, async () => {
      for (const content of contents) await assertAsFetched(head + content);
    });
  }

  const character = fc.oneof(
    fc.constantFrom(...Array.from('QUJD+/=%0123456789abcdefABCDEF \t\n\r\f,;#?&')),
    fc.constantFrom('%41', '%3D', '%20', '%e2', '\u20ac', '\u{1f431}', '\ud83d', '\udc31', '\0'),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  );
  const text = (maxLength: number): fc.Arbitrary<string> =>
    fc.array(character, { maxLength }).map((characters) => characters.join(''));

  it('with two halves of a character that a line break keeps apart', async () => {
    await assertAsFetched('data:,\ud83d\n\udc31');
  });

  it('with whatever content', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...heads), text(40), (head, content) =>
        assertAsFetched(head + content),
      ),
      { numRuns: 300 },
    );
  }).timeout(60_000);

  it('with a host that URL refuses', () => assertAsFetched('data://,\0Q'));

  it('with whatever head', async () => {
    await fc.assert(
      fc.asyncProperty(text(20), fc.constantFrom('', ';base64'), text(8), (head, base64, content) =>
        assertAsFetched(`data:${head}${base64},${content}`),
      ),
      { numRuns: 300 },
    );
  }).timeout(60_000);

  it('wherever a piece ends', async () => {
    const kinds: [head: string, filling: string, padding: string][] = [
      ['data:;base64,', 'QUJD', 'Q\n'],
      ['data:,', 'cats', 'x'],
    ];
    for (const [head, filling, padding] of kinds) {
      const [first, second] = [filling.repeat(PIECE / 4 - 3), filling.repeat(PIECE / 4)];
      await fc.assert(
        fc.asyncProperty(fc.nat(12), text(12), text(6), async (shift, middle, end) => {
          const content = first + padding.repeat(12).slice(0, shift) + middle + second + end;
          assert.ok(equal(await decoded(head + content), await fetched(head + content)));
        }),
        { numRuns: 60 },
      );
    }
  }).timeout(60_000);

  /** Whether they are, without a word of a megabyte if they are not. */
  function equal(one: Decoded, other: Decoded): boolean {
    return one?.type === other?.type && one?.content === other?.content;
  }

  it('in pieces, of which none is large', async () => {
    const uri = `data:;base64,${'QUJD'.repeat(PIECE / 2)}`;
    const head = await readHead(uri);
    assert.ok(head);
    const sizes: number[] = [];
    for await (const piece of decodeContent(uri, head)) sizes.push(piece.length);
    assert.equal(
      sizes.reduce((sum, size) => sum + size),
      (PIECE / 2) * 3,
    );
    assert.ok(Math.max(...sizes) <= PIECE && sizes.length >= 2, sizes.join());
  });

  it('but with no head of more than 64 kB', async () => {
    const uri = (length: number): string => `data:${'x'.repeat(length - 6)},`;
    assert.equal((await readHead(uri(65_536)))?.length, 65_536);
    assert.equal(await readHead(uri(65_537)), undefined);
  });
});
