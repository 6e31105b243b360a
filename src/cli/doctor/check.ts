export type Outcome = 'ok' | 'warning' | 'failed' | 'skipped';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  readonly outcome: Outcome;
  /** What was found. */
  readonly detail: string;
  /** What to do about it. Null: nothing. */
  readonly cure: string | null;
}

export function ok(name: string, detail: string): Check {
  return { name, outcome: 'ok', detail, cure: null };
}

/** A bot runs with it, and not as well as it could. */
export function warning(name: string, detail: string, cure: string): Check {
  return { name, outcome: 'warning', detail, cure };
}

export function failed(name: string, detail: string, cure: string): Check {
  return { name, outcome: 'failed', detail, cure };
}

/** It could not be looked at, or there is nothing to look at. */
export function skipped(name: string, detail: string, cure: string | null = null): Check {
  return { name, outcome: 'skipped', detail, cure };
}
