import { SECOND } from './time';

/** Something did not answer in the time that it had. */
export class NoAnswerError extends Error {
  override readonly name = 'NoAnswerError';

  constructor(limit: number) {
    super(`no answer within ${limit < SECOND ? `${limit} ms` : `${limit / SECOND} s`}`);
  }
}

/**
 * @param limit - Milliseconds.
 * @param holdsProcess - Whether the process stays alive for it. False: nobody waits for the result.
 * @throws {NoAnswerError} It took longer. How it ends then is nobody's concern.
 */
export async function inTime<T>(work: Promise<T>, limit: number, holdsProcess = true): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswerError(limit));
    }, limit);
    if (!holdsProcess) timer.unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
