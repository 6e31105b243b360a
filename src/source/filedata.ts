import { AttachmentError } from '../base/errors';
import { isRecord } from '../base/records';
import { readFacts, type ContentFacts } from './content-facts';
import { inTurn } from './in-turn';
import { checkSize } from './limits';
import { bytesAsset } from './bytes-asset';
import { StreamedFile } from './streamed-file';
import type { Asset, AttachmentType } from './asset';

/**
 * A Blob or a File: what is read of it. The types of Node and of a browser (`lib` with `dom`) are different, and both
 * fit.
 */
export interface BlobLike {
  /** Bytes. */
  readonly size: number;
  /** The content type, or an empty string. */
  readonly type: string;
  /** Resolves with its bytes. */
  arrayBuffer(): Promise<ArrayBuffer>;
  /** Returns the bytes from `start` up to, but not including, `end`. */
  slice(start: number, end: number): BlobLike;
}

/** Bytes in a message. The last form is a Buffer in a script, which passes through JSON. */
export type Filedata = Uint8Array | BlobLike | { readonly type: 'Buffer'; readonly data: readonly number[] };

/** What is hashed, copied or passed on at a time. Bytes. */
const PIECE = 192 * 1024;

/** A Blob never changes, so it need not be hashed twice. */
const blobFacts = new WeakMap<BlobLike, Promise<ContentFacts>>();

/** Bytes as they were when a message with them came: the author may go on using the Buffer. */
interface Snapshot {
  readonly bytes: Uint8Array;
  readonly facts: Promise<ContentFacts>;
}

/** Those of Buffers that are being sent, so that a Buffer for a thousand people at the same time is copied once. */
const snapshots = new WeakMap<Uint8Array, WeakRef<Snapshot>>();

/** Whether the numbers of a Buffer in a script are bytes is found out when they are read. */
export function isFiledata(value: unknown): value is Filedata {
  return value instanceof Uint8Array || isBlob(value) || isScriptBuffer(value);
}

/** @throws {AttachmentError} They are no bytes, empty, too large, or of another type. */
export async function identifyFiledata(
  type: AttachmentType,
  filedata: unknown,
  filename: string | undefined,
): Promise<Asset> {
  const label = filename ? `${type} ${JSON.stringify(filename)} (from filedata)` : `${type} from filedata`;
  if (isBlob(filedata)) return identifyBlob(type, filedata, label, filename);
  const snapshot = await toSnapshot(filedata, label);
  return bytesAsset(
    { type, label, filename, declared: undefined },
    await snapshot.facts,
    // It holds the snapshot for those who send the same Buffer meanwhile.
    (options) => new StreamedFile(options, () => piecesOf(snapshot.bytes)),
  );
}

async function identifyBlob(
  type: AttachmentType,
  blob: BlobLike,
  label: string,
  filename: string | undefined,
): Promise<Asset> {
  checkSize(blob.size, label);
  // A File has a name.
  const { name } = blob as { name?: unknown };
  const named = typeof name === 'string' && name !== '' ? name : undefined;
  return bytesAsset(
    { type, label, filename: filename ?? named, declared: blob.type },
    await readBlob(blob, label),
    (options) => new StreamedFile(options, () => blobPieces(blob)),
  );
}

/** A Blob can stand for a file, and that can be gone. */
async function readBlob(blob: BlobLike, label: string): Promise<ContentFacts> {
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

async function toSnapshot(filedata: unknown, label: string): Promise<Snapshot> {
  if (filedata instanceof Uint8Array) {
    checkSize(filedata.length, label);
    return takeSnapshot(filedata);
  }
  if (isScriptBuffer(filedata)) {
    checkSize(filedata.data.length, label);
    const bytes = await reviveBytes(filedata.data);
    if (bytes) return { bytes, facts: readFacts(piecesOf(bytes)) };
  }
  throw new AttachmentError(
    'ERR_ATTACHMENT_BAD_SOURCE',
    label,
    'expected `filedata` to be a Buffer, a Uint8Array or a Blob (in a script only a Buffer, because scripts pass through JSON)',
  );
}

/** To compare bytes takes a small part of the time that hashing them takes. */
function takeSnapshot(filedata: Uint8Array): Snapshot {
  const before = snapshots.get(filedata)?.deref();
  if (before && Buffer.compare(before.bytes, filedata) === 0) return before;
  const bytes = new Uint8Array(filedata);
  const snapshot = { bytes, facts: readFacts(piecesOf(bytes)) };
  snapshots.set(filedata, new WeakRef(snapshot));
  return snapshot;
}

/** By its members, because that of another realm or of a library is no instance of Node's class. */
function isBlob(value: unknown): value is BlobLike {
  return (
    isRecord(value) &&
    typeof value.size === 'number' &&
    typeof value.type === 'string' &&
    typeof value.arrayBuffer === 'function' &&
    typeof value.slice === 'function'
  );
}

function isScriptBuffer(value: unknown): value is { readonly data: readonly unknown[] } {
  return isRecord(value) && value.type === 'Buffer' && Array.isArray(value.data);
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

// eslint-disable-next-line @typescript-eslint/require-await -- Readers take async iterables; these bytes are there.
async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < bytes.length; from += PIECE) yield bytes.subarray(from, from + PIECE);
}

/** Its own `stream()` gives bytes in memory whole, which would take long to hash, or to encrypt for the network. */
async function* blobPieces(blob: BlobLike): AsyncGenerator<Uint8Array, void> {
  for (let from = 0; from < blob.size; from += PIECE) {
    yield new Uint8Array(await blob.slice(from, from + PIECE).arrayBuffer());
  }
}
