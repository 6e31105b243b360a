import { crc32, deflateSync } from 'node:zlib';
import { type Page } from 'playwright-core';

const COLOURS = 256;

/** The pixels of a PNG, as RGBA; a browser knows how to read one. */
export async function pixelsOf(page: Page, png: Buffer): Promise<Buffer> {
  const read = `(async () => {
    const bytes = Uint8Array.from(atob(${JSON.stringify(png.toString('base64'))}), (char) => char.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
    canvas.drawImage(bitmap, 0, 0);
    const { data } = canvas.getImageData(0, 0, bitmap.width, bitmap.height);
    let text = '';
    for (let at = 0; at < data.length; at += 32768) text += String.fromCharCode(...data.subarray(at, at + 32768));
    return btoa(text);
  })()`;
  return Buffer.from(await page.evaluate<string>(read), 'base64');
}

/** A PNG with 256 colours: a third of the size, and a screenshot looks the same. */
export function indexedPng(pixels: Buffer, width: number, height: number): Buffer {
  const { palette, indexOf } = quantise(pixels);
  const rows = Buffer.alloc(height * (width + 1)); // Each row begins with its filter: none.
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = indexOf(pixels, 4 * (y * width + x));
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', deflateSync(rows, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

type Colour = [red: number, green: number, blue: number, count: number];

/** Median cut: the box of colours that holds most is halved until there are enough. */
function quantise(pixels: Buffer): {
  palette: Buffer;
  indexOf: (pixels: Buffer, at: number) => number;
} {
  const counts = new Map<number, number>();
  for (let at = 0; at < pixels.length; at += 4) {
    const key = pixels.readUIntBE(at, 3);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const colours = Array.from(counts, ([key, count]): Colour => [
    key >> 16,
    (key >> 8) & 255,
    key & 255,
    count,
  ]);
  // The flat colours of the surface stay exactly as they are; the rest share what is left.
  colours.sort((a, b) => b[3] - a[3]);
  const boxes = colours.splice(0, COLOURS / 8).map((colour) => [colour]);
  if (colours.length > 0) boxes.push(...cut(colours, COLOURS - boxes.length));
  const palette = Buffer.alloc(3 * boxes.length);
  const indices = new Map<number, number>();
  for (const [index, box] of boxes.entries()) {
    palette.set(mean(box), 3 * index);
    for (const [red, green, blue] of box) indices.set((red << 16) | (green << 8) | blue, index);
  }
  return { palette, indexOf: (from, at) => indices.get(from.readUIntBE(at, 3)) ?? 0 };
}

function cut(colours: Colour[], wanted: number): Colour[][] {
  const boxes = [colours];
  while (boxes.length < wanted) {
    const widest = boxes
      .map((box, at) => ({ box, at, ...widestChannel(box) }))
      .reduce((best, other) => (other.weight > best.weight ? other : best));
    if (widest.width === 0) break;
    const sorted = widest.box.toSorted((a, b) => a[widest.channel] - b[widest.channel]);
    const middle = sorted.length >> 1;
    boxes.splice(widest.at, 1, sorted.slice(0, middle), sorted.slice(middle));
  }
  return boxes;
}

function widestChannel(box: Colour[]): { channel: 0 | 1 | 2; width: number; weight: number } {
  let [channel, width]: [0 | 1 | 2, number] = [0, 0];
  for (const candidate of [0, 1, 2] as const) {
    let [low, high] = [255, 0];
    for (const colour of box) {
      low = Math.min(low, colour[candidate]);
      high = Math.max(high, colour[candidate]);
    }
    if (high - low > width) [channel, width] = [candidate, high - low];
  }
  return { channel, width, weight: width * Math.sqrt(box.length) };
}

function mean(box: Colour[]): number[] {
  const total = box.reduce((sum, [, , , count]) => sum + count, 0);
  return ([0, 1, 2] as const).map((channel) =>
    Math.round(box.reduce((sum, colour) => sum + colour[channel] * colour[3], 0) / total),
  );
}
