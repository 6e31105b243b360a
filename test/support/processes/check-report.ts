/** What happened in a check, for the end of its line. */
export type Note = (text: string) => void;

/** Thrown by a check that cannot be made here. */
class Skip extends Error {}

type Outcome = 'passed' | 'failed' | 'skipped';

/** Checks outside of mocha: a line for each, and the counts at the end. */
export class CheckReport {
  readonly #counts: Record<Outcome, number> = { passed: 0, failed: 0, skipped: 0 };

  /** Makes a check. Undefined: it failed or was skipped, and the report says why. */
  async check<T>(name: string, work: (note: Note) => Promise<T> | T): Promise<T | undefined> {
    const begun = performance.now();
    let remark = '';
    let result: T | undefined;
    let outcome: Outcome = 'passed';
    try {
      result = await work((text) => (remark = text));
    } catch (error) {
      outcome = error instanceof Skip ? 'skipped' : 'failed';
      remark = error instanceof Error ? error.message : String(error);
    }
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    this.#counts[outcome]++;
    console.log(`${outcome.padEnd(7)}  ${seconds.padStart(6)} s  ${name}${remark && `: ${remark}`}`);
    return result;
  }

  /** Prints the last line. Returns the exit code. */
  end(): number {
    const { passed, failed, skipped } = this.#counts;
    console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
    return failed > 0 ? 1 : 0;
  }
}
