import { FacebookAttachmentsError, isFacebookAttachmentsError } from '../base/errors';
import { redact } from '../base/redact';

/** The error object in an answer of the Graph API, as far as it could be read. */
export interface GraphErrorBody {
  readonly message: string;
  readonly type?: string;
  readonly code?: number;
  readonly error_subcode?: number;
  readonly is_transient?: boolean;
  readonly fbtrace_id?: string;
}

/** Facts that are not in the body of the answer. */
interface GraphErrorExtras {
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
  /** Strings that must not be quoted. */
  readonly secrets?: readonly string[];
  /** Did the call carry an `appsecret_proof`? */
  readonly hasProof?: boolean;
}

/** The purpose of a call in error messages: "Facebook refused to send image cats/tom.png". */
export interface CallPurpose {
  readonly action: 'send' | 'upload' | 'look up' | 'call';
  /** The attachment's label, or the method and the path of the call; without query string or credentials. */
  readonly asset: string;
}

const MAY_BE_DONE =
  'The fault is temporary. The call may have been carried out anyway: according to Facebook, a message can arrive although the call failed.';

const PAGE_LIMIT = 'The page has reached its rate limit.';

/**
 * What to do about it, by `code/subcode` or `code`. https://developers.facebook.com/docs/messenger-platform/error-codes
 */
const ADVICE: Readonly<Record<string, string>> = {
  '100/2018074': 'The attachment ID is invalid, has expired, or belongs to another page.',
  '100/2018008':
    'Facebook could not fetch the address: it must be public, have a valid certificate, answer within 10 s (video: 75 s), and have at most 25 MB (image: 8 MB).',
  '100/2018294': 'Facebook could not fetch the video within 75 s, or it is corrupt.',
  '100/2018047': 'Check that the attachment type matches the content of the file or address.',
  '100/2018109': 'Attachments are limited to 25 MB, images from an address to 8 MB.',
  '546': 'Facebook does not accept files of this type.',
  '102': 'The access token’s session is invalid or has ended. Create a new token.',
  '190': 'The page access token is invalid or has expired. Create a new one.',
  '200': 'The app or the token lacks a permission, usually pages_messaging.',
  // Facebook has discontinued all other tags.
  '10/2018278':
    'The person wrote more than 24 hours ago: they must write first, or the message needs a tag (messaging_type: "MESSAGE_TAG", tag: "HUMAN_AGENT").',
  '10/1893063': 'Facebook does not allow this for the app. Sending it again does not help.',
  '1': MAY_BE_DONE,
  '2': MAY_BE_DONE,
  '1200': MAY_BE_DONE,
  '4': 'The app has reached its rate limit.',
  '17': 'The user of the token has reached a rate limit.',
  '32': PAGE_LIMIT,
  '341': 'The app has reached a limit. Try again later.',
  '368': 'Facebook has blocked this temporarily because of its policies.',
  '613': PAGE_LIMIT,
  '80001': PAGE_LIMIT,
  '80002': PAGE_LIMIT,
  '80006': PAGE_LIMIT,
};

const PROOF_ADVICE =
  'Check that the app secret belongs to the app of the access token. Facebook accepts only the right appsecret_proof or none.';

const NO_SECRET_ADVICE =
  'No app secret is set, but the app requires a proof with each call (“Require App Secret” in its settings). Set `app_secret` of the adapter, `appSecret` of `connect`, or FACEBOOK_APP_SECRET for the command-line tool.';

/** "failed": it is unknown whether the call had an effect. "refused": it had none. */
const FAILURE_CODES: ReadonlySet<number | undefined> = new Set([1, 2, 1200]);

/**
 * Facebook answered with an error.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (error instanceof GraphError) console.error(error.code, error.subcode, error.fbtraceId);
 * });
 *
 * @see https://developers.facebook.com/docs/messenger-platform/error-codes
 */
export class GraphError extends FacebookAttachmentsError {
  override readonly name = 'GraphError';

  /** Facebook's error code, for example 100. */
  readonly code: number | undefined;
  /** Facebook's error subcode, for example 2018074: invalid attachment ID. */
  readonly subcode: number | undefined;
  /** Facebook's name for the kind of error, for example `OAuthException`. */
  readonly type: string | undefined;
  /** The ID that Facebook's support asks for. */
  readonly fbtraceId: string | undefined;
  /** HTTP status of the answer. */
  readonly status: number;
  /** Facebook says that the same call may work later. */
  readonly isTransient: boolean;
  /** Milliseconds to wait before the next call, if the answer had a `Retry-After` header. */
  readonly retryAfter: number | undefined;
  /** What the call was about: the attachment, or method and path; without query string or credentials. */
  readonly asset: string;

  /** @internal */
  constructor(
    { action, asset }: CallPurpose,
    status: number,
    body: GraphErrorBody,
    { retryAfter, secrets, hasProof = true }: GraphErrorExtras = {},
  ) {
    const { code, error_subcode: subcode, type, fbtrace_id: fbtraceId } = body;
    const id = subcode === undefined ? `${code ?? `HTTP ${status}`}` : `${code ?? '?'}/${subcode}`;
    const advice = isProofError({ code, subcode, type })
      ? hasProof
        ? PROOF_ADVICE
        : NO_SECRET_ADVICE
      : (ADVICE[id] ?? ADVICE[String(code)]);
    const said = redact(body.message, secrets).replace(/[.\s]+$/, '');
    const verb = status >= 500 || FAILURE_CODES.has(code) ? 'failed' : 'refused';
    super(`Facebook ${verb} to ${action} ${asset}: ${said} [${id}].${advice ? ` ${advice}` : ''}`);
    this.code = code;
    this.subcode = subcode;
    this.type = type === undefined ? undefined : redact(type, secrets);
    this.fbtraceId = fbtraceId === undefined ? undefined : redact(fbtraceId, secrets);
    this.status = status;
    this.isTransient = body.is_transient ?? false;
    this.retryAfter = retryAfter;
    this.asset = asset;
  }
}

/**
 * Facebook objects to the call itself, usually because its `appsecret_proof` is missing or wrong. There is no separate
 * code for this.
 */
export function isProofError({
  code,
  subcode,
  type,
}: Pick<GraphError, 'code' | 'subcode' | 'type'>): boolean {
  return code === 100 && subcode === undefined && type === 'GraphMethodException';
}

/**
 * - `ERR_GRAPH_UNREACHABLE`: there was no connection, so the call was not carried out.
 * - `ERR_GRAPH_STALLED`: too many calls were in flight, and none of them got an answer, so this one was not started.
 * - `ERR_GRAPH_INTERRUPTED`: the connection broke or timed out. The call may have been carried out.
 * - `ERR_GRAPH_BAD_ANSWER`: the answer is not from the Graph API (a proxy's page, incomplete JSON, no ID). The call may
 *   have been carried out.
 */
export type TransportErrorCode =
  'ERR_GRAPH_UNREACHABLE' | 'ERR_GRAPH_STALLED' | 'ERR_GRAPH_INTERRUPTED' | 'ERR_GRAPH_BAD_ANSWER';

const UNREACHABLE_ADVICE = 'Check the network, the proxy and the host of the Graph API.';

/** Facts about a call without a valid answer. */
interface TransportErrorExtras {
  readonly status?: number;
  /** Milliseconds. */
  readonly retryAfter?: number | undefined;
  /** What to do about it, if the cause is known. */
  readonly advice?: string | undefined;
}

/**
 * There was no answer from Facebook, or it was not valid.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (error instanceof TransportError && error.code === 'ERR_GRAPH_UNREACHABLE') console.error('Nothing was sent');
 * });
 */
export class TransportError extends FacebookAttachmentsError {
  override readonly name = 'TransportError';

  /** What is known about the call. */
  readonly code: TransportErrorCode;
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined;
  /** Milliseconds to wait before the next call, if the answer had a `Retry-After` header. */
  readonly retryAfter: number | undefined;
  /** What the call was about: the attachment, or method and path; without query string or credentials. */
  readonly asset: string;

  /** @internal */
  constructor(
    code: TransportErrorCode,
    { action, asset }: CallPurpose,
    problem: string,
    { status, retryAfter, advice }: TransportErrorExtras = {},
  ) {
    super(`Could not ${action} ${asset}: ${problem}. ${consequenceOf(code, action, advice)}`);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
    this.asset = asset;
  }
}

/**
 * Is it a GraphError? Unlike `instanceof`, it also recognises errors of another installed copy.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (isGraphError(error) && error.code === 190) console.error('The access token has expired');
 * });
 */
export function isGraphError(error: unknown): error is GraphError {
  return isFacebookAttachmentsError(error) && error.name === 'GraphError';
}

/** Is it a TransportError? Unlike `instanceof`, it also recognises errors of another installed copy. */
export function isTransportError(error: unknown): error is TransportError {
  return isFacebookAttachmentsError(error) && error.name === 'TransportError';
}

function consequenceOf(
  code: TransportErrorCode,
  action: CallPurpose['action'],
  advice: string | undefined,
): string {
  if (code === 'ERR_GRAPH_UNREACHABLE') return `Nothing was sent. ${advice ?? UNREACHABLE_ADVICE}`;
  if (code === 'ERR_GRAPH_STALLED') return 'Nothing was sent.';
  const consequence =
    action === 'send'
      ? 'The message may have arrived, so it is not sent again.'
      : 'The call may have been carried out.';
  return advice === undefined ? consequence : `${consequence} ${advice}`;
}
