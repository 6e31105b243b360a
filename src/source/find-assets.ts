import path from 'node:path';
import { lookup } from 'mime-types';
import { AttachmentError } from '../base/errors';
import { withoutQuery, withoutSecrets } from '../base/redact';
import { fileOperations } from './file-operations';
import type { AttachmentType } from './asset';

/** An asset as a message would name it. */
export interface FoundAsset {
  readonly type: AttachmentType;
  readonly payload: { readonly url: string };
}

const WEB = /^https?:/i;

/** What lies in a folder of assets, or in that of a whole bot, and is none; besides what begins with a dot. */
const NOT_ASSETS: readonly string[] = [
  '**/[Rr][Ee][Aa][Dd][Mm][Ee]',
  '**/[Rr][Ee][Aa][Dd][Mm][Ee].*',
  '**/LICENSE',
  '**/LICENSE.*',
  '**/Thumbs.db',
  '**/desktop.ini',
  '**/node_modules',
];

/**
 * What a path, a folder, a glob or a web address stands for; types follow from the names. Paths are looked up inside
 * `root`, and whether each may be sent is decided when it is. Of a folder or a glob, what begins with a dot, READMEs and the
 * like are left out; a file that is named itself never is.
 *
 * @throws {AttachmentError} Nothing is found, or the type of an address cannot be told.
 */
export async function findAssets(pattern: string, root: string | undefined): Promise<FoundAsset[]> {
  if (WEB.test(pattern)) return [{ type: typeOfAddress(pattern), payload: { url: pattern } }];
  // Without a root no path is sent, and whoever sends it says so.
  if (root === undefined) return [toAsset(pattern)];
  const files = await findFiles(pattern, root);
  if (files.length > 0) return files.map(toAsset);
  throw new AttachmentError(
    'ERR_ATTACHMENT_NOT_FOUND',
    JSON.stringify(withoutQuery(pattern)),
    `it matches no file in ${JSON.stringify(path.resolve(root))}`,
  );
}

function toAsset(url: string): FoundAsset {
  return { type: typeOf(url) ?? 'file', payload: { url } };
}

async function findFiles(pattern: string, root: string): Promise<string[]> {
  // Loaded with the first pattern: most bots have none.
  const { convertPathToPattern, glob, isDynamicPattern } = await import('tinyglobby');
  const globInRoot = async (paths: string): Promise<string[]> =>
    (
      await glob(paths, { cwd: root, ignore: NOT_ASSETS, onlyFiles: true, followSymbolicLinks: false })
    ).sort();
  const target = path.resolve(root, pattern);
  const found = await fileOperations.check(target).catch(() => undefined);
  if (found?.isDirectory()) return globInRoot(`${convertPathToPattern(target)}/**`);
  if (found ?? !isDynamicPattern(pattern)) return [pattern];
  return globInRoot(pattern);
}

function typeOfAddress(address: string): AttachmentType {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const type = url && typeOf(url.pathname);
  if (type) return type;
  throw new AttachmentError(
    'ERR_ATTACHMENT_BAD_SOURCE',
    url ? withoutSecrets(url) : 'a web address',
    'its name does not show its type; pass an attachment with a `type`, for example image(url)',
  );
}

function typeOf(name: string): AttachmentType | undefined {
  const contentType = lookup(name);
  if (!contentType) return undefined;
  const [major] = contentType.split('/');
  return major === 'image' || major === 'audio' || major === 'video' ? major : 'file';
}
