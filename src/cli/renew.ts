import { DAY } from './arguments';
import { formatDate } from './format';
import { findNamed, type NamedAsset } from './named-assets';
import { printOutcome } from './progress';
import { EXIT, uploadAll, type LeftAsset } from './upload';
import type { Attachment } from '../message/builders';
import type { SavedAsset } from '../delivery/engine';
import type { WarmResult } from '../delivery/warm';
import type { Session } from './session';

/** As for a bot that says nothing else. */
const WITHIN = 7 * DAY;

/** As long as an ID is trusted at all: each one is near its end. */
const ALWAYS = 89 * DAY;

/** What a record shows of a path, or of an address; bytes have neither. */
const SHOWN = /^(?:image|audio|video|file) (?:(?<path>".*")|(?<address>https?:\/\/\S+))$/;

/** What is named gets a new ID in any case; without names, what is listed does when its ID is near its end. */
export async function renew(session: Session): Promise<number> {
  const { settings } = session;
  const page = await session.page();
  if (settings.assets.length > 0) {
    return uploadAll(session, page, {
      ...(await findNamed(settings.assets, settings)),
      refreshAhead: ALWAYS,
    });
  }
  const refreshAhead = settings.all ? ALWAYS : (settings.within ?? WITHIN);
  const listed = await session.plugin().list({ page });
  const due = listed.filter(({ expiresAt }) => expiresAt - Date.now() <= refreshAhead);
  const { assets, left } = await reopen(session, page, due);
  if (!settings.json) tell(session, listed, due, left);
  if (due.length === 0 && !settings.json) return EXIT.good;
  return uploadAll(session, page, { assets, failures: [], refreshAhead, left });
}

function tell({ printer }: Session, listed: SavedAsset[], due: SavedAsset[], left: LeftAsset[]): void {
  for (const { asset, reason } of left) printOutcome(printer, 'left', [asset, `(${reason})`]);
  const [first] = listed;
  if (due.length > 0) return;
  printer.print(
    first
      ? `Nothing to renew: of ${listed.length} IDs, the first is good until ${formatDate(first.expiresAt)}`
      : 'Nothing to renew: there are no IDs of this page',
  );
}

/**
 * What a record shows need not be all of it: an address may have lost its query string, a file may have changed, or lie
 * in another root. So it is looked up again, and has to come out at the very ID.
 */
async function reopen(
  session: Session,
  page: string,
  due: readonly SavedAsset[],
): Promise<{ assets: NamedAsset[]; left: LeftAsset[] }> {
  const candidates = due.map((saved) => ({ saved, attachment: attachmentOf(saved) }));
  const attachments = candidates.flatMap(({ attachment }) => attachment ?? []);
  const looker = session.plugin(0);
  const { results } = await looker.warm(attachments, { page, dryRun: true });
  const found = new Map(attachments.map((attachment, index) => [attachment, results[index]]));
  const assets: NamedAsset[] = [];
  const left: LeftAsset[] = [];
  for (const { saved, attachment } of candidates) {
    const { asset, attachmentId, bytes } = saved;
    const result = attachment && found.get(attachment);
    if (attachment && result?.attachmentId === attachmentId) assets.push({ attachment, bytes });
    else left.push({ asset, attachmentId, reason: whyNot(session, attachment, result) });
  }
  return { assets, left };
}

function whyNot(
  { printer }: Session,
  attachment: Attachment | undefined,
  result: WarmResult | undefined,
): string {
  if (!attachment) return 'only the bot has its bytes';
  if (result?.error) return printer.describe(result.error).replace(/^Cannot send .*?: (?=it |there )/, '');
  return /^https?:/.test(String(attachment.payload.url))
    ? 'its address had a query string, which is not stored; name it'
    : 'the file is not what it was; name it';
}

function attachmentOf({ type, asset }: SavedAsset): Attachment | undefined {
  const { path: quoted, address } = SHOWN.exec(asset)?.groups ?? {};
  if (address !== undefined) return { type, payload: { url: address } };
  if (quoted === undefined) return undefined;
  try {
    return { type, payload: { url: JSON.parse(quoted) as string } };
  } catch {
    return undefined;
  }
}
