/** In how many steps the time is counted. */
const STEPS = 10;

/**
 * A timer that counts time for which the process was running: a blocked event loop, or a process or machine that was
 * suspended or had no processor, counts for one step of ten at most. Otherwise it would fire before answers that have
 * arrived meanwhile are read.
 *
 * @param ms - Milliseconds. While other work delays each turn of the event loop, it takes up to ten such delays longer.
 * @param holdsProcess - Whether the process stays alive for it.
 * @returns Cancels it.
 */
export function awakeTimer(ms: number, onEnd: () => void, holdsProcess = true): () => void {
  // A timer takes a millisecond at least.
  const steps = Math.min(STEPS, Math.max(1, Math.floor(ms)));
  let done = 0;
  const timer = setTimeout(() => {
    done += 1;
    if (done === steps) onEnd();
    else timer.refresh();
  }, ms / steps);
  if (!holdsProcess) timer.unref();
  return () => {
    clearTimeout(timer);
  };
}
