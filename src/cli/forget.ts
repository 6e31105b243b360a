import { isAttachmentError, withAction } from '../base/errors';
import { findNamed, pathsOf, toSlashes, type NamedAsset } from './named-assets';
import { printOutcome } from './progress';
import { EXIT, toJson } from './upload';
import type { SavedAsset } from '../delivery/engine';
import type { WarmResult } from '../delivery/warm';
import type { Session } from './session';

/** What was asked for: the ID that it has, or that it has none, or that nothing is meant by it. */
interface Found {
  readonly result: WarmResult;
  /** Deletes the ID. Undefined: there is none. */
  readonly forget?: () => Promise<void>;
}

/**
 * Forgets what is named: by what is in the files now; by the paths in the records, for files that have changed or are
 * gone; and by IDs.
 */
export async function forget(session: Session): Promise<number> {
  const { printer, options, signal } = session;
  const { ids, assets: names, dryRun } = options;
  const page = names.length > 0 ? await session.page() : options.page;
  const saved = await session.plugin(0).list(page === undefined ? {} : { page });
  const found = [
    ...(page === undefined ? [] : await findByName(session, page, saved)),
    ...ids.map((id) => findById(session, saved, id)),
  ];
  const results: WarmResult[] = [];
  for (const { result, forget: forgetOne } of found) {
    if (signal.aborted) break;
    if (!dryRun) await forgetOne?.();
    const { error } = result;
    results.push(error ? { ...result, error: withAction(error, 'forget') } : result);
  }
  if (options.json) {
    printer.json({ page, dryRun, results: results.map((result) => toJson(printer, result)) });
  } else {
    for (const { outcome, asset, attachmentId = '', error } of results) {
      const word = outcome === 'known' ? (dryRun ? 'to forget' : 'forgotten') : 'no ID';
      if (error) printer.problem(error);
      else printOutcome(printer, word, [asset, attachmentId]);
    }
  }
  if (signal.aborted) return EXIT.interrupted;
  return results.some(({ outcome }) => outcome === 'failed') ? EXIT.failed : EXIT.good;
}

async function findByName(session: Session, page: string, saved: readonly SavedAsset[]): Promise<Found[]> {
  const { options } = session;
  const { assets, failures } = await findNamed(options.assets, options);
  const current = await findCurrent(session, page, assets);
  const known = new Set(current.map(({ result }) => result.attachmentId));
  const paths = options.assets.flatMap((name) => pathsOf(name, options));
  const older = saved.filter(
    ({ source, type, attachmentId }) =>
      (options.type === undefined || options.type === type) &&
      paths.some((named) => isAt(named, source?.path)) &&
      !known.has(attachmentId),
  );
  const olderPaths = older.flatMap(({ source }) => source?.path ?? []);
  return [
    ...failures
      .filter(({ error, asset }) => !isGone(error) || !isAmong(olderPaths, pathsOf(asset, options)))
      .map((result) => ({ result })),
    ...current.filter(({ result, path: named }) => result.outcome === 'known' || !olderPaths.includes(named)),
    ...older.map((one) => toFound(session, one)),
  ];
}

/** By what is in the files now, and by addresses. */
async function findCurrent(
  session: Session,
  page: string,
  assets: readonly NamedAsset[],
): Promise<(Found & { readonly path: string })[]> {
  const plugin = session.plugin(0);
  const attachments = assets.map(({ attachment }) => attachment);
  const { results } = await plugin.warm(attachments, { page, dryRun: true });
  return attachments.flatMap((attachment, index) => {
    const result = results[index];
    if (!result) return [];
    const forgetOne = (): Promise<void> => plugin.forget(attachment, { page });
    const { url } = attachment.payload;
    return {
      result,
      path: toSlashes(String(url)),
      ...(result.outcome === 'known' && { forget: forgetOne }),
    };
  });
}

function findById(session: Session, saved: readonly SavedAsset[], id: string): Found {
  const one = saved.find(({ attachmentId }) => attachmentId === id);
  if (one) return toFound(session, one);
  return { result: { asset: `ID ${id}`, type: undefined, outcome: 'missing' } };
}

function toFound(session: Session, saved: SavedAsset): Found {
  const { asset, type, attachmentId } = saved;
  return {
    result: { asset, type, outcome: 'known', attachmentId },
    forget: () => session.plugin(0).forget(saved),
  };
}

function isGone(error: Error | undefined): boolean {
  return isAttachmentError(error) && error.code === 'ERR_ATTACHMENT_NOT_FOUND';
}

function isAmong(files: readonly string[], named: readonly string[]): boolean {
  return files.some((file) => named.some((one) => isAt(one, file)));
}

/** Is it the file, or one in the folder, that a path from the root names? */
function isAt(named: string, file: string | undefined): boolean {
  return file !== undefined && (named === '.' || file === named || file.startsWith(`${named}/`));
}
