import { types } from 'node:util';

/**
 * Whether something thrown is an error. `instanceof` alone does not tell: Jest gives each test file an `Error` of its
 * own, and the errors of Node itself are not made from it. `isNativeError` alone does not tell either: Node 20 does not
 * count the errors of an `AbortSignal`.
 */
function isError(thrown: unknown): thrown is Error {
  return thrown instanceof Error || types.isNativeError(thrown);
}

/** What is wrong, for people. */
export function problemOf(thrown: unknown): string {
  return isError(thrown) ? thrown.message : String(thrown);
}

/** The same for what `fetch` throws. It says "fetch failed", and the reason in its cause. */
export function fetchProblemOf(thrown: unknown): string {
  const cause = isError(thrown) && isError(thrown.cause) ? thrown.cause : thrown;
  // Of a host with several addresses, as localhost often has: an error for each, and no message of its own.
  const errors = isError(cause) && 'errors' in cause && Array.isArray(cause.errors) ? cause.errors : [];
  return problemOf(cause) || errors.map(problemOf).join(', ');
}
