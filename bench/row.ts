import type { Listening } from './platform/counts';
import type { Platform } from './platform/platform';

/** What a row is run with; it goes to other processes as JSON. */
export interface Scene {
  readonly platform: Listening;
  /** Folder of the files that are sent. */
  readonly assets: string;
  /** Folder of the built package. */
  readonly built: string;
  /** Only to see whether everything still runs. */
  readonly smoke: boolean;
}

/** One line of the table. */
export interface Line {
  readonly what: string;
  readonly against: string;
  /** What was measured, in the goal's unit. */
  readonly measured: number;
  readonly unit: 'times' | 'MB' | 'ms';
  /** None: it is only reported. */
  readonly goal?: { readonly atMost: number } | { readonly atLeast: number };
  /** The figures behind it. */
  readonly details: Readonly<Record<string, number>>;
}

/** What a row works with. */
export interface Bench extends Scene {
  /** The same, for another process. */
  readonly scene: Scene;
  readonly stage: Platform;
  /** A number for a real run, and one for a smoke run. */
  readonly size: (full: number, smoke: number) => number;
}

/** Measures, and fails only if something is wrong: a message lost or sent twice, bytes sent once too often. */
export type Row = (bench: Bench) => Promise<Line[] | Skipped>;

/** This machine cannot run it. */
export interface Skipped {
  readonly skipped: string;
}
