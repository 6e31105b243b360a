import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pictureSize } from '../../simulator/platform/picture-size';
import { startSimulator } from 'messenger-platform-simulator';
import { PAGE, PNG, upload } from './support';

const ASSETS = path.join(__dirname, '../../example-bot/assets');

function webp(kind: string, header: number[]): Buffer {
  return Buffer.concat([
    Buffer.from('RIFF\0\0\0\0WEBP', 'latin1'),
    Buffer.from(kind),
    Buffer.alloc(4),
    Buffer.from(header),
  ]);
}

describe('The size of a picture', () => {
  it('is read from the header of a PNG, a JPEG and a GIF', async () => {
    const size = async (name: string) => pictureSize(await readFile(path.join(ASSETS, name)));
    assert.deepEqual(pictureSize(PNG), { width: 1, height: 1 });
    assert.deepEqual(await size('cats/tom.jpg'), { width: 800, height: 600 });
    assert.deepEqual(await size('paw.png'), { width: 512, height: 512 });
    assert.deepEqual(await size('blink.gif'), { width: 240, height: 240 });
  });

  it('is read from the header of a WebP: lossy, lossless and extended', () => {
    assert.deepEqual(pictureSize(webp('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00])), {
      width: 320,
      height: 240,
    });
    const bits = 319 | (239 << 14);
    const lossless = [0x2f, bits & 255, (bits >> 8) & 255, (bits >> 16) & 255, (bits >> 24) & 255];
    assert.deepEqual(pictureSize(webp('VP8L', lossless)), { width: 320, height: 240 });
    assert.deepEqual(pictureSize(webp('VP8X', [0, 0, 0, 0, 0x3f, 0x01, 0, 0xef, 0, 0])), {
      width: 320,
      height: 240,
    });
  });

  it('is unknown for anything else, and for a header that ends too early', () => {
    const jpegs = ['ffd8ff', 'ffd8ffe000', 'ffd8ffe00002', 'ffd8ffc0001108'];
    for (const hex of ['', '00', '47494638', '89504e470d0a1a0a', ...jpegs]) {
      assert.equal(pictureSize(Buffer.from(hex, 'hex')), undefined, hex);
    }
    assert.equal(pictureSize(webp('ABCD', [1, 2, 3])), undefined);
    assert.equal(pictureSize(webp('VP8X', [])), undefined);
    assert.equal(pictureSize(Buffer.from('%PDF-1.7')), undefined);
  });

  it('stands with what is sent and saved', async () => {
    const simulator = await startSimulator({ pages: [PAGE] });
    try {
      await upload(simulator);
      const [asset] = simulator.assets();
      assert.deepEqual([asset?.width, asset?.height], [1, 1]);
    } finally {
      await simulator.close();
    }
  });
});
