import { formatBytes, formatDate, formatDuration, oneLine, table } from './format';
import { UsageError, type CommandOptions } from './command-options';
import { findNamed, pathsOf, type NamedAsset } from './named-assets';
import { EXIT, uploadAll } from './upload';
import type { SavedAsset } from '../delivery/engine';
import type { Session } from './session';

export async function warm(session: Session): Promise<number> {
  const { options } = session;
  const found = await findNamed(options.assets, options);
  refuseProject(found.assets, options);
  return uploadAll(session, await session.page(), found);
}

/** A project is no folder of assets: its code would be uploaded, too. */
function refuseProject(assets: readonly NamedAsset[], { root, assets: names, folder }: CommandOptions): void {
  const manifest = 'package.json';
  const isFound = assets.some(({ attachment }) => attachment.payload.url === manifest);
  if (!isFound || names.some((name) => pathsOf(name, { root, folder }).includes(manifest))) return;
  throw new UsageError(
    `expected --root to be the folder of the assets, got ${JSON.stringify(root)}, which contains ${manifest}: the whole project would be uploaded`,
  );
}

export async function list(session: Session): Promise<number> {
  const { printer, options, storeName } = session;
  const { page } = options;
  const saved = await session.plugin().list(page === undefined ? {} : { page });
  if (options.json) printer.json(saved.map((one) => ({ ...one, path: one.source?.path })));
  else if (saved.length === 0) printer.note(`No IDs in ${storeName}${page ? ` for page ${page}` : ''}`);
  else for (const line of table([HEAD, ...saved.map(toRow)], NUMBERS)) printer.print(line);
  return EXIT.good;
}

const HEAD = ['ID', 'PAGE', 'UPLOADED', 'EXPIRES', 'LEFT', 'SIZE', 'ASSET'];
const NUMBERS = [HEAD.indexOf('LEFT'), HEAD.indexOf('SIZE')];

/** On one line and without control characters: anyone may have written to a shared store. */
function toRow({ attachmentId, page, uploadedAt, expiresAt, bytes, asset }: SavedAsset): string[] {
  return [
    attachmentId,
    page,
    formatDate(uploadedAt),
    formatDate(expiresAt),
    formatDuration(expiresAt - Date.now()),
    bytes === undefined ? '–' : formatBytes(bytes),
    asset,
  ].map(oneLine);
}
