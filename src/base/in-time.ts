import { awakeTimer } from './awake-timer';
import { SECOND } from './time';

/** Something did not answer in the time that it had. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  constructor(limit: number) {
    const rounded = Math.round(limit / 10) * 10;
    super(`no answer within ${limit < SECOND ? `${Math.round(limit)} ms` : `${rounded / SECOND} s`}`);
  }
}

/**
 * Waits for `work` for a limited time. Time in which the process was busy or suspended hardly counts, and an answer
 * that has come meanwhile is looked for once more before the time is over.
 *
 * @param limit - Milliseconds.
 * @param holdsProcess - Whether the process stays alive for it. False: nobody waits for the result.
 * @throws {NoAnswerError} It took longer. How it ends then is nobody's concern.
 */
export async function inTime<T>(work: Promise<T>, limit: number, holdsProcess = true): Promise<T> {
  let cancel: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    const giveUp = (): void => {
      // Timers come before the answers that wait to be read, this comes after.
      setImmediate(() => {
        reject(new NoAnswerError(limit));
      });
    };
    cancel = awakeTimer(limit, giveUp, holdsProcess);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    cancel?.();
  }
}
