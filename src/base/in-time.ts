import { SECOND } from './time';

/** Something did not answer in the time that it had. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  constructor(limit: number) {
    super(`no answer within ${limit < SECOND ? `${limit} ms` : `${limit / SECOND} s`}`);
  }
}

/**
 * Waits for `work` for a limited time. An answer that has come while the process was busy counts: it is looked for once
 * more before the time is over.
 *
 * @param limit - Milliseconds.
 * @param holdsProcess - Whether the process stays alive for it. False: nobody waits for the result.
 * @throws {NoAnswerError} It took longer. How it ends then is nobody's concern.
 */
export async function inTime<T>(work: Promise<T>, limit: number, holdsProcess = true): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      // Timers come before the answers that wait to be read, this comes after.
      setImmediate(() => {
        reject(new NoAnswerError(limit));
      });
    }, limit);
    if (!holdsProcess) timer.unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
