import { formatBytes, formatDate, formatDuration, oneLine, table } from './format';
import { findNamed } from './named-assets';
import { printOutcome } from './progress';
import { renew } from './renew';
import { EXIT, toJson, uploadAll } from './upload';
import type { SavedAsset } from '../delivery/engine';
import type { WarmResult } from '../delivery/warm';
import type { CommandName } from './descriptions';
import type { Session } from './session';

/** Does what a command says, and returns the exit code. */
type Command = (session: Session) => Promise<number>;

export const RUN: Readonly<Record<CommandName, Command>> = { warm, list, forget, renew };

async function warm(session: Session): Promise<number> {
  const page = await session.page();
  return uploadAll(session, page, await findNamed(session.settings.assets, session.settings));
}

async function list(session: Session): Promise<number> {
  const { printer, settings, storeName } = session;
  const { page } = settings;
  const saved = await session.plugin().list(page === undefined ? {} : { page });
  if (settings.json) printer.json(saved);
  else if (saved.length === 0) printer.note(`No IDs in ${storeName}${page ? ` for page ${page}` : ''}`);
  else for (const line of table([HEAD, ...saved.map(toRow)], NUMBERS)) printer.print(line);
  return EXIT.good;
}

const HEAD = ['ID', 'PAGE', 'UPLOADED', 'GOOD UNTIL', 'FOR', 'SIZE', 'ASSET'];
const NUMBERS = [HEAD.indexOf('FOR'), HEAD.indexOf('SIZE')];

/** What stands in a store may have been written by anyone. */
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

async function forget(session: Session): Promise<number> {
  const { printer, settings, signal } = session;
  const page = await session.page();
  const { assets, failures } = await findNamed(settings.assets, settings);
  const plugin = session.plugin(0);
  const results: WarmResult[] = [...failures];
  for (const { attachment } of assets) {
    if (signal.aborted) break;
    const { results: looked } = await plugin.warm([attachment], { page, dryRun: true });
    results.push(...looked);
    const isThere = looked.some(({ outcome }) => outcome === 'known');
    if (isThere && !settings.dryRun) await plugin.forget(attachment, { page });
  }
  const failed = results.filter(({ outcome }) => outcome === 'failed');
  if (settings.json) {
    printer.json({
      page,
      dryRun: settings.dryRun,
      results: results.map((result) => toJson(printer, result)),
    });
  } else {
    const word = settings.dryRun ? 'to forget' : 'forgotten';
    for (const { outcome, asset, attachmentId = '', error } of results) {
      if (error) printer.problem(error);
      else printOutcome(printer, outcome === 'known' ? word : 'no ID', [asset, attachmentId]);
    }
  }
  if (signal.aborted) return EXIT.interrupted;
  return failed.length > 0 ? EXIT.failed : EXIT.good;
}
