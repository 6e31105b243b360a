import { Blob, File } from 'node:buffer';
import { extension } from 'mime-types';
import { AttachmentError } from '../base/errors';
import { isRecord } from '../base/records';
import { attemptKey, contentKey } from './asset-key';
import { contentTypeFor, SIGNATURE_LENGTH } from './content-type';
import { endDigest, startDigest } from './digest';
import { checkSize, MAX_BYTES } from './limits';
import type { Asset, AttachmentType } from './asset';

/** Bytes as a message can hold them; a script passes through JSON, which makes the last form of a Buffer. */
export type Filedata = Uint8Array | Blob | { readonly type: 'Buffer'; readonly data: readonly number[] };

/** Base64 takes four characters for three bytes, and the head of a `data:` URI is short. */
const MAX_DATA_URI = Math.ceil(MAX_BYTES / 3) * 4 + 1024;

const EXTENSIONS: Readonly<Record<string, string>> = { 'audio/mpeg': 'mp3', 'video/quicktime': 'mov' };

/** A Blob never changes, so it need not be hashed twice. */
const digests = new WeakMap<Blob, Promise<string>>();

/** @throws {AttachmentError} They are no bytes, empty, too large, or of another type. */
export async function identifyFiledata(
  type: AttachmentType,
  filedata: unknown,
  filename: string | undefined,
): Promise<Asset> {
  const label = filename ? `${type} ${JSON.stringify(filename)} (from filedata)` : `${type} from filedata`;
  return identifyBlob(type, toBlob(filedata, label), label, filename);
}

/** @throws {AttachmentError} The URI cannot be read, or holds nothing, too much, or another type. */
export async function identifyDataUri(
  type: AttachmentType,
  uri: string,
  filename: string | undefined,
): Promise<Asset> {
  const label = `${type} from a data: URI`;
  if (uri.length > MAX_DATA_URI) checkSize(uri.length, label);
  const { fetch } = await import('undici');
  const blob = await fetch(uri).then(
    (response) => response.blob(),
    () => {
      throw new AttachmentError('ERR_ATTACHMENT_BAD_SOURCE', label, 'it is not a valid data: URI');
    },
  );
  // Without a type of its own, a data: URI is plain text by its standard; then the content tells more.
  const declared = /^data:[^;,]+\//i.test(uri) ? blob.type : '';
  return identifyBlob(type, new Blob([blob], { type: declared }), label, filename);
}

async function identifyBlob(
  type: AttachmentType,
  blob: Blob,
  label: string,
  filename: string | undefined,
): Promise<Asset> {
  checkSize(blob.size, label);
  const { start, digest } = await readBlob(blob, label);
  const named = filename ?? nameOf(blob);
  const contentType = contentTypeFor(type, label, start, { declared: blob.type, filename: named });
  const shown = named ?? `${type}.${extensionOf(contentType)}`;
  const file = new File([blob], shown, { type: contentType });
  return {
    type,
    label,
    key: contentKey(type, digest, shown),
    attempt: attemptKey('bytes', contentType, shown),
    bytes: blob.size,
    source: undefined,
    content: { file },
  };
}

/** A Blob can stand for a file, and that can be gone. */
async function readBlob(blob: Blob, label: string): Promise<{ start: Uint8Array; digest: string }> {
  try {
    const start = new Uint8Array(await blob.slice(0, SIGNATURE_LENGTH).arrayBuffer());
    return { start, digest: await digestOnce(blob) };
  } catch {
    throw new AttachmentError(
      'ERR_ATTACHMENT_UNREADABLE',
      label,
      'its Blob cannot be read; is its file still as it was?',
    );
  }
}

/** A copy of the bytes as they are now: the author may go on using the Buffer. */
function toBlob(filedata: unknown, label: string): Blob {
  if (filedata instanceof Blob) return filedata;
  if (filedata instanceof Uint8Array) return new Blob([filedata]);
  const revived = revivedBuffer(filedata);
  if (revived) return new Blob([revived]);
  throw new AttachmentError(
    'ERR_ATTACHMENT_BAD_SOURCE',
    label,
    'expected `filedata` to be a Buffer, a Uint8Array or a Blob (in a script only a Buffer, for it passes through JSON)',
  );
}

function revivedBuffer(filedata: unknown): Buffer | undefined {
  if (!isRecord(filedata)) return undefined;
  const { type, data } = filedata;
  if (type !== 'Buffer' || !Array.isArray(data) || !data.every(isByte)) return undefined;
  return Buffer.from(data);
}

function isByte(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 255;
}

/** The one that people know, where the first of the list is another. */
function extensionOf(contentType: string): string {
  return EXTENSIONS[contentType] ?? (extension(contentType) || 'bin');
}

function nameOf(blob: Blob): string | undefined {
  return blob instanceof File && blob.name ? blob.name : undefined;
}

function digestOnce(blob: Blob): Promise<string> {
  let digest = digests.get(blob);
  if (!digest) {
    digest = digestBlob(blob);
    digests.set(blob, digest);
  }
  return digest;
}

async function digestBlob(blob: Blob): Promise<string> {
  const hash = startDigest();
  for await (const piece of blob.stream()) hash.update(piece as Uint8Array);
  return endDigest(hash);
}
