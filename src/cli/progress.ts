import { formatBytes, formatDuration } from './format';
import { loadPackage } from './packages';
import type { WarmResult } from '../delivery/warm';
import type { Output, Printer } from './printer';
import type { Session } from './session';

/** How much there is to do, as far as it is known. */
export interface WorkAmount {
  readonly assets: number;
  readonly bytes: number;
}

/** Shows the progress. */
export interface Progress {
  /** An asset is done. */
  add(result: WarmResult): void;
  /** Ctrl-C: nothing new is begun. */
  stopping(): void;
  /** The end; failures that have not been shown yet are. */
  end(): void;
}

/** On a terminal a progress bar, elsewhere a line for each asset; with JSON, a bar or nothing. */
export function showProgress({ printer, options, context }: Session, work: WorkAmount): Progress {
  const { json, dryRun, folder } = options;
  const { stdout, stderr, env } = context;
  const isWatched = stderr.isTTY === true && (json || stdout.isTTY === true);
  const isPlain = isSet(env.NO_COLOR) || isSet(env.CI) || env.TERM === 'dumb';
  // A dry run is there to print what would be done, so each asset has its line.
  const library = isWatched && !isPlain && !dryRun ? loadPackage('cli-progress', folder) : undefined;
  if (library) return new ProgressBar(library as BarLibrary, stderr, work, json ? undefined : printer);
  return json ? NO_PROGRESS : new ProgressLines(printer);
}

/** The part of cli-progress that is used. */
interface BarLibrary {
  readonly SingleBar: new (options: object) => {
    start(total: number, value: number): void;
    update(value: number): void;
    stop(): void;
  };
}

/**
 * An upload takes time for its bytes, and some whatever its size: as long as so many bytes would. An address, of
 * unknown size, counts as no more than that.
 */
const CALL_COST_IN_BYTES = 100_000;

/** From how many of the last results the remaining time is calculated. */
const ETA_FROM = 30;

const FULL = '█';
const EMPTY = '░';
const WIDEST = 30;
const NARROWEST = 5;

class ProgressBar implements Progress {
  readonly #bar: InstanceType<BarLibrary['SingleBar']>;
  readonly #work: WorkAmount;
  readonly #printer: Printer | undefined;
  readonly #failures: WarmResult[] = [];
  #done: WorkAmount = { assets: 0, bytes: 0 };
  #stop: 'stopping' | 'stopped' | undefined;

  /** @param printer - For failures. Without it, they are told elsewhere. */
  constructor({ SingleBar }: BarLibrary, stream: Output, work: WorkAmount, printer: Printer | undefined) {
    this.#work = work;
    this.#printer = printer;
    this.#bar = new SingleBar({
      stream,
      format: (_options: unknown, { progress, eta, maxWidth }: BarState) =>
        this.#draw(progress, eta, maxWidth),
      etaBuffer: ETA_FROM,
      // With these two, the terminal needs no repair when the process ends at once.
      linewrap: true,
      hideCursor: false,
    });
    this.#bar.start(toBarUnits(work), 0);
  }

  add(result: WarmResult): void {
    if (result.outcome === 'skipped') return;
    const { assets, bytes } = this.#done;
    this.#done = { assets: assets + 1, bytes: bytes + (result.bytes ?? 0) };
    if (result.outcome === 'failed') this.#failures.push(result);
    this.#bar.update(toBarUnits(this.#done));
  }

  stopping(): void {
    this.#stop = 'stopping';
  }

  end(): void {
    this.#stop &&= 'stopped';
    this.#bar.stop();
    for (const { error } of this.#failures) this.#printer?.problem(error);
  }

  #draw(progress: number, eta: number | string, width: number): string {
    const { assets, bytes } = this.#done;
    const parts = [`${assets}/${this.#work.assets}`];
    if (this.#work.bytes > 0) parts.push(`${formatBytes(bytes)} of ${formatBytes(this.#work.bytes)}`);
    if (this.#stop) parts.push(this.#stop);
    else if (assets < this.#work.assets) parts.push(timeLeft(eta));
    const text = parts.join(' · ');
    const room = Math.max(NARROWEST, Math.min(WIDEST, width - text.length - 2));
    const full = Math.round(room * progress);
    return `${FULL.repeat(full)}${EMPTY.repeat(room - full)} ${text}`;
  }
}

interface BarState {
  /** From 0 to 1. */
  readonly progress: number;
  /** Seconds, or a word for it if they cannot be told. */
  readonly eta: number | string;
  /** Columns of the terminal. */
  readonly maxWidth: number;
}

class ProgressLines implements Progress {
  readonly #printer: Printer;

  constructor(printer: Printer) {
    this.#printer = printer;
  }

  add({ outcome, asset, bytes, attachmentId, error }: WarmResult): void {
    // Thousands may be skipped; the summary counts them.
    if (outcome === 'skipped') return;
    if (outcome === 'failed') {
      this.#printer.problem(error);
      return;
    }
    printOutcome(this.#printer, outcome === 'missing' ? 'to upload' : outcome, [
      asset,
      bytes === undefined ? '' : `(${formatBytes(bytes)})`,
      attachmentId ?? '',
    ]);
  }

  stopping(): void {
    this.#printer.note('Stopping after the uploads in progress; press Ctrl-C again to stop at once');
  }

  end(): void {
    // Every line is printed already.
  }
}

const NO_PROGRESS: Progress = { add: noop, stopping: noop, end: noop };

const OUTCOME_WIDTH = 'to upload'.length;

/** A line for an asset: what became of it, in a column of its own, and what there is to tell. */
export function printOutcome(printer: Printer, word: string, facts: readonly string[]): void {
  printer.print([word.padEnd(OUTCOME_WIDTH), ...facts.filter((fact) => fact !== '')].join('  '));
}

function toBarUnits({ assets, bytes }: WorkAmount): number {
  return assets * CALL_COST_IN_BYTES + bytes;
}

function timeLeft(eta: number | string): string {
  const seconds = Number(eta);
  return Number.isFinite(seconds) && seconds > 0 ? `${formatDuration(seconds * 1000)} left` : '…';
}

/** As https://no-color.org has it: present and not empty. */
function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}

function noop(): void {
  // Nobody watches.
}
