import { formatBytes, formatDuration } from './format';
import { showProgress } from './progress';
import type { WarmReport, WarmResult } from '../delivery/warm';
import type { Found } from './named-assets';
import type { Printer } from './printer';
import type { Session } from './session';

export interface Upload extends Found {
  /** Milliseconds before its end from which on an ID is replaced. Default: as the bot does. */
  readonly refreshAhead?: number | undefined;
  /** What is not even tried; told in the JSON too. */
  readonly left?: readonly LeftAsset[];
}

/** An ID that stays as it is, and why. */
export interface LeftAsset {
  readonly asset: string;
  readonly attachmentId: string;
  readonly reason: string;
}

export const EXIT = { good: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/**
 * Sees to it that assets have IDs, shows how far it has come, and tells what became of them.
 *
 * @returns The exit code.
 */
export async function uploadAll(session: Session, page: string, upload: Upload): Promise<number> {
  const { failures, left } = upload;
  const { printer, settings } = session;
  const begun = performance.now();
  const report = await warm(session, page, upload);
  // Only what is written is done.
  await session.settle();
  const results = [...failures, ...report.results];
  const total = { ...report, results, failed: report.failed + failures.length };
  const interrupted = session.surroundings.signal.aborted;
  if (settings.json) {
    printer.json({
      page,
      dryRun: settings.dryRun,
      interrupted,
      ...total,
      results: results.map((result) => toJson(printer, result)),
      ...(left && { left }),
    });
  } else {
    printer.print(`${summarize(total, left?.length ?? 0)} · ${formatDuration(performance.now() - begun)}`);
    if (interrupted) printer.note('Stopped. What is uploaded is kept; the same command goes on from there');
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

async function warm(session: Session, page: string, upload: Upload): Promise<WarmReport> {
  const { assets, failures, refreshAhead } = upload;
  const { settings, signal, surroundings } = session;
  const progress = showProgress(session, {
    assets: assets.length + failures.length,
    bytes: assets.reduce((sum, { bytes = 0 }) => sum + bytes, 0),
  });
  const stop = (): void => {
    progress.stopping();
  };
  surroundings.signal.addEventListener('abort', stop);
  try {
    for (const failure of failures) progress.add(failure);
    return await session.plugin(refreshAhead).warm(
      assets.map(({ attachment }) => attachment),
      {
        page,
        dryRun: settings.dryRun,
        signal,
        onProgress: ({ result }) => {
          progress.add(result);
        },
      },
    );
  } finally {
    surroundings.signal.removeEventListener('abort', stop);
    progress.end();
  }
}

function summarize(report: WarmReport, left: number): string {
  const { results, uploaded, known, failed, skipped, missing, bytesUploaded } = report;
  const bytesMissing = results.reduce(
    (sum, { outcome, bytes = 0 }) => sum + (outcome === 'missing' ? bytes : 0),
    0,
  );
  const counts = [
    count(uploaded, 'uploaded', bytesUploaded),
    count(missing, 'to upload', bytesMissing),
    count(known, 'known'),
    count(left, 'left'),
    count(failed, 'failed'),
    count(skipped, 'skipped'),
  ];
  return counts.filter((text) => text !== '').join(', ') || 'Nothing to do';
}

function count(number: number, what: string, bytes = 0): string {
  if (number === 0) return '';
  return bytes === 0 ? `${number} ${what}` : `${number} ${what} (${formatBytes(bytes)})`;
}
