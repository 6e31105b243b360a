import { Blob, File } from 'node:buffer';
import { AttachmentError } from '../base/errors';
import { isRecord } from '../base/records';
import { readFacts, type ContentFacts } from './content-facts';
import { inTurn } from './in-turn';
import { checkSize } from './limits';
import { bytesAsset } from './bytes-asset';
import { StreamedFile } from './streamed-file';
import type { Asset, AttachmentType } from './asset';

/** Bytes in a message. The last form is a Buffer in a script, which passes through JSON. */
export type Filedata = Uint8Array | Blob | { readonly type: 'Buffer'; readonly data: readonly number[] };

/** What is hashed, copied or passed on at a time. Bytes. */
const PIECE = 192 * 1024;

/** A Blob never changes, so it need not be hashed twice. */
const blobFacts = new WeakMap<Blob, Promise<ContentFacts>>();

/** @throws {AttachmentError} They are no bytes, empty, too large, or of another type. */
export async function identifyFiledata(
  type: AttachmentType,
  filedata: unknown,
  filename: string | undefined,
): Promise<Asset> {
  const label = filename ? `${type} ${JSON.stringify(filename)} (from filedata)` : `${type} from filedata`;
  if (filedata instanceof Blob) return identifyBlob(type, filedata, label, filename);
  const bytes = await toBytes(filedata, label);
  const facts = await readFacts(piecesOf(bytes));
  return bytesAsset(
    { type, label, filename, declared: undefined },
    facts,
    (options) => new StreamedFile(options, () => piecesOf(bytes)),
  );
}

async function identifyBlob(
  type: AttachmentType,
  blob: Blob,
  label: string,
  filename: string | undefined,
): Promise<Asset> {
  checkSize(blob.size, label);
  const named = blob instanceof File && blob.name ? blob.name : undefined;
  return bytesAsset(
    { type, label, filename: filename ?? named, declared: blob.type },
    await readBlob(blob, label),
    (options) => new StreamedFile(options, () => blobPieces(blob)),
  );
}

/** A Blob can stand for a file, and that can be gone. */
async function readBlob(blob: Blob, label: string): Promise<ContentFacts> {
  try {
    let facts = blobFacts.get(blob);
    if (!facts) {
      facts = readFacts(blobPieces(blob));
      blobFacts.set(blob, facts);
    }
    return await facts;
  } catch {
    blobFacts.delete(blob);
    throw new AttachmentError(
      'ERR_ATTACHMENT_UNREADABLE',
      label,
      'its Blob cannot be read; check whether its file has changed or was deleted',
    );
  }
}

/** A copy of the bytes as they are now: the author may go on using the Buffer. */
async function toBytes(filedata: unknown, label: string): Promise<Uint8Array> {
  if (filedata instanceof Uint8Array) {
    checkSize(filedata.length, label);
    return new Uint8Array(filedata);
  }
  if (isRecord(filedata) && filedata.type === 'Buffer' && Array.isArray(filedata.data)) {
    checkSize(filedata.data.length, label);
    const bytes = await reviveBytes(filedata.data);
    if (bytes) return bytes;
  }
  throw new AttachmentError(
    'ERR_ATTACHMENT_BAD_SOURCE',
    label,
    'expected `filedata` to be a Buffer, a Uint8Array or a Blob (in a script only a Buffer, because scripts pass through JSON)',
  );
}

async function reviveBytes(numbers: readonly unknown[]): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(numbers.length);
  for (let from = 0; from < numbers.length; from += PIECE) {
    const to = Math.min(from + PIECE, numbers.length);
    if (!(await inTurn(() => copyBytes(numbers, bytes, from, to)))) return undefined;
  }
  return bytes;
}

/** False: not all of them are bytes. */
function copyBytes(numbers: readonly unknown[], bytes: Uint8Array, from: number, to: number): boolean {
  for (let index = from; index < to; index++) {
    const number = numbers[index] as number;
    bytes[index] = number;
    // A byte holds whole numbers from 0 to 255, and anything else becomes another one.
    if (bytes[index] !== number) return false;
  }
  return true;
}

// eslint-disable-next-line @typescript-eslint/require-await -- Whoever streams content expects an async iterable; these bytes are there already.
async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < bytes.length; from += PIECE) yield bytes.subarray(from, from + PIECE);
}

/** Its own `stream()` gives bytes in memory whole, which would take long to hash, or to encrypt for the network. */
async function* blobPieces(blob: Blob): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < blob.size; from += PIECE) {
    yield new Uint8Array(await blob.slice(from, from + PIECE).arrayBuffer());
  }
}
