import { formatBytes, formatDate, formatDuration, oneLine, table } from './format';
import { findNamed } from './named-assets';
import { printOutcome } from './progress';
import { EXIT, toJson, uploadAll } from './upload';
import type { SavedAsset } from '../delivery/engine';
import type { WarmResult } from '../delivery/warm';
import type { Session } from './session';

export async function warm(session: Session): Promise<number> {
  const page = await session.page();
  return uploadAll(session, page, await findNamed(session.options.assets, session.options));
}

export async function list(session: Session): Promise<number> {
  const { printer, options, storeName } = session;
  const { page } = options;
  const saved = await session.plugin().list(page === undefined ? {} : { page });
  if (options.json) printer.json(saved);
  else if (saved.length === 0) printer.note(`No IDs in ${storeName}${page ? ` for page ${page}` : ''}`);
  else for (const line of table([HEAD, ...saved.map(toRow)], NUMBERS)) printer.print(line);
  return EXIT.good;
}

const HEAD = ['ID', 'PAGE', 'UPLOADED', 'GOOD UNTIL', 'FOR', 'SIZE', 'ASSET'];
const NUMBERS = [HEAD.indexOf('FOR'), HEAD.indexOf('SIZE')];

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

export async function forget(session: Session): Promise<number> {
  const { printer, options, signal } = session;
  const page = await session.page();
  const { assets, failures } = await findNamed(options.assets, options);
  const plugin = session.plugin(0);
  const results: WarmResult[] = [...failures];
  for (const { attachment } of assets) {
    if (signal.aborted) break;
    const { results: found } = await plugin.warm([attachment], { page, dryRun: true });
    results.push(...found);
    const isSaved = found.some(({ outcome }) => outcome === 'known');
    if (isSaved && !options.dryRun) await plugin.forget(attachment, { page });
  }
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  if (options.json) {
    printer.json({
      page,
      dryRun: options.dryRun,
      results: results.map((result) => toJson(printer, result)),
    });
  } else {
    const word = options.dryRun ? 'to forget' : 'forgotten';
    for (const { outcome, asset, attachmentId = '', error } of results) {
      if (error) printer.problem(error);
      else printOutcome(printer, outcome === 'known' ? word : 'no ID', [asset, attachmentId]);
    }
  }
  if (signal.aborted) return EXIT.interrupted;
  return failed.length > 0 ? EXIT.failed : EXIT.good;
}
