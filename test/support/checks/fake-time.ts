import sinon, { type SinonFakeTimers } from 'sinon';

/** Time that stands still until a test moves it on: the clock, timers, and what lru-cache goes by. */
export function fakeTime(now = Date.UTC(2026, 0, 1)): SinonFakeTimers {
  const clock = sinon.useFakeTimers({
    now,
    toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'],
  });
  // lru-cache keeps the object, so a new one in its place would not reach it; and it takes 0 for no time.
  sinon.stub(performance, 'now').callsFake(() => clock.now - now + 1);
  return clock;
}

/** Timers that the end of the process would wait for. */
export function countActiveTimers(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}
