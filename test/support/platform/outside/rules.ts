/** Which call: `POST …/message_attachments`, `POST …/messages`, `GET …/me`. */
export type CallName = 'upload' | 'send' | 'page';

/** How the content of a call arrives: with it, from an address, by an ID, or there is none. */
export type Content = 'file' | 'url' | 'id' | 'none';

/** The body of an error, without the envelope. */
export interface ErrorBody {
  readonly message: string;
  readonly code: number;
  readonly error_subcode?: number;
  readonly is_transient?: boolean;
  /** Default: `OAuthException`. `null`: none, as some bodies have it. */
  readonly type?: string | null;
}

/** What the platform does with certain calls. The first rule that fits is followed. */
export interface Rule {
  readonly call: CallName;
  /** Default: every page. */
  readonly page?: string;
  /** Default: any. */
  readonly content?: Content;
  /** How many calls it is for. Default: all. */
  readonly times?: number;
  /** The call is refused. Default: it succeeds. */
  readonly error?: ErrorBody;
  /** HTTP status of `error`. Default: 400. */
  readonly status?: number;
  /** Answers before the file has arrived, and goes on reading it. Default: after the body. */
  readonly early?: boolean;
  /** Headers of the answer, whether it is an error or not. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Milliseconds between the end of the body and the answer. */
  readonly delay?: number;
  /** `'answer'`: reads the body and never answers. `'body'`: stops reading where the file begins. */
  readonly hang?: 'answer' | 'body';
  /** How fast a file is read. Default: as fast as it comes. */
  readonly bytesPerSecond?: number;
}

/** What the platform has seen since its last `reset`. */
export interface Counts {
  /** Messages that were delivered. */
  readonly messages: number;
  /** How many people they went to. */
  readonly recipients: number;
  /** The most that one of them got. */
  readonly most: number;
  /** Delivered messages by how their content arrived. */
  readonly delivered: Readonly<Record<Content, number>>;
  /** Delivered messages with a file of another size than `expectedBytes`. */
  readonly wrongSize: number;
  /** Calls that were begun, refused ones and those without an answer included. */
  readonly calls: Readonly<Record<CallName, number>>;
  /** Bytes of files that arrived, in whatever call. */
  readonly fileBytes: number;
  /** The most connections that were open at once. */
  readonly mostConnections: number;
  /** Requests that made no sense: the first ten. */
  readonly nonsense: readonly string[];
}

/** The error bodies that the platform's documents and its users have published. */
export const ERRORS = {
  temporary: { message: '(#2) Service temporarily unavailable', code: 2, is_transient: true },
  rateLimit: { message: '(#613) Calls to this api have exceeded the rate limit.', code: 613 },
  invalidId: { message: '(#100) Invalid attachment ID.', code: 100, error_subcode: 2018074 },
  onlyOneContent: {
    message: '(#100) Only one of the text, attachment, and dynamic_text fields can be specified',
    code: 100,
    error_subcode: 2018191,
  },
} as const satisfies Record<string, ErrorBody>;
