import path from 'node:path';
import { AttachmentError } from '../base/errors';
import { typeOfName } from '../base/mime-types';
import { withoutQuery, withoutSecrets } from '../base/redact';
import { didYouMean } from '../base/similar-name';
import { isMissing } from './file-error';
import { fileOperations } from './file-operations';
import { findSimilarPath, type PathKind } from './similar-path';
import { adviceOnScheme } from './web-address';
import type { AttachmentType } from './asset';
import type * as Tinyglobby from 'tinyglobby';

/** An asset as a message would name it. */
export interface FoundAsset {
  readonly type: AttachmentType;
  readonly payload: { readonly url: string };
}

const WEB = /^https?:/i;

/** `C:\\pictures` is a path; a scheme has at least two letters. */
const SCHEME = /^[a-z][a-z0-9+.-]+:/i;

/**
 * Files in a folder of assets, or in that of a whole bot, that are not assets. Names with a leading dot are left out
 * anyway.
 */
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
 * `root`, and whether each may be sent is decided when it is. Of a folder or a glob, what begins with a dot, READMEs
 * and the like are left out; a file that is named itself never is.
 *
 * @throws {AttachmentError} Nothing is found, or the type of an address cannot be told.
 */
export async function findAssets(pattern: string, root: string | undefined): Promise<FoundAsset[]> {
  if (WEB.test(pattern)) return [{ type: typeOfAddress(pattern), payload: { url: pattern } }];
  // Without a root no path is sent, and the send says so.
  if (root === undefined) return [toAsset(pattern)];
  const files = await findFiles(pattern, root);
  if (files.length > 0) return files.map(toAsset);
  throw await noAssetFound(pattern, root);
}

/** Why a path, a folder or a glob stands for nothing. */
export async function noAssetFound(pattern: string, root: string): Promise<AttachmentError> {
  const { isDynamicPattern } = loadTinyglobby();
  const similar = await findSimilar(pattern, root, isDynamicPattern);
  return new AttachmentError(
    'ERR_ATTACHMENT_NOT_FOUND',
    JSON.stringify(withoutQuery(pattern)),
    `it matches no file in ${JSON.stringify(path.resolve(root))}${didYouMean(similar)}${adviceOnScheme(pattern)}`,
  );
}

/** With the first pattern, because most bots have none; not by `import()`, which Jest does not run. */
function loadTinyglobby(): typeof Tinyglobby {
  return require('tinyglobby') as typeof Tinyglobby;
}

function toAsset(url: string): FoundAsset {
  return { type: typeOf(url) ?? 'file', payload: { url } };
}

async function findFiles(pattern: string, root: string): Promise<string[]> {
  const { convertPathToPattern, glob, isDynamicPattern } = loadTinyglobby();
  const globInRoot = async (paths: string): Promise<string[]> =>
    (
      await glob(paths, { cwd: root, ignore: NOT_ASSETS, onlyFiles: true, followSymbolicLinks: false })
    ).sort();
  const target = path.resolve(root, pattern);
  const found = await fileOperations
    .check(target)
    .catch((error: unknown) => (isMissing(error) ? 'missing' : 'unknown'));
  if (typeof found === 'object') {
    return found.isDirectory() ? globInRoot(`${convertPathToPattern(target)}/**`) : [pattern];
  }
  if (isDynamicPattern(pattern)) return globInRoot(pattern);
  // What is no path inside the root is refused when it is sent.
  return found === 'missing' && isPathInside(root, pattern) ? [] : [pattern];
}

function isPathInside(root: string, name: string): boolean {
  const [first] = path.relative(root, path.resolve(root, name)).split(path.sep);
  return first !== '..' && !SCHEME.test(name);
}

/** The path, or the glob with another folder, that may have been meant. */
async function findSimilar(
  pattern: string,
  root: string,
  isDynamicPattern: (pattern: string) => boolean,
): Promise<string | undefined> {
  const parts = path.relative(root, path.resolve(root, pattern)).split(path.sep);
  const glob = parts.findIndex((part) => isDynamicPattern(part));
  const [names, rest] = glob === -1 ? [parts, []] : [parts.slice(0, glob), parts.slice(glob)];
  const kinds: readonly PathKind[] = glob === -1 ? ['file', 'folder'] : ['folder'];
  const name = names.join('/');
  const similar = await findSimilarPath(root, name, kinds);
  return similar === undefined || similar === name ? undefined : [similar, ...rest].join('/');
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
  const contentType = typeOfName(name);
  if (contentType === undefined) return undefined;
  const [major] = contentType.split('/');
  return major === 'image' || major === 'audio' || major === 'video' ? major : 'file';
}
