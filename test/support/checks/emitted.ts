import type { AttachmentEvents, Report } from '../../../src/events/events';

type Emitted = {
  [Name in keyof AttachmentEvents]: { name: Name; event: AttachmentEvents[Name][0] };
}[keyof AttachmentEvents];

/** Keeps what is reported, in order. Milliseconds are never the same twice, so they are checked and left out. */
export function keepReports(): {
  report: Report;
  emitted: Emitted[];
  errors: () => Error[];
  names: () => string[];
} {
  const emitted: Emitted[] = [];
  const begun = performance.now();
  const report: Report = (name, ...[event]) => {
    emitted.push({ name, event: withoutMs(event, performance.now() - begun) } as Emitted);
  };
  return {
    report,
    emitted,
    errors: () => emitted.flatMap(({ name, event }) => (name === 'error' ? [event] : [])),
    names: () => emitted.map(({ name }) => name),
  };
}

function withoutMs(event: object, most: number): object {
  if (event instanceof Error || !('ms' in event)) return event;
  const { ms, ...rest } = event;
  if (typeof ms !== 'number' || ms < 0 || ms > most)
    throw new Error(`Expected up to ${most} milliseconds, got ${String(ms)}`);
  return rest;
}
