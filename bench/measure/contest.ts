/** One turn of a contender, and what came of it. */
export type Turn<T> = () => Promise<T>;

/** What one turn took, in milliseconds. */
export interface Round {
  readonly time: number;
  /** Of all threads of its process. */
  readonly cpu: number;
}

/** Turns that do not count: code is compiled, connections are made. */
const WARM_UPS = 2;

/** So many rounds are taken, however slow the machine is. */
const LEAST_ROUNDS = 5;

/** Milliseconds after which no further round begins, so that all rows together take a few minutes. */
const TIME = 8_000;

/**
 * Lets contenders take turns, A B A B, so that whatever else the machine does hits them alike. The first turns of each
 * are for warming up and do not count.
 *
 * @param rounds - At most; fewer on a slow machine.
 */
export async function contest<Name extends string, T>(
  rounds: number,
  contenders: Readonly<Record<Name, Turn<T>>>,
): Promise<Readonly<Record<Name, readonly T[]>>> {
  const begun = performance.now();
  const isEnough = (taken: number): boolean =>
    taken >= rounds || (taken >= LEAST_ROUNDS && performance.now() - begun > TIME);
  const entries = Object.entries(contenders) as [Name, Turn<T>][];
  const taken = Object.fromEntries(entries.map(([name]) => [name, []])) as unknown as Record<Name, T[]>;
  for (let round = 0; !isEnough(round - WARM_UPS); round++) {
    for (const [name, turn] of entries) {
      const one = await turn();
      if (round >= WARM_UPS) taken[name].push(one);
    }
  }
  return taken;
}

/** How many turns somebody has had, if these were the rounds that count. */
export function turnsOf(rounds: readonly unknown[]): number {
  return WARM_UPS + rounds.length;
}

export function timed(work: () => Promise<unknown>): Turn<Round> {
  return async () => {
    const cpu = process.cpuUsage();
    const begun = performance.now();
    await work();
    const time = performance.now() - begun;
    const { user, system } = process.cpuUsage(cpu);
    return { time, cpu: (user + system) / 1_000 };
  };
}

/** The median of the ratios of neighbouring rounds. */
export function ratio(of: readonly Round[], to: readonly Round[], measure: keyof Round = 'time'): number {
  return medianRatio(
    of.map((round) => round[measure]),
    to.map((round) => round[measure]),
  );
}

export function medianRatio(of: readonly number[], to: readonly number[]): number {
  return median(of.map((value, index) => value / (to[index] ?? NaN)));
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
