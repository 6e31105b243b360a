import assert from 'node:assert/strict';
import { DataUris } from '../../../../src/source/data-uris';
import { identifyFiledata } from '../../../../src/source/filedata';
import { longestTurn } from '../../../support/checks/longest-turn';

const MB_25 = 26_214_400;

describe('Content that is given as bytes blocks the event loop for no longer than a moment', function () {
  this.timeout(60_000);
  // Garbage is collected when it is, and the machine may be busy.
  this.retries(4);

  const large: [what: string, make: () => unknown, bytes: number][] = [
    ['a Buffer', () => Buffer.alloc(MB_25, 'cat'), MB_25],
    ['a Blob', () => new Blob([Buffer.alloc(MB_25, 'cat')]), MB_25],
    [
      'a Buffer that went through JSON',
      () => ({ type: 'Buffer', data: new Array<number>(20_000_000).fill(7) }),
      20_000_000,
    ],
  ];
  for (const [what, make, bytes] of large) {
    it(`as ${what}`, async () => {
      const filedata = make();
      const copying = await longestTurn(() => Promise.resolve(new Uint8Array(Buffer.alloc(bytes, 'cat'))));
      const longest = await longestTurn(async () => {
        assert.equal((await identifyFiledata('file', filedata, undefined)).bytes, bytes);
      });
      // A Buffer is copied at once: its owner may go on using it.
      assert.ok(longest < 100 + copying, `${longest} ms, and a copy takes ${copying} ms`);
    });
  }

  it('as a data: URI', async () => {
    const uris = new DataUris();
    const base64 = (bytes: Buffer): string => `data:file/x;base64,${bytes.toString('base64')}`;
    // The first who reads a string that was put together of two has V8 copy it as a whole, which is not measured here.
    const uri = Buffer.from(base64(Buffer.alloc(20_000_000, 'cat'))).toString();
    await uris.identify('file', base64(Buffer.from('cat')), undefined);
    const longest = await longestTurn(async () => {
      const { content } = await uris.identify('file', uri, undefined);
      let bytes = 0;
      for await (const piece of content.file?.stream() ?? []) bytes += (piece as Uint8Array).length;
      assert.equal(bytes, 20_000_000);
    });
    assert.ok(longest < 60, `${longest} ms`);
  });
});
