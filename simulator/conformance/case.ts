/** One row of the table: what is asked, and what the platform is known or documented to answer. */
export interface ConformanceCase {
  /** What the platform does, in the words of a report. */
  readonly name: string;
  readonly request: (known: Known) => CaseRequest;
  readonly expected: ExpectedAnswer;
  /** Where the expectation comes from. A page name alone is below developers.facebook.com/docs/messenger-platform/. */
  readonly source: string;
  /** The person gets a message if the answer is the expected one. */
  readonly delivers?: true;
  /** Skipped without it. */
  readonly needs?: Exclude<keyof Known, 'person' | 'imageUrl'>;
  /** What later cases are made of, by the fields of the answer. */
  readonly saves?: Partial<Record<keyof Known, string>>;
}

export interface CaseRequest {
  /** Default: POST */
  readonly method?: 'GET';
  /** Without the version, as in `/me/messages`. */
  readonly path: string;
  readonly params?: Readonly<Record<string, unknown>>;
  /** Makes the request a form with `filedata`. A string: bytes without a file name. */
  readonly file?: File | string;
  /** Instead of the page's own. */
  readonly token?: string;
  /** Instead of the right one. `none`: without. */
  readonly proof?: string;
}

/** What an answer must be. What is not named must not be there. */
export interface ExpectedAnswer {
  readonly code?: number;
  readonly subcode?: number;
  /** Default with `code`: OAuthException */
  readonly type?: string;
  /** The wording, where real answers have been published. It is not compared otherwise. */
  readonly wording?: RegExp;
  /** The fields of an answer that is no error. */
  readonly fields?: Readonly<Record<string, RegExp>>;
  /** Headers that must be there; there may be others. */
  readonly headers?: readonly string[];
  /** The answer is a list: those to the requests of a batch. */
  readonly batch?: readonly ExpectedAnswer[];
}

/** What requests are made of. */
export interface Known {
  /** Page-scoped ID of a person who has written in the last 24 hours. */
  readonly person: string;
  /** A picture that the platform can fetch. */
  readonly imageUrl: string;
  /** One who has written, but not in the last 24 hours. */
  readonly personOutsideWindow?: string;
  readonly appSecret?: string;
  /** ID of the page. */
  readonly page?: string;
  /** Of a picture that has been uploaded. */
  readonly attachmentId?: string;
}
