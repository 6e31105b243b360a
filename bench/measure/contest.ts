/** What one round took, in milliseconds. */
export interface Round {
  readonly time: number;
  /** Of all threads of this process. */
  readonly cpu: number;
}

export type Contest<Name extends string> = Readonly<Record<Name, readonly Round[]>>;

/**
 * Lets contenders take turns, A B A B, so that whatever else the machine does hits them alike. The first turn of each
 * is for warming up and does not count.
 */
export async function contest<Name extends string>(
  rounds: number,
  contenders: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Contest<Name>> {
  const entries = Object.entries(contenders) as [Name, () => Promise<unknown>][];
  const taken = Object.fromEntries(entries.map(([name]) => [name, []])) as unknown as Record<Name, Round[]>;
  for (let round = 0; round <= rounds; round++) {
    for (const [name, work] of entries) {
      const one = await time(work);
      if (round > 0) taken[name].push(one);
    }
  }
  return taken;
}

/** Nobody pays for what another left to the garbage collector. */
async function time(work: () => Promise<unknown>): Promise<Round> {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const begun = performance.now();
  await work();
  const time = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpu);
  return { time, cpu: (user + system) / 1_000 };
}

/** The median of the ratios of neighbouring rounds. */
export function ratio(of: readonly Round[], to: readonly Round[], measure: keyof Round = 'time'): number {
  return median(of.map((round, index) => round[measure] / (to[index]?.[measure] ?? NaN)));
}

/** Microseconds a piece, in the median round. */
export function microseconds(
  rounds: readonly Round[],
  pieces: number,
  measure: keyof Round = 'time',
): number {
  return (median(rounds.map((round) => round[measure])) * 1_000) / pieces;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;
}
