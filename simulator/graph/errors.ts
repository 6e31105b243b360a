/**
 * The Graph API's errors, in the words of its documents where they give any.
 * https://developers.facebook.com/docs/messenger-platform/reference/send-api/error-codes
 */

export interface GraphErrorBody {
  message: string;
  type: string;
  code: number;
  error_subcode?: number;
  is_transient?: boolean;
  fbtrace_id: string;
}

interface GraphErrorDetails {
  subcode?: number | undefined;
  type?: string;
  status?: number;
  isTransient?: boolean | undefined;
  reason?: string;
}

export class GraphError extends Error {
  readonly code: number;
  readonly status: number;
  /** For the log of calls: what the simulator knows and the platform does not tell. */
  readonly reason: string | undefined;
  readonly #details: GraphErrorDetails;

  constructor(code: number, message: string, details: GraphErrorDetails = {}) {
    super(message);
    this.name = 'GraphError';
    this.code = code;
    this.status = details.status ?? 400;
    this.reason = details.reason;
    this.#details = details;
  }

  /** The body of the platform's answer. */
  body(): { error: GraphErrorBody } {
    const { subcode, isTransient, type = 'OAuthException' } = this.#details;
    return {
      error: {
        message: this.message,
        type,
        code: this.code,
        ...(subcode !== undefined && { error_subcode: subcode }),
        ...(isTransient !== undefined && { is_transient: isTransient }),
        fbtrace_id: traceId(),
      },
    };
  }
}

/** A parameter that is missing or wrong, where the documents name no subcode. */
export const invalidParameter = (message: string) => new GraphError(100, `(#100) ${message}`);

/** jgorset/facebook-messenger#107 */
export const invalidKeys = (keys: readonly string[], name: string) =>
  invalidParameter(`Invalid keys "${keys.join(', ')}" were found in param "${name}"`);

const messengerError = (code: number, subcode: number, message: string, reason?: string) =>
  new GraphError(code, `(#${code}) ${message}`, { subcode, ...(reason !== undefined && { reason }) });

export const invalidToken = () => new GraphError(190, 'Invalid OAuth access token.');

const proofError = (message: string) => new GraphError(100, message, { type: 'GraphMethodException' });

export const invalidProof = () => proofError('Invalid appsecret_proof provided in the API argument');

/** Issues of several SDKs. */
export const missingProof = () => proofError('API calls from the server require an appsecret_proof argument');

export const unknownObject = (method: string, id: string) =>
  new GraphError(
    100,
    `Unsupported ${method.toLowerCase()} request. Object with ID '${id}' does not exist, cannot be loaded due to ` +
      'missing permissions, or does not support this operation. Please read the Graph API documentation at ' +
      'https://developers.facebook.com/docs/graph-api',
    { subcode: 33, type: 'GraphMethodException' },
  );

export const unknownPath = (path: string) => new GraphError(2500, `Unknown path components: ${path}`);

export const unknownUser = () => messengerError(100, 2018001, 'No matching user found');

/** pimax/fb-messenger-php#90 */
export const menuWithoutGetStarted = () =>
  messengerError(100, 2018145, 'You must set a Get Started button if you also wish to use persistent menu.');

/** graph-api/reference/page/messages */
export const alreadyAnswered = () => new GraphError(10900, '(#10900) Activity already replied to');

/** bottenderjs/messaging-apis#223 and #334: bytes without a file name. */
export const wrongFileCount = () => messengerError(100, 2018005, 'Incorrect number of files uploaded');

/** Both in the tests of client libraries (koala, facepy), without a code. */
const invalidBatch = (message: string) => new GraphError(100, message, { type: 'GraphBatchException' });

export const batchTooLarge = (max: number) =>
  invalidBatch(`Too many requests in batch message. Maximum batch size is ${max}`);

export const unresolvedRequest = (at: number, name: string) =>
  invalidBatch(
    `Request ${at} cannot depend on an unresolved request with name ${name}. Requests can only depend on preceding ` +
      'requests',
  );

export const userUnavailable = () =>
  messengerError(551, 1545041, "This person isn't available at the moment.");

/** Seen in error bodies of several SDKs, and in chatwoot/chatwoot#14674. */
export const outsideWindow = () =>
  messengerError(10, 2018278, 'This message is sent outside of allowed window.');

/** error-codes: 2018300; as error bodies in public repositories have it. */
export const threadControlled = () =>
  messengerError(10, 2018300, 'Message failed to send because another app is controlling this thread now.');

export const emptyMessage = () =>
  messengerError(100, 2018034, 'Message cannot be empty, must provide valid attachment or text');

/** Text beside an attachment: conbus/fbmq#19, and error bodies with trace IDs in several SDKs. */
export const onlyOneContent = () =>
  messengerError(100, 2018191, 'Only one of the text, attachment, and dynamic_text fields can be specified');

export const invalidAttachmentId = () =>
  messengerError(100, 2018074, 'Possible invalid ID or you do not own the attachment.');

/** microsoft/botframework-sdk#2542: shorter than the documents have it. */
export const urlNotFetched = (reason?: string) =>
  messengerError(100, 2018008, 'Failed to fetch the file from the url', reason);

export const videoTimedOut = () =>
  messengerError(
    100,
    2018294,
    "Video upload timed out or video is corrupted. Note that if the video can't be fetched within 75 seconds, it " +
      'will time out',
  );

/** maciekmm/messenger-platform-go-sdk#36: shorter than the documents have it. */
export const uploadFailed = () => messengerError(100, 2018047, 'Upload attachment failure.');

export const attachmentTooLarge = () =>
  messengerError(100, 2018109, 'Attachment size exceeds allowable limit');

/** Without an attachment. The platform's own limits and wording are not published. */
export const bodyTooLarge = () =>
  invalidParameter(
    'The body of the request is too large: JSON, a form or a field may have 5 MB, a whole body 64 MB',
  );

/** graph-api/overview/rate-limiting: 80006 is Messenger's */
export const rateLimited = () =>
  new GraphError(
    80006,
    '(#80006) There have been too many calls to this Messenger account. Wait a bit and try again.',
  );

export const unexpected = () => new GraphError(1, 'An unknown error occurred', { status: 500 });

const WITH_A_CODE_OF_THEIR_OWN = [
  invalidToken,
  unknownUser,
  menuWithoutGetStarted,
  alreadyAnswered,
  wrongFileCount,
  userUnavailable,
  outsideWindow,
  threadControlled,
  emptyMessage,
  onlyOneContent,
  invalidAttachmentId,
  urlNotFetched,
  videoTimedOut,
  uploadFailed,
  attachmentTooLarge,
  rateLimited,
  unexpected,
].map((error) => error().body().error);

/** The message of an error, if the simulator has one with this code and subcode. */
export function messageOf(code: number, subcode: number | undefined): string | undefined {
  const known = WITH_A_CODE_OF_THEIR_OWN.find((one) => one.code === code && one.error_subcode === subcode);
  return known?.message;
}

export function traceId(): string {
  let id = 'A';
  while (id.length < 11) id += Math.random().toString(36).slice(2);
  return id.slice(0, 11);
}
