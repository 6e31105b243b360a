import { formatBytes, formatDuration } from './format';
import { showProgress } from './progress';
import type { WarmOptions, WarmReport, WarmResult } from '../delivery/warm';
import type { FoundAssets } from './named-assets';
import type { Printer } from './printer';
import type { Session } from './session';

export interface UploadRequest extends FoundAssets {
  /** Milliseconds before its end from which on an ID is replaced. Default: as the bot does. */
  readonly refreshAhead?: number | undefined;
  /** IDs that are kept as they are. */
  readonly kept?: readonly KeptId[];
}

/** An ID that cannot be refreshed, and why. */
export interface KeptId {
  readonly asset: string;
  readonly attachmentId: string;
  readonly reason: string;
}

export const EXIT = { good: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/**
 * Uploads assets that have no ID, shows the progress, and prints the results.
 *
 * @returns The exit code.
 */
export async function uploadAll(session: Session, page: string, request: UploadRequest): Promise<number> {
  const { failures, kept } = request;
  const { printer, options } = session;
  const begun = performance.now();
  const report = await warm(session, page, request);
  // An upload counts once its ID is in the store.
  await session.settle();
  const results = [...failures, ...report.results];
  const total = { ...report, results, failed: report.failed + failures.length };
  const interrupted = session.context.signal.aborted;
  if (options.json) {
    printer.json({
      page,
      dryRun: options.dryRun,
      interrupted,
      ...total,
      results: results.map((result) => toJson(printer, result)),
      ...(kept && { kept }),
    });
  } else {
    printer.print(`${summarize(total, kept?.length ?? 0)} · ${formatDuration(performance.now() - begun)}`);
    if (interrupted)
      printer.note('Stopped. Finished uploads are kept; run the same command again to continue');
  }
  if (interrupted) return EXIT.interrupted;
  return total.failed > 0 ? EXIT.failed : EXIT.good;
}

/** For JSON: an error as its parts. */
export function toJson(printer: Printer, { error, ...result }: WarmResult): object {
  if (!error) return result;
  const { name, code, subcode } = error as { name: string; code?: unknown; subcode?: unknown };
  return { ...result, error: { name, code, subcode, message: printer.describe(error) } };
}

async function warm(session: Session, page: string, request: UploadRequest): Promise<WarmReport> {
  const { assets, failures, refreshAhead } = request;
  const { options, signal, context } = session;
  const progress = showProgress(session, {
    assets: assets.length + failures.length,
    bytes: assets.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
  });
  const stop = (): void => {
    progress.stopping();
  };
  context.signal.addEventListener('abort', stop);
  try {
    for (const failure of failures) progress.add(failure);
    const attachments = assets.map(({ attachment }) => attachment);
    const plugin = session.plugin(refreshAhead);
    const warmOptions: WarmOptions = {
      signal,
      onProgress: ({ result }) => {
        progress.add(result);
      },
    };
    return options.dryRun
      ? await plugin.warm(attachments, { ...warmOptions, page, dryRun: true })
      : await session.connect(plugin).warm(attachments, warmOptions);
  } finally {
    context.signal.removeEventListener('abort', stop);
    progress.end();
  }
}

function summarize(report: WarmReport, kept: number): string {
  const { results, uploaded, known, failed, skipped, missing, bytesUploaded } = report;
  const bytesMissing = results.reduce(
    (sum, { outcome, bytes = 0 }) => sum + (outcome === 'missing' ? bytes : 0),
    0,
  );
  const counts = [
    count(uploaded, 'uploaded', bytesUploaded),
    count(missing, 'to upload', bytesMissing),
    count(known, 'known'),
    count(kept, 'kept'),
    count(failed, 'failed'),
    count(skipped, 'skipped'),
  ];
  return counts.filter((text) => text !== '').join(', ') || 'Nothing to do';
}

function count(number: number, what: string, bytes = 0): string {
  if (number === 0) return '';
  return bytes === 0 ? `${number} ${what}` : `${number} ${what} (${formatBytes(bytes)})`;
}
