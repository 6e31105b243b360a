import { isAttachmentError, type AttachmentError } from '../base/errors';
import { keyOf } from '../cache/saved-id';
import { LocalFiles } from '../source/local-files';
import { printOutcome } from './progress';
import { EXIT } from './upload';
import type { SavedAsset } from '../delivery/engine';
import type { AssetSource } from '../source/asset';
import type { Session } from './session';

/** An ID of a file. */
interface SavedFile extends SavedAsset {
  readonly source: Extract<AssetSource, { readonly path: string }>;
}

/** What became of the file that an ID was made for. */
interface Judged {
  readonly saved: SavedFile;
  readonly state: 'current' | 'gone' | 'changed' | 'unreadable';
}

const REASONS = { gone: 'the file no longer exists', changed: 'the file has changed' } as const;

/** Deletes the IDs of files that are gone or have changed. Those of addresses and bytes stay. */
export async function prune(session: Session): Promise<number> {
  const { printer, options, signal } = session;
  const { page, root, dryRun, force } = options;
  const plugin = session.plugin(0);
  const listed = await plugin.list(page === undefined ? {} : { page });
  const files = new LocalFiles(root);
  const judged = await Promise.all(listed.filter(isOfFile).map((saved) => judge(files, saved)));
  if (!force && judged.length > 0 && judged.every(({ state }) => state === 'gone')) {
    throw new Error(
      `None of the files of ${judged.length} IDs is in ${root}. Set --root to the bot’s \`root\`, or delete the IDs with --force`,
    );
  }
  const pruned: object[] = [];
  for (const { saved, state } of judged) {
    if (signal.aborted) break;
    if (state !== 'gone' && state !== 'changed') continue;
    if (!dryRun) await plugin.forget(saved);
    const { asset, attachmentId } = saved;
    const reason = REASONS[state];
    pruned.push({ page: saved.page, asset, attachmentId, reason });
    if (!options.json) {
      printOutcome(printer, dryRun ? 'to prune' : 'pruned', [asset, attachmentId, `(${reason})`]);
    }
  }
  const kept = listed.length - pruned.length;
  if (options.json) printer.json({ dryRun, interrupted: signal.aborted, pruned, kept });
  else printer.print(`${pruned.length} ${dryRun ? 'to prune' : 'pruned'}, ${kept} kept`);
  return signal.aborted ? EXIT.interrupted : EXIT.good;
}

function isOfFile(saved: SavedAsset): saved is SavedFile {
  return saved.source?.path !== undefined;
}

async function judge(files: LocalFiles, saved: SavedFile): Promise<Judged> {
  const { page, type, key, source } = saved;
  try {
    const asset = await files.identify(type, source.path, source.filename);
    const current = keyOf(page, asset.key);
    // With `prepare`, the key goes on.
    return { saved, state: key === current || key.startsWith(`${current}:`) ? 'current' : 'changed' };
  } catch (error) {
    if (!isAttachmentError(error)) throw error;
    return { saved, state: stateOf(error) };
  }
}

/** What cannot be read may be what it was. */
function stateOf({ code }: AttachmentError): Judged['state'] {
  switch (code) {
    case 'ERR_ATTACHMENT_NOT_FOUND':
      return 'gone';
    case 'ERR_ATTACHMENT_EMPTY':
    case 'ERR_ATTACHMENT_TOO_LARGE':
    case 'ERR_ATTACHMENT_NOT_A_FILE':
      return 'changed';
    default:
      return 'unreadable';
  }
}
