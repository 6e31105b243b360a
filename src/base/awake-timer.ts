/** In how many steps the time is counted. */
const STEPS = 10;

/**
 * A timer that counts time for which the process was running: a blocked event loop, or a process or machine that was
 * suspended, counts for one step of ten at most. Otherwise it would fire before answers that have arrived meanwhile are
 * read.
 *
 * @param ms - Milliseconds. It can take up to a tenth longer.
 * @returns Cancels it.
 */
export function awakeTimer(ms: number, onEnd: () => void): () => void {
  let steps = 0;
  const step = (): void => {
    steps += 1;
    if (steps === STEPS) onEnd();
    else timer = setTimeout(step, ms / STEPS);
  };
  let timer = setTimeout(step, ms / STEPS);
  return () => {
    clearTimeout(timer);
  };
}
