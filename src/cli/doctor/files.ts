import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { filetypemime } from 'magic-bytes.js';
import { AttachmentError, isAttachmentError } from '../../base/errors';
import { typeOfName } from '../../base/mime-types';
import { contentTypeFor, SIGNATURE_LENGTH } from '../../source/content-type';
import { checkSize } from '../../source/limits';
import { Root } from '../../source/root';
import { formatBytes } from '../format';
import { findNamed, type NamedAsset } from '../named-assets';
import { reasonOf } from '../printer';
import { failed, ok, skipped, warning, type Check } from './check';
import type { AttachmentErrorCode } from '../../base/errors';
import type { AttachmentType } from '../../source/asset';

/** Bytes. https://developers.facebook.com/docs/messenger-platform/send-messages/saving-assets */
const MAX_IMAGE = 8 * 1024 * 1024;

/** The images that Facebook shows, which all begin with bytes of their own. */
const SHOWN_IMAGES: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif']);

/** What a folder of assets does not hold, and a message must not name. */
const NOT_FOR_MESSAGES = ['package.json', '.env', '.git', 'node_modules'];

const CURES: Partial<Record<AttachmentErrorCode, string>> = {
  ERR_ATTACHMENT_EMPTY: 'Give it content, or remove it.',
  ERR_ATTACHMENT_TOO_LARGE: 'Make it smaller, or send a link to it.',
  ERR_ATTACHMENT_TYPE_MISMATCH: 'Give it a name with the extension of its content.',
  ERR_ATTACHMENT_UNREADABLE: 'Make it readable for the user that the bot runs as.',
};

const OTHER_CURE = 'Fix it, or skip it with --exclude.';

/** A file as it would be sent. */
interface FileFacts {
  readonly type: AttachmentType;
  readonly bytes: number;
  /** Its first bytes. */
  readonly start: Uint8Array;
  /** What its name says. */
  readonly named: string | undefined;
}

/** A finding: how bad, what, and what to do. */
type Finding = Pick<Check, 'detail' | 'outcome'> & { readonly cure: string };

export interface FilesOptions {
  /** As it was given. Undefined: it was not. */
  readonly root: string | undefined;
  readonly folder: string;
  readonly exclude: readonly string[];
}

/** The folder of assets, and each file in it against the platform's limits. */
export async function checkFiles({ root: given, folder, exclude }: FilesOptions): Promise<Check[]> {
  if (given === undefined) {
    const cure = 'Set the bot’s `root`: --root assets';
    return ['root', 'files'].map((name) => skipped(name, 'no --root is given', cure));
  }
  const root = path.resolve(folder, given);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    return [
      failed('root', `${root} is not a folder`, 'Set --root to the folder of the bot’s assets.'),
      skipped('files', 'there is no root'),
    ];
  }
  const { assets } = await findNamed(['.'], { root, folder, exclude, type: undefined });
  const found = await Promise.all(assets.map((asset) => checkFile(new Root(root), asset)));
  const findings = found.filter((check) => check !== undefined);
  return [checkRoot(root), summary(assets, findings), ...findings];
}

function checkRoot(root: string): Check {
  const strange = NOT_FOR_MESSAGES.filter((name) => existsSync(path.join(root, name)));
  if (strange.length === 0) return ok('root', root);
  return warning(
    'root',
    `${root} contains ${strange.join(', ')}: a path can contain text that a user typed, so everything in the root can be sent`,
    'Choose the narrowest folder that contains the assets.',
  );
}

function summary(assets: readonly NamedAsset[], findings: readonly Check[]): Check {
  const name = 'files';
  if (assets.length === 0) return warning(name, 'there are none', 'Put the assets into the root.');
  const bytes = assets.reduce((sum, asset) => sum + (asset.bytes ?? 0), 0);
  const good = assets.length - findings.length;
  const detail = `${assets.length}, ${formatBytes(bytes)} in total; no problem was found in ${good} of them`;
  const cure = 'See below.';
  if (findings.some(({ outcome }) => outcome === 'failed')) return failed(name, detail, cure);
  return findings.length > 0 ? warning(name, detail, cure) : ok(name, detail);
}

/** Undefined: there is nothing to say about it. */
async function checkFile(root: Root, { attachment }: NamedAsset): Promise<Check | undefined> {
  const { type, payload } = attachment;
  const url = String(payload.url);
  const finding = await readFacts(root, type, url).then(judge, (error: unknown): Finding => {
    const { reason, code } = toAttachmentError(error, url);
    return { outcome: 'failed', detail: reason, cure: CURES[code] ?? OTHER_CURE };
  });
  return finding && { name: `file ${JSON.stringify(url)}`, ...finding };
}

/** @throws {AttachmentError} It cannot be sent. */
async function readFacts(root: Root, type: AttachmentType, url: string): Promise<FileFacts> {
  const label = JSON.stringify(url);
  const opened = await root.open(root.locate(url, label), label);
  try {
    const { size: bytes } = opened.stats;
    checkSize(bytes, label);
    const piece = (await opened.read().next()).value ?? new Uint8Array();
    const start = piece.subarray(0, SIGNATURE_LENGTH);
    contentTypeFor(type, label, start, { filename: path.basename(url) });
    return { type, bytes, start, named: typeOfName(url) };
  } finally {
    await opened.close();
  }
}

function judge(facts: FileFacts): Finding | undefined {
  const { type, named = 'unknown', bytes } = facts;
  if (type === 'image' && !SHOWN_IMAGES.has(named)) {
    return {
      outcome: 'warning',
      detail: `Facebook shows PNG, JPEG and GIF, and may refuse ${named}`,
      cure: 'Convert it, or let the option `prepare` convert it.',
    };
  }
  const content = judgeContent(facts, named);
  if (content) return content;
  if (type !== 'image' || bytes <= MAX_IMAGE) return undefined;
  return {
    outcome: 'warning',
    detail: `it has ${formatBytes(bytes)}, and Facebook limits images from an address to 8 MB`,
    cure: 'Make it smaller, or let the option `prepare` do that.',
  };
}

/** Does the file hold what its name says? */
function judgeContent({ type, start }: FileFacts, named: string): Finding | undefined {
  if (type === 'file') return undefined;
  const found = filetypemime(start);
  if (Buffer.from(start).toString('latin1').startsWith('version https://git-lfs')) {
    return {
      outcome: 'failed',
      detail: 'it is a Git LFS pointer, not the file itself',
      cure: 'git lfs pull',
    };
  }
  if (found.length === 0) {
    // Sounds and videos need not begin with bytes of their own.
    if (type !== 'image') return undefined;
    return {
      outcome: 'failed',
      detail: `its content is not ${named}`,
      cure: 'Put the picture itself there.',
    };
  }
  if (!found.some((mime) => isOfType(type, mime))) {
    return {
      outcome: 'failed',
      detail: `its name says ${named}, but its content is ${found[0] ?? 'something else'}`,
      cure: CURES.ERR_ATTACHMENT_TYPE_MISMATCH ?? OTHER_CURE,
    };
  }
  if (type !== 'image' || found.includes(named)) return undefined;
  return {
    outcome: 'warning',
    detail: `its name says ${named}, but its content is ${found[0] ?? 'something else'}`,
    cure: CURES.ERR_ATTACHMENT_TYPE_MISMATCH ?? OTHER_CURE,
  };
}

/** Containers of sound and of moving pictures begin alike. */
function isOfType(type: AttachmentType, mime: string): boolean {
  if (type === 'image') return mime.startsWith('image/');
  return /^(audio|video)\//.test(mime) || mime === 'application/ogg';
}

function toAttachmentError(error: unknown, url: string): AttachmentError {
  if (isAttachmentError(error)) return error;
  return new AttachmentError('ERR_ATTACHMENT_UNREADABLE', url, reasonOf(error).message);
}
