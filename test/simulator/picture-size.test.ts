import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PNG, received, sendById, upload, useSimulator } from './support';

const ASSETS = path.join(__dirname, '../../example-bot/assets');

describe('The size of a picture', () => {
  const simulator = useSimulator();

  /** As the simulator shows it of the saved asset. */
  async function sizeOf(bytes: Buffer): Promise<[width: number | undefined, height: number | undefined]> {
    const file = new File([new Uint8Array(bytes)], 'picture.png', { type: 'image/png' });
    const id = await upload(simulator(), { file });
    const asset = simulator()
      .assets()
      .find((saved) => saved.id === id);
    return [asset?.width, asset?.height];
  }

  it('is read from the header of a PNG, a JPEG and a GIF', async () => {
    const sizeOfFile = async (name: string) => sizeOf(await readFile(path.join(ASSETS, name)));
    assert.deepEqual(await sizeOf(PNG), [1, 1]);
    assert.deepEqual(await sizeOfFile('cats/tom.jpg'), [800, 600]);
    assert.deepEqual(await sizeOfFile('paw.png'), [512, 512]);
    assert.deepEqual(await sizeOfFile('blink.gif'), [240, 240]);
  });

  it('is read from the header of a WebP: lossy, lossless and extended', async () => {
    const lossy = webp('VP8 ', [0, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00]);
    assert.deepEqual(await sizeOf(lossy), [320, 240]);
    const bits = 319 | (239 << 14);
    const lossless = webp('VP8L', [
      0x2f,
      bits & 255,
      (bits >> 8) & 255,
      (bits >> 16) & 255,
      (bits >> 24) & 255,
    ]);
    assert.deepEqual(await sizeOf(lossless), [320, 240]);
    assert.deepEqual(await sizeOf(webp('VP8X', [0, 0, 0, 0, 0x3f, 0x01, 0, 0xef, 0, 0])), [320, 240]);
  });

  it('stands with the message that was sent by the ID', async () => {
    await sendById(simulator(), await upload(simulator()));
    const [attachment] = received(simulator())[0]?.attachments ?? [];
    assert.deepEqual([attachment?.width, attachment?.height], [1, 1]);
  });

  it('is unknown for anything else, and for a header that ends too early', async () => {
    const cut = ['47494638', '89504e470d0a1a0a', 'ffd8ff', 'ffd8ffe000', 'ffd8ffe00002', 'ffd8ffc0001108'];
    for (const hex of ['00', ...cut]) {
      assert.deepEqual(await sizeOf(Buffer.from(hex, 'hex')), [undefined, undefined], hex);
    }
    assert.deepEqual(await sizeOf(webp('ABCD', [1, 2, 3])), [undefined, undefined]);
    assert.deepEqual(await sizeOf(webp('VP8X', [])), [undefined, undefined]);
    assert.deepEqual(await sizeOf(Buffer.from('%PDF-1.7')), [undefined, undefined]);
  });
});

function webp(kind: string, header: number[]): Buffer {
  const riff = Buffer.from(`RIFF\0\0\0\0WEBP${kind}`, 'latin1');
  return Buffer.concat([riff, Buffer.alloc(4), Buffer.from(header)]);
}
