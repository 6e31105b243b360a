import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { glob } from 'tinyglobby';
import { AttachmentError, toError, withAction } from '../base/errors';
import { redact, withoutSecrets } from '../base/redact';
import { findAssets, noAssetFound } from '../source/find-assets';
import type { Attachment } from '../message/builders';
import type { AttachmentType } from '../source/asset';
import type { WarmResult } from '../delivery/warm';

/** Something that can be uploaded, and its size if it is a local file. */
export interface NamedAsset {
  readonly attachment: Attachment;
  readonly bytes: number | undefined;
}

/** The assets that the command line names, and the names for which there is none. */
export interface FoundAssets {
  readonly assets: readonly NamedAsset[];
  readonly failures: readonly WarmResult[];
}

/** Where to look for assets. */
export interface LookUpOptions {
  readonly root: string;
  /** The current folder: a shell completes paths from there, and expands its globs there. */
  readonly folder: string;
  /** Instead of what the names tell. */
  readonly type: AttachmentType | undefined;
  /**
   * Globs of files that are left out: inside the root, or from the current folder. One without a slash is for any
   * folder.
   */
  readonly exclude: readonly string[];
}

const WEB = /^https?:/i;
const FILE_URL = /^file:/i;

/** Each asset once, however often it was named. */
export async function findNamed(names: readonly string[], options: LookUpOptions): Promise<FoundAssets> {
  const assets = new Map<string, NamedAsset>();
  const failures: WarmResult[] = [];
  const excluded = await findExcluded(options);
  for (const name of names) {
    try {
      for (const asset of await findOne(name, options)) {
        const { attachment } = asset;
        if (!excluded.has(attachment.payload.url)) assets.set(JSON.stringify(attachment), asset);
      }
    } catch (error) {
      const failure = withAction(toError(error), 'upload');
      failures.push({ asset: redact(name), type: options.type, outcome: 'failed', error: failure });
    }
  }
  return { assets: [...assets.values()], failures };
}

/**
 * The paths from the root that a name can stand for, with slashes: of something that need not be there. None of a web
 * address.
 */
export function pathsOf(name: string, { root, folder }: Pick<LookUpOptions, 'root' | 'folder'>): string[] {
  if (WEB.test(name)) return [];
  const file = FILE_URL.test(name) ? fileURLToPath(name) : name;
  return [root, folder].map((base) => toSlashes(path.relative(root, path.resolve(base, file)) || '.'));
}

async function findExcluded({ root, folder, exclude }: LookUpOptions): Promise<ReadonlySet<unknown>> {
  if (exclude.length === 0) return new Set();
  const patterns = exclude.flatMap((pattern) =>
    /\/./.test(pattern) ? [pattern, fromRoot(pattern, root, folder)] : `**/${pattern}`,
  );
  const inRoot = patterns.filter((pattern) => !pattern.startsWith('..'));
  const options = { cwd: root, dot: true, onlyFiles: true, followSymbolicLinks: false };
  return new Set((await glob(inRoot, options)).map((file) => path.normalize(file)));
}

async function findOne(name: string, options: LookUpOptions): Promise<NamedAsset[]> {
  if (WEB.test(name)) return [{ attachment: await addressOf(name, options), bytes: undefined }];
  const file = FILE_URL.test(name) ? fileURLToPath(name) : name;
  const { root, folder } = options;
  const inRoot = await findFiles(file, options);
  if (inRoot.length > 0) return inRoot;
  // An empty folder.
  if (existsSync(path.resolve(root, file))) throw await noAssetFound(file, root);
  const fromFolder = await findFiles(fromRoot(file, root, folder), options);
  if (fromFolder.length > 0) return fromFolder;
  throw await noAssetFound(file, root);
}

async function addressOf(name: string, { root, type }: LookUpOptions): Promise<Attachment> {
  if (type) return { type, payload: { url: name } };
  const [found] = await findAssets(name, root).catch(() => []);
  if (found) return found;
  throw new AttachmentError(
    'ERR_ATTACHMENT_BAD_SOURCE',
    URL.canParse(name) ? withoutSecrets(new URL(name)) : 'a web address',
    'its type cannot be told from its name; say it with --type image, audio, video or file',
  );
}

/** Under the names that messages have for them: paths inside the root. */
async function findFiles(pattern: string, { root, type }: LookUpOptions): Promise<NamedAsset[]> {
  const found = await findAssets(pattern, root).catch(() => []);
  const files = await Promise.all(
    found.map(async (asset): Promise<NamedAsset[]> => {
      const file = path.resolve(root, asset.payload.url);
      const stats = await stat(file).catch(() => undefined);
      if (!stats) return [];
      const url = path.relative(root, file);
      return [{ attachment: { type: type ?? asset.type, payload: { url } }, bytes: stats.size }];
    }),
  );
  return files.flat();
}

/** A path from the current folder, as one from the root. */
function fromRoot(file: string, root: string, folder: string): string {
  return path.relative(root, path.resolve(folder, file));
}

export function toSlashes(file: string): string {
  return file.split(path.sep).join('/');
}
