import { setTimeout as wait } from 'node:timers/promises';
import { GraphError, TransportError } from './errors';

export interface RetryOptions {
  /** How many times to try in all. */
  readonly attempts: number;
  readonly mayTryAgain: (error: unknown) => boolean;
  /** Nobody waits for it, so its pauses do not keep the process alive. */
  readonly background?: boolean;
}

/** Milliseconds before the second try at most; doubled for each further one. */
const FIRST_DELAY = 500;

/** Milliseconds. If the platform asks for a longer wait, there is no further try: somebody waits for the message. */
const LONGEST_DELAY = 30_000;

/**
 * Tries until it works, with a growing, random pause in between, so that processes that failed together do not come
 * back together. A `Retry-After` in the answer is honoured.
 */
export async function retry<T>(
  work: (attempt: number) => Promise<T>,
  { attempts, mayTryAgain, background = false }: RetryOptions,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= attempts || !mayTryAgain(error)) throw error;
      const asked = askedDelay(error);
      if (asked > LONGEST_DELAY) throw error;
      await wait(asked + Math.random() * delayBefore(attempt), undefined, { ref: !background });
    }
  }
}

function delayBefore(attempt: number): number {
  return Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY);
}

function askedDelay(error: unknown): number {
  return (error instanceof GraphError || error instanceof TransportError ? error.retryAfter : undefined) ?? 0;
}
