import { Agent, type Dispatcher } from 'undici';

const CONTROLLER: Dispatcher.DispatchController = {
  aborted: false,
  paused: false,
  reason: null,
  rawHeaders: [],
  rawTrailers: [],
  abort: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
};

/**
 * A dispatcher that answers each call of the platform at once and keeps nothing, so that what grows is the plugin's.
 */
export function instantPlatform(): Dispatcher {
  let ids = 0;
  const answer = (path: string): object => {
    if (path.includes('/message_attachments')) return { attachment_id: `${++ids}` };
    if (path.includes('/messages')) return { recipient_id: '7001', message_id: 'm_1' };
    return { id: '1001' };
  };
  // An interceptor that passes nothing on is given every kind of handler as one of the newer kind.
  return new Agent().compose(() => ({ path }, handler) => {
    const body = Buffer.from(JSON.stringify(answer(path)));
    setImmediate(() => {
      handler.onRequestStart?.(CONTROLLER, {});
      handler.onResponseStart?.(CONTROLLER, 200, { 'content-type': 'application/json' }, 'OK');
      handler.onResponseData?.(CONTROLLER, body);
      handler.onResponseEnd?.(CONTROLLER, {});
    });
    return true;
  });
}
