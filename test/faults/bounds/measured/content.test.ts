import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { DataUris } from '../../../../src/source/data-uris';
import { identifyFiledata } from '../../../../src/source/filedata';
import { longestTurn } from '../../../support/checks/longest-turn';

const MB_25 = 26_214_400;

/** Of several times: collecting garbage, new pages of memory and a busy machine only add to it. */
async function leastOf(measure: () => Promise<number>): Promise<number> {
  const measured: number[] = [];
  for (let times = 0; times < 5; times++) measured.push(await measure());
  return Math.min(...measured);
}

describe('Content that is given as bytes blocks the event loop for no longer than a moment', function () {
  this.timeout(60_000);
  // Garbage is collected when it is, and the machine may be busy.
  this.retries(4);

  /** Milliseconds: half of what it takes to hash all of it at once, beyond the 5 for which work may take up a turn. */
  let moment: number;
  before(async () => {
    const bytes = Buffer.alloc(MB_25, 'cat');
    const hash = (): string => createHash('sha256').update(bytes).digest('hex');
    moment = 5 + (await leastOf(() => longestTurn(() => Promise.resolve(hash())))) / 2;
  });

  it('as a Buffer, which is copied at once, because its owner may go on using it', async () => {
    const source = Buffer.alloc(MB_25, 'cat');
    const copying = await leastOf(() => longestTurn(() => Promise.resolve(new Uint8Array(source))));
    const longest = await leastOf(() => {
      const buffer = Buffer.from(source);
      return longestTurn(() => identifyFiledata('file', buffer, undefined));
    });
    assert.ok(longest < copying + moment, `${longest} ms; copying takes ${copying}, a moment is ${moment}`);
  });

  const large: [what: string, make: () => unknown, bytes: number][] = [
    ['a Blob', () => new Blob([Buffer.alloc(MB_25, 'cat')]), MB_25],
    [
      'a Buffer that went through JSON',
      () => ({ type: 'Buffer', data: new Array<number>(20_000_000).fill(7) }),
      20_000_000,
    ],
  ];
  for (const [what, make, bytes] of large) {
    it(`as ${what}`, async () => {
      const longest = await leastOf(() => {
        const filedata = make();
        return longestTurn(async () => {
          assert.equal((await identifyFiledata('file', filedata, undefined)).bytes, bytes);
        });
      });
      assert.ok(longest < moment, `${longest} ms; a moment is ${moment}`);
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
