import type { ErrorContext } from '../../../src/base/errors';
import type { AttachmentEvents, Report } from '../../../src/events/events';

type RecordedEvent = {
  [Name in keyof AttachmentEvents]: { name: Name; event: AttachmentEvents[Name][0] };
}[keyof AttachmentEvents];

/** Records what is reported, in order. Milliseconds are never the same twice, so they are checked and left out. */
export function recordEvents(): {
  report: Report;
  events: RecordedEvent[];
  errors: () => Error[];
  names: () => string[];
  /** What was told beside the errors, in their order. */
  contexts: () => ErrorContext[];
} {
  const events: RecordedEvent[] = [];
  const contexts: ErrorContext[] = [];
  const begun = performance.now();
  const report: Report = (name, ...[event, context]) => {
    if (name === 'error' && context) contexts.push(context);
    events.push({ name, event: withoutMs(event, performance.now() - begun) } as RecordedEvent);
  };
  return {
    report,
    events,
    errors: () => events.flatMap(({ name, event }) => (name === 'error' ? [event] : [])),
    names: () => events.map(({ name }) => name),
    contexts: () => contexts,
  };
}

function withoutMs(event: object, most: number): object {
  if (event instanceof Error || !('ms' in event)) return event;
  const { ms, ...rest } = event;
  if (typeof ms !== 'number' || ms < 0 || ms > most)
    throw new Error(`Expected up to ${most} milliseconds, got ${String(ms)}`);
  return rest;
}
