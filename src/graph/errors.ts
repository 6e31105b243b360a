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

/** What was asked of the platform when it failed: for messages like "Facebook refused to send image cats/tom.png". */
export interface Intent {
  readonly action: 'send' | 'upload' | 'look up';
  readonly asset: string;
}

const FAILED =
  'It may have been done all the same: Facebook documents sends that arrived although the call failed.';

/** What to do about it, by `code/subcode` or `code`. https://developers.facebook.com/docs/messenger-platform/error-codes */
const ADVICE: Readonly<Record<string, string>> = {
  '100/2018074': 'The attachment ID is invalid, has expired, or belongs to another page.',
  '100/2018008':
    'Facebook could not fetch the address: it must be public, have a valid certificate, answer within 10 s (video: 75 s), and hold at most 25 MB (image: 8 MB).',
  '100/2018294': 'Facebook could not fetch the video within 75 s, or it is corrupt.',
  '100/2018047': 'Check that the attachment type fits what the file or the address really holds.',
  '100/2018109': 'Attachments are limited to 25 MB, images from an address to 8 MB.',
  '190': 'The page access token is invalid or has expired: create a new one.',
  '1': FAILED,
  '2': FAILED,
  '4': 'The app has reached its rate limit.',
  '32': 'The page has reached its rate limit.',
  '613': 'The page has reached its rate limit.',
};

/**
 * Facebook answered, and the answer is an error.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (error instanceof GraphError) console.error(error.code, error.subcode, error.fbtraceId);
 * });
 *
 * @see https://developers.facebook.com/docs/messenger-platform/error-codes
 */
export class GraphError extends Error {
  override readonly name = 'GraphError';

  /** Facebook's error code, for example 100. */
  readonly code: number | undefined;
  /** Facebook's error subcode, for example 2018074: invalid attachment ID. */
  readonly subcode: number | undefined;
  /** Facebook's name for the kind of error, for example `OAuthException`. */
  readonly type: string | undefined;
  /** Facebook's support asks for this. */
  readonly fbtraceId: string | undefined;
  /** HTTP status of the answer. */
  readonly status: number;
  /** Facebook says that the same call may work later. */
  readonly isTransient: boolean;
  /** Milliseconds to wait before the next call, if the answer had a `Retry-After` header. */
  readonly retryAfter: number | undefined;
  /** The attachment that the call was about, without query string or credentials. */
  readonly asset: string;

  /** @internal */
  constructor(
    intent: Intent,
    status: number,
    body: GraphErrorBody,
    { retryAfter, secrets }: { retryAfter?: number | undefined; secrets?: readonly string[] } = {},
  ) {
    const { code, error_subcode: subcode } = body;
    const id = subcode === undefined ? `${code ?? `HTTP ${status}`}` : `${code ?? '?'}/${subcode}`;
    const advice = ADVICE[id] ?? ADVICE[String(code)];
    const said = redact(body.message, secrets).replace(/[.\s]+$/, '');
    const verb = status >= 500 || code === 1 || code === 2 ? 'failed' : 'refused';
    super(
      `Facebook ${verb} to ${intent.action} ${intent.asset}: ${said} [${id}].${advice ? ` ${advice}` : ''}`,
    );
    this.code = code;
    this.subcode = subcode;
    this.type = body.type;
    this.fbtraceId = body.fbtrace_id;
    this.status = status;
    this.isTransient = body.is_transient ?? false;
    this.retryAfter = retryAfter;
    this.asset = intent.asset;
  }
}

/**
 * `ERR_GRAPH_UNREACHABLE`: no connection, so the call was certainly not carried out.
 * `ERR_GRAPH_INTERRUPTED`: the connection broke or timed out after the call may have been carried out.
 * `ERR_GRAPH_BAD_ANSWER`: an answer came that is not the Graph API's (a proxy's page, cut JSON, no ID); the call may
 * have been carried out.
 */
export type TransportErrorCode = 'ERR_GRAPH_UNREACHABLE' | 'ERR_GRAPH_INTERRUPTED' | 'ERR_GRAPH_BAD_ANSWER';

/**
 * Facebook gave no answer, or none that can be understood.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (error instanceof TransportError && error.code === 'ERR_GRAPH_UNREACHABLE') console.error('Nothing was sent');
 * });
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  /** What is known of the call's fate. */
  readonly code: TransportErrorCode;
  /** HTTP status, if there was an answer. */
  readonly status: number | undefined;
  /** Milliseconds to wait before the next call, if the answer had a `Retry-After` header. */
  readonly retryAfter: number | undefined;
  /** The attachment that the call was about, without query string or credentials. */
  readonly asset: string;

  /** @internal */
  constructor(
    code: TransportErrorCode,
    intent: Intent,
    problem: string,
    { status, retryAfter }: { status?: number; retryAfter?: number | undefined } = {},
  ) {
    const consequence =
      code === 'ERR_GRAPH_UNREACHABLE'
        ? 'Nothing was sent. Check the network, the proxy and the adapter’s api_host.'
        : intent.action === 'send'
          ? 'The message may have arrived, so it is not sent again.'
          : 'The call may have been carried out.';
    super(`Could not ${intent.action} ${intent.asset}: ${problem}. ${consequence}`);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
    this.asset = intent.asset;
  }
}
