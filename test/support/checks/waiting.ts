import { setTimeout as wait } from 'node:timers/promises';

/** Waits until something holds; the machine may be busy, so the limit is generous. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limit = 20_000,
): Promise<void> {
  const end = performance.now() + limit;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Not within ${limit} ms: ${what}`);
    await wait(10);
  }
}

/** Fails, instead of waiting for ever, when something takes longer than it may. */
export async function inTime<T>(what: string, work: Promise<T>, limit: number): Promise<T> {
  const timer = new AbortController();
  const late = wait(limit, undefined, { signal: timer.signal }).then((): never => {
    throw new Error(`Not within ${limit} ms: ${what}`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}
