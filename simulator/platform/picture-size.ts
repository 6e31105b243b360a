/** Width and height in pixels. */
export interface PictureSize {
  width: number;
  height: number;
}

/**
 * Reads the size of a PNG, GIF, JPEG or WebP out of its header, so that a UI can reserve its place before it is loaded.
 * Undefined for anything else, and for a header that is broken.
 */
export function pictureSize(bytes: Buffer): PictureSize | undefined {
  try {
    const size = pngSize(bytes) ?? gifSize(bytes) ?? webpSize(bytes) ?? jpegSize(bytes);
    return size && size.width > 0 && size.height > 0 ? size : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined; // It ends too early.
    throw error;
  }
}

function startsWith(bytes: Buffer, signature: string, at = 0): boolean {
  return bytes.toString('latin1', at, at + signature.length) === signature;
}

function pngSize(bytes: Buffer): PictureSize | undefined {
  if (!startsWith(bytes, '\x89PNG\r\n\x1a\n')) return undefined;
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}

function gifSize(bytes: Buffer): PictureSize | undefined {
  if (!startsWith(bytes, 'GIF8')) return undefined;
  return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) };
}

/** Lossy, lossless and extended files each keep it elsewhere. */
function webpSize(bytes: Buffer): PictureSize | undefined {
  if (!startsWith(bytes, 'RIFF') || !startsWith(bytes, 'WEBP', 8)) return undefined;
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { width: bytes.readUInt16LE(26) & 0x3fff, height: bytes.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21);
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 };
    }
    case 'VP8X':
      return { width: bytes.readUIntLE(24, 3) + 1, height: bytes.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}

/** In the header of its frame, behind segments of any number and length. */
function jpegSize(bytes: Buffer): PictureSize | undefined {
  if (!startsWith(bytes, '\xff\xd8\xff')) return undefined;
  for (let at = 2; bytes.readUInt8(at) === 0xff; at += 2 + bytes.readUInt16BE(at + 2)) {
    const marker = bytes.readUInt8(at + 1);
    // SOF0 to SOF15, without the markers for tables that stand among them.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) };
  }
  return undefined;
}
