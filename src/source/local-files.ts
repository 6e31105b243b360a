import type { Stats } from 'node:fs';
import path from 'node:path';
import fastq, { type queueAsPromised } from 'fastq';
import { LRUCache } from 'lru-cache';
import { AttachmentError } from '../base/errors';
import { withoutQuery } from '../base/redact';
import { SECOND } from '../base/time';
import { attemptKey, contentKey } from './asset-key';
import { checkedContent } from './checked-content';
import { readFacts, type ContentFacts } from './content-facts';
import { contentTypeFor } from './content-type';
import { fileOperations } from './file-operations';
import { SharedRuns } from './shared-runs';
import { checkSize } from './limits';
import { Root } from './root';
import { StreamedFile } from './streamed-file';
import { adviceOnScheme } from './web-address';
import type { Asset, AttachmentType } from './asset';

const MEMO_ENTRIES = 10_000;

/** Bounds descriptors and memory; the reads of all of them take turns. */
const HASHES_AT_A_TIME = 4;

/**
 * In what steps file systems stamp times, in milliseconds: some in whole seconds, one or two at a time, all others in
 * those of the system's clock, which are 16 at most. A file that is read sooner than that after a change can change
 * again and show the same times.
 */
const COARSE_STEP = 2_000;
const FINE_STEP = 250;

/** How far the clock of a file system, that of a network mount say, may be behind ours. Milliseconds. */
const CLOCK_TOLERANCE = 60_000;

/** What the file system says of a file; it changes when the content does. */
type Fingerprint = Pick<Stats, 'dev' | 'ino' | 'size' | 'mtimeMs' | 'ctimeMs'>;

/** What a file's content was when it was read, and what the file system said of the file then. */
interface HashedFile extends ContentFacts {
  readonly fingerprint: Fingerprint;
  /** Since when the fingerprint is known to be as it is, by `performance.now()`. */
  readonly seenSince: number;
  /** Each change after the reading shows in the fingerprint, so while that stays as it is the content does. */
  readonly isReliable: boolean;
}

/** What an attachment, as its author wrote it, stands for while the file's fingerprint stays as it is. */
interface Memo {
  readonly file: string;
  readonly fingerprint: Fingerprint;
  readonly asset: Asset;
}

/** Local files as assets: identified by what is in them, read only inside the root. */
export class LocalFiles {
  readonly #root: Root | undefined;
  readonly #memos = new LRUCache<string, Memo>({ max: MEMO_ENTRIES });
  /** By path. */
  readonly #hashed = new LRUCache<string, HashedFile>({ max: MEMO_ENTRIES });
  readonly #hashing = new SharedRuns<HashedFile>();
  readonly #queue: queueAsPromised<() => Promise<HashedFile>, HashedFile>;

  /** @param root - Without it, every local path is refused. */
  constructor(root: string | undefined) {
    this.#root = root === undefined ? undefined : new Root(root);
    this.#queue = fastq.promise((hash: () => Promise<HashedFile>) => hash(), HASHES_AT_A_TIME);
  }

  /** @throws {AttachmentError} It is outside the root, not there, not a file, empty, too large, or of another type. */
  async identify(type: AttachmentType, name: string, filename: string | undefined): Promise<Asset> {
    const memoKey = `${type}\0${filename ?? ''}\0${name}`;
    const memo = this.#memos.get(memoKey);
    const root = this.#root;
    if (memo && root && isSame(memo.fingerprint, await check(root, memo.file, memo.asset.label))) {
      return memo.asset;
    }
    const label = `${type} ${JSON.stringify(withoutQuery(name))}`;
    if (!root) throw noRoot(label, name);
    const file = root.locate(name, label);
    const hashed = await this.#hashing.run(`${file}\0${label}`, () => this.#hash(root, file, label));
    const asset = toAsset(type, label, filename, hashed, root, file);
    const { fingerprint, isReliable } = hashed;
    if (isReliable) this.#memos.set(memoKey, { file, fingerprint, asset });
    return asset;
  }

  async #hash(root: Root, file: string, label: string): Promise<HashedFile> {
    const before = this.#hashed.get(file);
    if (before?.isReliable && isSame(before.fingerprint, await check(root, file, label))) return before;
    return this.#queue.push(async () => {
      const hashed = await hashFile(root, file, label, before);
      this.#hashed.set(file, hashed);
      return hashed;
    });
  }
}

function toAsset(
  type: AttachmentType,
  label: string,
  filename: string | undefined,
  { digest, bytes, start }: HashedFile,
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

/** @param before - What it was when it was last hashed. */
async function hashFile(
  root: Root,
  file: string,
  label: string,
  before: HashedFile | undefined,
): Promise<HashedFile> {
  const opened = await root.open(file, label);
  try {
    checkSize(opened.stats.size, label);
    const fingerprint = fingerprintOf(opened.stats);
    const now = performance.now();
    const seenSince = before && isSame(before.fingerprint, fingerprint) ? before.seenSince : now;
    const isReliable = now - seenSince > stepOf(fingerprint) || isOld(fingerprint);
    // Digest and size of what is really read: if the file changes later, sending it finds that out.
    const facts = await readFacts(opened.read(), (bytes) => {
      checkSize(bytes, label);
    });
    checkSize(facts.bytes, label);
    return { ...facts, fingerprint, seenSince, isReliable };
  } finally {
    await opened.close();
  }
}

/**
 * It was changed so long ago that a later change gets other times. A time of modification in the future was set by
 * somebody, and does not count; the time of the last change (ctime) cannot be set.
 */
function isOld({ mtimeMs, ctimeMs }: Fingerprint): boolean {
  const now = Date.now();
  return now - Math.max(ctimeMs, mtimeMs > now ? 0 : mtimeMs) > CLOCK_TOLERANCE;
}

/** A time of whole seconds is hardly ever one of finer steps. The one of modification could be somebody's choice. */
function stepOf({ mtimeMs, ctimeMs }: Fingerprint): number {
  return [mtimeMs, ctimeMs].some((time) => time % SECOND === 0) ? COARSE_STEP : FINE_STEP;
}

async function check(root: Root, file: string, label: string): Promise<Stats> {
  try {
    return await fileOperations.check(file);
  } catch (error) {
    throw await root.toError(error, file, label);
  }
}

function fingerprintOf({ dev, ino, size, mtimeMs, ctimeMs }: Stats): Fingerprint {
  return { dev, ino, size, mtimeMs, ctimeMs };
}

function isSame(known: Fingerprint, stats: Fingerprint): boolean {
  return (
    stats.ino === known.ino &&
    stats.dev === known.dev &&
    stats.size === known.size &&
    stats.mtimeMs === known.mtimeMs &&
    stats.ctimeMs === known.ctimeMs
  );
}

function noRoot(label: string, name: string): AttachmentError {
  return new AttachmentError(
    'ERR_ATTACHMENT_NO_ROOT',
    label,
    `local files need the option \`root\`; set it to the folder of your assets${adviceOnScheme(name)}`,
  );
}
