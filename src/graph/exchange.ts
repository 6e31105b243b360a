import type { Readable } from 'node:stream';
import type { Dispatcher } from 'undici';

/** An answer, whatever it says. */
export interface RawAnswer {
  readonly status: number;
  /** The header, if there is one. */
  readonly retryAfter: string | string[] | undefined;
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
 * @throws Why there is no answer, as the dispatcher tells it.
 * @see https://undici.nodejs.org/#/docs/api/Dispatcher?id=dispatcherdispatchoptions-handler
 */
export function exchange(dispatcher: Dispatcher, call: RawCall): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    dispatcher.dispatch(call, new AnswerHandler(call.body, resolve, reject));
  });
}

type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Takes an answer from dispatchers of undici 7 and later; and from earlier ones, as Node's own can be. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #body: string | Readable | null;
  readonly #resolve: (answer: RawAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #pieces: Buffer[] = [];
  #status = 0;
  #retryAfter: string | string[] | undefined;

  constructor(
    body: string | Readable | null,
    resolve: (answer: RawAnswer) => void,
    reject: (error: Error) => void,
  ) {
    this.#body = body;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onRequestStart(): void {
    // Nobody breaks a call off, so what that would take is not kept.
  }

  onResponseStart(_: unknown, status: number, headers: AnswerHeaders): void {
    this.#status = status;
    this.#retryAfter = headers['retry-after'];
  }

  onResponseData(_: unknown, piece: Buffer): void {
    this.#pieces.push(piece);
  }

  onResponseEnd(): void {
    const text = UTF_8.decode(Buffer.concat(this.#pieces));
    const answer = { status: this.#status, retryAfter: this.#retryAfter, text };
    // undici has the connection free again after its own `setImmediate`, which it is about to call. Whoever sends the
    // next message before that makes it open a second connection.
    queueMicrotask(() => setImmediate(this.#resolve, answer));
  }

  onResponseError(_: unknown, error: Error): void {
    // A body that nobody has begun to read would wait for ever.
    if (this.#body !== null && typeof this.#body !== 'string') this.#body.destroy();
    this.#reject(error);
  }

  onConnect(): void {
    this.onRequestStart();
  }

  /** Names and values by turns. */
  onHeaders(status: number, headers: readonly Buffer[]): boolean {
    const name = headers.findIndex(
      (text, index) => index % 2 === 0 && /^retry-after$/i.test(text.toString()),
    );
    this.#status = status;
    this.#retryAfter = name < 0 ? undefined : headers[name + 1]?.toString();
    return true;
  }

  onData(piece: Buffer): boolean {
    this.onResponseData(undefined, piece);
    return true;
  }

  onComplete(): void {
    this.onResponseEnd();
  }

  onError(error: Error): void {
    this.onResponseError(undefined, error);
  }
}
