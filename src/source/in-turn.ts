import { toError } from '../base/errors';

/** For how long work takes up the event loop at a time, all of it together. Milliseconds. */
const TIME_SLICE = 5;

const waiting: (() => void)[] = [];

/**
 * Does a piece of work that takes up to a millisecond or so, when it is its turn. However much there is to do, the
 * event loop gets its own turns in between.
 *
 * @throws What `work` throws.
 */
export function inTurn<T>(work: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.push(() => {
      try {
        resolve(work());
      } catch (error) {
        reject(toError(error));
      }
    });
    if (waiting.length === 1) setImmediate(takeTurns);
  });
}

function takeTurns(): void {
  const begun = performance.now();
  do waiting.shift()?.();
  while (waiting.length > 0 && performance.now() - begun < TIME_SLICE);
  if (waiting.length > 0) setImmediate(takeTurns);
}
