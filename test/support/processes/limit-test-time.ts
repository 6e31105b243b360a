/**
 * Loaded by mocha for the mutation tests, whose runner switches mocha's own limit off: a change after which a promise
 * never settles then fails its test, instead of ending the process, which takes half a minute to start.
 */

/** Milliseconds; the slowest of these tests takes 10 s. */
const LIMIT = 15_000;

export const mochaHooks = {
  beforeEach(this: Mocha.Context): void {
    this.currentTest?.timeout(LIMIT);
  },
};
