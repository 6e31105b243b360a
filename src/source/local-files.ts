import { statSync, type Stats } from 'node:fs';
import { stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import fastq, { type queueAsPromised } from 'fastq';
import { LRUCache } from 'lru-cache';
import { AttachmentError } from '../base/errors';
import { withoutQuery } from '../base/redact';
import { attemptKey, contentKey } from './asset-key';
import { checkedContent } from './checked-content';
import { contentTypeFor, SIGNATURE_LENGTH } from './content-type';
import { endDigest, startDigest } from './digest';
import { checkSize } from './limits';
import { readPieces } from './read-pieces';
import { explain, Root } from './root';
import { StreamedFile } from './streamed-file';
import type { Asset, AttachmentType } from './asset';

const MEMO_ENTRIES = 10_000;
const HASHES_AT_A_TIME = 4;

/**
 * File systems stamp times in steps of up to 2 s. A file hashed sooner than that after a change can change again and
 * show the same times, so its digest is not remembered.
 */
const TIMESTAMP_STEP = 2_000;

/** What the file system says of a file; it changes when the content does. */
type Fingerprint = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>;

/** What a file's content is, and what the file system said of the file then. While that stands, so does the rest. */
interface Reading {
  readonly fingerprint: Fingerprint;
  /** The file has rested long enough that a change would show in its fingerprint. */
  readonly isSettled: boolean;
  readonly digest: string;
  readonly bytes: number;
  /** The first bytes, which tell the content type when the name does not. */
  readonly start: Uint8Array;
}

/** What an author's words have stood for, and still do while the file's fingerprint stands. */
interface Known {
  readonly file: string;
  readonly fingerprint: Fingerprint;
  readonly asset: Asset;
}

/** Local files as assets: identified by what is in them, read only inside the root. */
export class LocalFiles {
  readonly #root: Root | undefined;
  readonly #known = new LRUCache<string, Known>({ max: MEMO_ENTRIES });
  readonly #readings = new LRUCache<string, Reading>({ max: MEMO_ENTRIES });
  readonly #underway = new Map<string, Promise<Reading>>();
  readonly #queue: queueAsPromised<() => Promise<Reading>, Reading>;

  /** @param root - Without it, every local path is refused. */
  constructor(root: string | undefined) {
    this.#root = root === undefined ? undefined : new Root(root);
    this.#queue = fastq.promise((read: () => Promise<Reading>) => read(), HASHES_AT_A_TIME);
  }

  /** @throws {AttachmentError} It is outside the root, not there, not a file, empty, too large, or of another type. */
  async identify(type: AttachmentType, name: string, filename: string | undefined): Promise<Asset> {
    const words = `${type}\0${filename ?? ''}\0${name}`;
    const known = this.#known.get(words);
    if (known && isSame(known.fingerprint, statNow(known.file))) return known.asset;
    return this.#look(words, type, name, filename);
  }

  async #look(
    words: string,
    type: AttachmentType,
    name: string,
    filename: string | undefined,
  ): Promise<Asset> {
    const label = `${type} ${JSON.stringify(withoutQuery(name))}`;
    const root = this.#root;
    if (!root) throw noRoot(label);
    const file = root.locate(name, label);
    const reading = await this.#read(root, file, label);
    const asset = toAsset(type, label, filename, reading, root, file);
    const { fingerprint, isSettled } = reading;
    if (isSettled) this.#known.set(words, { file, fingerprint, asset });
    return asset;
  }

  /** What is in a file; read once while it stays as it is, and once for all who ask meanwhile. */
  async #read(root: Root, file: string, label: string): Promise<Reading> {
    const stats = await stat(file).catch(explain(label));
    const known = this.#readings.get(file);
    if (known && isSame(known.fingerprint, stats)) return known;
    const key = `${file}\0${Object.values(fingerprintOf(stats)).join()}`;
    const underway = this.#underway.get(key);
    if (underway) return underway;
    const reading = this.#queue
      .push(async () => {
        const read = await readFile(root, file, label);
        if (read.isSettled) this.#readings.set(file, read);
        return read;
      })
      .finally(() => this.#underway.delete(key));
    this.#underway.set(key, reading);
    return reading;
  }
}

function toAsset(
  type: AttachmentType,
  label: string,
  filename: string | undefined,
  { digest, bytes, start }: Reading,
  root: Root,
  file: string,
): Asset {
  const name = filename ?? path.basename(file);
  const contentType = contentTypeFor(type, label, start, { filename: name });
  return {
    type,
    label,
    key: contentKey(type, digest, name),
    attempt: attemptKey('path', file, contentType, name),
    bytes,
    source: { path: root.relative(file), ...(filename !== undefined && { filename }) },
    content: {
      file: new StreamedFile({ name, type: contentType, size: bytes }, () =>
        checkedContent(root, file, { label, bytes, digest }),
      ),
    },
  };
}

async function readFile(root: Root, file: string, label: string): Promise<Reading> {
  const begun = Date.now();
  const { handle, stats } = await root.open(file, label);
  try {
    checkSize(stats.size, label);
    const content = await digestContent(handle, label);
    const fingerprint = fingerprintOf(stats);
    const hasRested = begun - Math.max(stats.mtimeMs, stats.ctimeMs) > TIMESTAMP_STEP;
    const isSettled = hasRested && isSame(fingerprint, await handle.stat());
    return { ...content, fingerprint, isSettled };
  } finally {
    await handle.close();
  }
}

/** Digest and size of what was really read: if the file changes later, sending it finds that out. */
async function digestContent(
  handle: FileHandle,
  label: string,
): Promise<Pick<Reading, 'digest' | 'bytes' | 'start'>> {
  const hash = startDigest();
  let bytes = 0;
  let start: Uint8Array | undefined;
  for await (const piece of readPieces(handle)) {
    // A copy, because a view would keep the whole piece in memory.
    start ??= new Uint8Array(piece.subarray(0, SIGNATURE_LENGTH));
    hash.update(piece);
    bytes += piece.length;
    checkSize(bytes, label);
  }
  checkSize(bytes, label);
  return { digest: endDigest(hash), bytes, start: start ?? new Uint8Array() };
}

/** Undefined: it is not as it was, at any rate. */
function statNow(file: string): Stats | undefined {
  try {
    return statSync(file, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function fingerprintOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): Fingerprint {
  return { dev, ino, size, mtimeMs, ctimeMs };
}

function isSame(known: Fingerprint, stats: Fingerprint | undefined): boolean {
  return (
    stats?.ino === known.ino &&
    stats.dev === known.dev &&
    stats.size === known.size &&
    stats.mtimeMs === known.mtimeMs &&
    stats.ctimeMs === known.ctimeMs
  );
}

function noRoot(label: string): AttachmentError {
  return new AttachmentError(
    'ERR_ATTACHMENT_NO_ROOT',
    label,
    'local files are only read from the folder that the option `root` names; set it to the folder of your assets',
  );
}
