import { GraphError, TransportError } from './errors';

/**
 * What an error says about the call that met it, and so what may be done next:
 *
 * | verdict | means | a send | an upload |
 * | --- | --- | --- | --- |
 * | `dead-id` | the attachment ID is invalid, expired or another page's | may go again without that ID | |
 * | `unreached` | no connection came up | may go again | may go again |
 * | `hopeless` | this asset or this token fails the same way every time | report it | report it: one step would fail too |
 * | `busy` | a rate limit or a temporary fault | report it: Facebook documents sends that arrived although the call failed | may go again |
 * | `unknown` | it may have been carried out | report it, never again | may go again: a second ID does no harm |
 * | `refused` | anything else | report it | send in one step instead |
 */
export type Verdict = 'dead-id' | 'unreached' | 'hopeless' | 'busy' | 'unknown' | 'refused';

const INVALID_TOKEN = 190;
const HOPELESS_SUBCODES: ReadonlySet<number | undefined> = new Set([2018008, 2018047, 2018109, 2018294]);
const BUSY_CODES: ReadonlySet<number | undefined> = new Set([1, 2, 4, 17, 32, 613, 1200]);
const TOO_MANY_REQUESTS = 429;

/** The one place that decides whether a call may be made again. */
export function verdictOn(error: unknown): Verdict {
  if (error instanceof TransportError) {
    if (error.code === 'ERR_GRAPH_UNREACHABLE') return 'unreached';
    return error.status !== undefined && isBusyStatus(error.status) ? 'busy' : 'unknown';
  }
  if (!(error instanceof GraphError)) return 'refused';
  if (error.code === 100 && error.subcode === 2018074) return 'dead-id';
  if (error.code === INVALID_TOKEN) return 'hopeless';
  if (error.code === 100 && HOPELESS_SUBCODES.has(error.subcode)) return 'hopeless';
  if (error.isTransient || BUSY_CODES.has(error.code) || isBusyStatus(error.status)) return 'busy';
  return 'refused';
}

/** May an upload that failed so be tried again? */
export function mayUploadAgain(error: unknown): boolean {
  return ['unreached', 'busy', 'unknown'].includes(verdictOn(error));
}

/** May a send that failed so be tried again, just as it is? */
export function maySendAgain(error: unknown): boolean {
  return verdictOn(error) === 'unreached';
}

function isBusyStatus(status: number): boolean {
  return status === TOO_MANY_REQUESTS || status >= 500;
}
