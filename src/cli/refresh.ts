import { DEFAULT_REFRESH_AHEAD, DEFAULT_TTL } from '../options';
import { AttachmentError } from '../base/errors';
import { formatDate } from './format';
import { findNamed, type NamedAsset } from './named-assets';
import { printOutcome } from './progress';
import { EXIT, uploadAll, type KeptId } from './upload';
import type { Attachment } from '../message/builders';
import type { SavedAsset } from '../delivery/engine';
import type { WarmResult } from '../delivery/warm';
import type { Session } from './session';

/** Named assets get a new ID in any case; without names, those in the list whose ID is near its end do. */
export async function refresh(session: Session): Promise<number> {
  const { options } = session;
  const page = await session.page();
  if (options.assets.length > 0) {
    return uploadAll(session, page, {
      ...(await findNamed(options.assets, options)),
      refreshAhead: DEFAULT_TTL,
    });
  }
  const refreshAhead = options.all ? DEFAULT_TTL : (options.within ?? DEFAULT_REFRESH_AHEAD);
  const listed = await session.plugin().list({ page });
  const due = listed.filter(({ expiresAt }) => expiresAt - Date.now() <= refreshAhead);
  const { assets, kept } = await rebuild(session, page, due);
  if (!options.json) {
    for (const { asset, reason } of kept) printOutcome(session.printer, 'kept', [asset, `(${reason})`]);
    if (due.length === 0) {
      session.printer.print(nothingToRefresh(listed));
      return EXIT.good;
    }
  }
  return uploadAll(session, page, { assets, failures: [], refreshAhead, kept });
}

/** @param listed - Oldest first. */
function nothingToRefresh(listed: readonly SavedAsset[]): string {
  const [first] = listed;
  return first
    ? `Nothing to refresh: of ${listed.length} IDs, the first is good until ${formatDate(first.expiresAt)}`
    : 'Nothing to refresh: there are no IDs of this page';
}

/**
 * The assets of saved IDs. A record need not hold all of an asset, and a file can have changed, or be in another root:
 * so each is looked up again, and must have the very ID of its record.
 */
async function rebuild(
  session: Session,
  page: string,
  due: readonly SavedAsset[],
): Promise<{ assets: NamedAsset[]; kept: KeptId[] }> {
  const candidates = due.map((saved) => ({ saved, attachment: attachmentOf(saved) }));
  const attachments = candidates.flatMap(({ attachment }) => attachment ?? []);
  const { results } = await session.plugin(0).warm(attachments, { page, dryRun: true });
  const found = new Map(attachments.map((attachment, index) => [attachment, results[index]]));
  const assets: NamedAsset[] = [];
  const kept: KeptId[] = [];
  for (const { saved, attachment } of candidates) {
    const { asset, attachmentId, bytes } = saved;
    const result = attachment && found.get(attachment);
    if (attachment && result?.attachmentId === attachmentId) assets.push({ attachment, bytes });
    else kept.push({ asset, attachmentId, reason: whyKept(session, saved, result) });
  }
  return { assets, kept };
}

function whyKept(
  { printer }: Session,
  { source, bytes }: SavedAsset,
  result: WarmResult | undefined,
): string {
  // Of an address the size is not known.
  if (!source && bytes !== undefined) return 'only the bot has its bytes';
  if (!source) return 'its address had a query string, which is not stored; pass the address';
  const { error } = result ?? {};
  if (error instanceof AttachmentError) return `${error.reason} [${error.code}]`;
  if (error) return printer.describe(error);
  return source.url === undefined
    ? 'the file has changed; pass its path'
    : 'it has another ID by now, or the bot has a `cacheKey`; pass the address';
}

function attachmentOf({ type, source }: SavedAsset): Attachment | undefined {
  if (!source) return undefined;
  if (source.url !== undefined) return { type, payload: { url: source.url } };
  const { path: url, filename } = source;
  return { type, payload: { url, ...(filename !== undefined && { filename }) } };
}
