/** Runs test files in a process of its own, and tells how many tests passed, failed and were skipped. */
import Mocha from 'mocha';

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const mocha = new Mocha({ forbidOnly: true });
for (const file of process.argv.slice(2)) mocha.addFile(file);
const runner = mocha.run();
runner.once('end', () => {
  const { passes = 0, failures = 0, pending = 0 } = runner.stats ?? {};
  const counts: Counts = { passed: passes, failed: failures, skipped: pending };
  // Pools of the adapters may still have connections, which keep a process alive.
  process.send?.(counts, () => process.exit());
});
