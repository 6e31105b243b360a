import { GraphError, isProofError, TransportError } from './errors';

/**
 * What an error says about the call that met it, and so what may be done next:
 *
 * | verdict | means | a send | an upload |
 * | --- | --- | --- | --- |
 * | `dead-id` | the attachment ID is invalid, expired or another page's | may go again without that ID | |
 * | `unreached` | no connection was established | may go again | may go again |
 * | `hopeless` | this content, this token or this app fails the same way every time | report it | report it: one step would fail too |
 * | `rate-limited` | the platform says stop | report it | send in one step instead; uploads pause, see `UploadPause` |
 * | `busy` | a temporary fault | report it: according to Facebook, it may have arrived | may go again |
 * | `unknown` | it may have been carried out | report it, never again | may go again: a second ID does no harm |
 * | `refused` | anything else, also a call that waited too long for its place | report it | send in one step instead |
 */
export type Verdict = 'dead-id' | 'unreached' | 'hopeless' | 'rate-limited' | 'busy' | 'unknown' | 'refused';

type Code = number | undefined;

/** What Facebook says about the content or its address: 2018008 not fetched, 2018047 wrong type, 2018109 too large … */
const NOT_FETCHED = 2018008;
const CONTENT_SUBCODES: ReadonlySet<Code> = new Set([NOT_FETCHED, 2018047, 2018109, 2018294]);
/** Of these, what the platform answers now and then to an address that is good. */
const FETCH_SUBCODES: ReadonlySet<Code> = new Set([NOT_FETCHED, 2018047]);
const INVALID_ID = 2018074;
const TYPE_NOT_ALLOWED = 546;
/** Session ended, token invalid or expired. */
const TOKEN_CODES: ReadonlySet<Code> = new Set([102, 190]);
const MISSING_PERMISSION = 200;
const RATE_LIMIT_CODES: ReadonlySet<Code> = new Set([4, 17, 32, 341, 368, 613, 80001, 80002, 80006]);
const TOO_MANY_REQUESTS = 429;
const BUSY_CODES: ReadonlySet<Code> = new Set([1, 2, 1200]);

/** The one place that decides whether a call may be made again. */
export function verdictOn(error: unknown): Verdict {
  if (error instanceof TransportError) return verdictOnTransport(error);
  if (!(error instanceof GraphError)) return 'refused';
  const { code, subcode, status } = error;
  if (code === 100 && subcode === INVALID_ID && isClientError(status)) return 'dead-id';
  if (isHopeless(error)) return 'hopeless';
  if (RATE_LIMIT_CODES.has(code) || status === TOO_MANY_REQUESTS) return 'rate-limited';
  if (BUSY_CODES.has(code) || error.isTransient || status >= 500) return 'busy';
  return 'refused';
}

/**
 * Whom a refused upload concerns besides the message that met it. `attempt`: everybody who would try the same content
 * or address in the same way. `token`: every upload with this token. Undefined: nobody.
 */
export function refusalScope(error: unknown): 'attempt' | 'token' | undefined {
  if (!(error instanceof GraphError)) return undefined;
  if (TOKEN_CODES.has(error.code)) return 'token';
  return isAboutContent(error) ? 'attempt' : undefined;
}

/** May an upload that failed so be tried again? */
export function mayUploadAgain(error: unknown): boolean {
  return ['unreached', 'busy', 'unknown'].includes(verdictOn(error));
}

/** May an upload from a web address that failed so be tried once more? The platform's fetching fails intermittently. */
export function mayFetchAgain(error: unknown): boolean {
  return error instanceof GraphError && error.code === 100 && FETCH_SUBCODES.has(error.subcode);
}

/**
 * Has a send by ID failed because of the ID? Then it may go again without that ID. An error about the content can mean
 * nothing else there, because the content did not go along.
 */
export function isIdRefused(error: unknown): boolean {
  return verdictOn(error) === 'dead-id' || isContentRefused(error);
}

/**
 * Has the platform refused a send because of the content that it carries, or of its address? Then it has sent nothing.
 */
export function isContentRefused(error: unknown): boolean {
  if (!(error instanceof GraphError) || !isClientError(error.status)) return false;
  return error.code === 100 && CONTENT_SUBCODES.has(error.subcode);
}

/** Has the platform refused a send because it could not fetch the address? Then the content may go instead. */
export function isNotFetched(error: unknown): boolean {
  return isContentRefused(error) && (error as GraphError).subcode === NOT_FETCHED;
}

/** May a send that failed so be tried again, just as it is? */
export function maySendAgain(error: unknown): boolean {
  return verdictOn(error) === 'unreached';
}

function verdictOnTransport({ code, status }: TransportError): Verdict {
  if (code === 'ERR_GRAPH_UNREACHABLE') return 'unreached';
  if (code === 'ERR_GRAPH_STALLED') return 'refused';
  if (status === TOO_MANY_REQUESTS) return 'rate-limited';
  return (status ?? 0) >= 500 ? 'busy' : 'unknown';
}

function isHopeless(error: GraphError): boolean {
  const { code, subcode } = error;
  if (TOKEN_CODES.has(code) || code === MISSING_PERMISSION) return true;
  if (code === 10 && subcode === 1893063) return true;
  return isAboutContent(error) || isProofError(error);
}

function isAboutContent({ code, subcode }: GraphError): boolean {
  return code === TYPE_NOT_ALLOWED || (code === 100 && CONTENT_SUBCODES.has(subcode));
}

/** With any other status, the platform may have sent the message. */
function isClientError(status: number): boolean {
  return status >= 400 && status < 500;
}
