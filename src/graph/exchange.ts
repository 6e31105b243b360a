import type { Readable } from 'node:stream';
import type * as Undici from 'undici';
import type { Dispatcher } from 'undici';

/** An answer, whatever it says. */
export interface RawAnswer {
  readonly status: number;
  /** The header of an answer that is an error, if there is one. */
  readonly retryAfter: string | undefined;
  readonly text: string;
}

export interface RawCall {
  readonly method: 'GET' | 'POST';
  readonly origin: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>> | null;
  readonly body: string | Readable | null;
  /** Milliseconds. Undefined: the dispatcher's own. */
  readonly headersTimeout?: number;
  readonly bodyTimeout?: number;
}

/** It leaves out a byte order mark. */
const UTF_8 = new TextDecoder();

/**
 * One call and the whole of its answer, by the one method that every dispatcher has. (`request` makes a stream of each
 * answer, which for some hundred bytes takes as long as all the rest of a call.)
 *
 * @param undici - This package's own.
 * @throws Why there is no answer, as the dispatcher tells it.
 * @see https://undici.nodejs.org/#/docs/api/Dispatcher?id=dispatcherdispatchoptions-handler
 */
export function exchange(
  dispatcher: Dispatcher,
  call: RawCall,
  undici: Pick<typeof Undici, 'Dispatcher'>,
): Promise<RawAnswer> {
  // For a handler of the newer kind, undici 7 parses all headers, twice, and makes a controller.
  const Handler = dispatcher instanceof undici.Dispatcher ? AnswerHandler : AnyAnswerHandler;
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(call, new Handler(call.body, resolve, reject));
  });
}

/** Names and values by turns. Interceptors put the values of one name together. */
type RawHeaders = readonly (Buffer | readonly Buffer[])[];

/** Takes an answer as undici 7 gives it to its own `request`, and as earlier ones do. */
class AnswerHandler {
  readonly #body: string | Readable | null;
  readonly #resolve: (answer: RawAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #pieces: Buffer[] = [];
  protected status = 0;
  protected retryAfter: string | undefined;

  constructor(
    body: string | Readable | null,
    resolve: (answer: RawAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#body = body;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onConnect(): void {
    // Nobody breaks a call off, so what that would take is not kept.
  }

  onHeaders(status: number, headers: RawHeaders): boolean {
    this.status = status;
    // Only who is turned away is asked for patience.
    if (status >= 400) this.retryAfter = valueOf('retry-after', headers);
    return true;
  }

  onData(piece: Buffer): boolean {
    this.#pieces.push(piece);
    return true;
  }

  onComplete(): void {
    const text = UTF_8.decode(Buffer.concat(this.#pieces));
    const answer = { status: this.status, retryAfter: this.retryAfter, text };
    // undici has the connection free again after its own `setImmediate`, which it is about to call. Whoever sends the
    // next message before that makes it open a second connection.
    queueMicrotask(() => setImmediate(this.#resolve, answer));
  }

  onError(error: Error): void {
    // A body that nobody has begun to read would wait for ever.
    if (this.#body !== null && typeof this.#body !== 'string') this.#body.destroy();
    this.#reject(error);
  }
}

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Takes an answer from whatever dispatcher: undici 8 calls only these methods, Node's own may know only those above. */
class AnyAnswerHandler extends AnswerHandler {
  onRequestStart(): void {
    this.onConnect();
  }

  onResponseStart(_: unknown, status: number, headers: AnswerHeaders): void {
    this.status = status;
    if (status >= 400) this.retryAfter = [headers['retry-after']].flat()[0];
  }

  onResponseData(_: unknown, piece: Buffer): void {
    this.onData(piece);
  }

  onResponseEnd(): void {
    this.onComplete();
  }

  onResponseError(_: unknown, error: Error): void {
    this.onError(error);
  }
}

/** The first one's, if it is there more than once. */
function valueOf(header: string, headers: RawHeaders): string | undefined {
  const name = headers.findIndex(
    (text, index) => index % 2 === 0 && text.toString().toLowerCase() === header,
  );
  return name < 0 ? undefined : [headers[name + 1]].flat()[0]?.toString();
}
