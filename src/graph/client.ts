import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { FormDataEncoder, type FormDataLike } from 'form-data-encoder';
import { AttachmentError, toError } from '../base/errors';
import { readRetryAfter, readTimeToRegainAccess, type AnswerHeaders } from './answer-headers';
import { connectionAdvice, describeConnectionError, hasNotBegun } from './connection-errors';
import { GraphError, TransportError, type CallPurpose, type GraphErrorBody } from './errors';
import { redact } from '../base/redact';
import { retry } from './retry';
import { UploadPause } from './upload-pause';
import { maySendAgain, mayUploadAgain, refusalScope, verdictOn } from './verdict';
import type { Connections, LaneName } from './connections';
import type { Leave } from './lane';
import type { Dispatcher } from 'undici';

/** Where and as whom to call: what Botkit's Facebook adapter knows of a page. */
export interface GraphAccount {
  readonly host: string;
  readonly version: string;
  readonly token: string;
  /** The app's secret. Without it, calls carry no `appsecret_proof`. */
  readonly secret: string | undefined;
}

/** Parameters of a call: each becomes a property of the JSON body, or a field of the form. */
export type GraphParams = Readonly<Record<string, unknown>>;

/** An answer that is not an error. */
export type GraphAnswer = Readonly<Record<string, unknown>>;

/** How to make a call, and what its errors say. */
export interface GraphCall extends CallPurpose {
  readonly lane: LaneName;
  /** Goes as the form's field `filedata`. Its stream is opened only when the call has its place. */
  readonly file?: File | undefined;
  /** Called when a piece of the form was taken, so that whoever waits sees that it moves. */
  readonly onBytes?: () => void;
  /** Called when the whole body was taken, and only the answer is missing. */
  readonly onBodySent?: () => void;
}

/** Milliseconds that a refused token, or a page's ID that could not be looked up, is not asked for again. */
const FAILURE_MEMORY = 30_000;

/** Milliseconds that the next piece of a file may take. */
const READ_TIMEOUT = 30_000;

const PAGE_ID_ATTEMPTS = 3;
const CALL_ATTEMPTS = 3;

const PAGE_ID_CALL: GraphCall = { action: 'look up', asset: 'the page of the access token', lane: 'send' };

/** What a pause is about that no error of the platform began. */
const PAGE_UPLOADS: CallPurpose = { action: 'upload', asset: 'attachments of this page for a while' };
const USED_UP = 'by the usage header of its last answer, the rate limit is used up';
const TOO_MANY_REQUESTS = 429;

/** The Graph API's methods. */
export type GraphMethod = 'GET' | 'POST' | 'DELETE';

/** What is read here of a dispatcher's options. */
type RequestOptions = Dispatcher.RequestOptions & { readonly body?: string | Readable };

interface Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly text: string;
}

/** A failure that is remembered for a while. */
interface Failure<T> {
  readonly error: T;
  /** By `performance.now()`. */
  readonly until: number;
}

/** The Graph API, as one page. */
export class GraphClient {
  /** Holds uploads of this page back after a rate limit. */
  readonly uploadPause = new UploadPause();
  readonly #connections: Connections;
  readonly #origin: string;
  readonly #version: string;
  readonly #credentials: { readonly access_token: string; readonly appsecret_proof?: string };
  readonly #secrets: readonly string[];
  #tokenFailure: Failure<GraphError> | undefined;
  #pageId: Promise<string> | undefined;
  #knownPageId: string | undefined;
  #pageIdFailure: Failure<Error> | undefined;

  constructor({ host, version, token, secret }: GraphAccount, connections: Connections) {
    this.#connections = connections;
    this.#origin = `https://${host}`;
    this.#version = version;
    const proof = secret ? createHmac('sha256', secret).update(token).digest('hex') : undefined;
    this.#credentials = { access_token: token, ...(proof !== undefined && { appsecret_proof: proof }) };
    this.#secrets = [token, secret, proof].filter(isPresent);
  }

  /** Why the platform has refused the token (190, 102) in the last 30 s, unless it has taken a call since. */
  get tokenRefusal(): GraphError | undefined {
    return remembered(this.#tokenFailure);
  }

  /** What `pageId` has found out so far. */
  get knownPageId(): string | undefined {
    return this.#knownPageId;
  }

  /**
   * Posts JSON, or, with a file, a form whose field `filedata` streams it. An upload does not go out while uploads of
   * the page pause.
   *
   * @throws {GraphError} Facebook answered with an error, or did so when the pause began.
   * @throws {TransportError} There was no answer, or none that can be understood.
   * @throws {AttachmentError} The file cannot be read, or changed while it was read; the call was broken off.
   * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
   */
  post(path: string, params: GraphParams, call: GraphCall): Promise<GraphAnswer> {
    if (!call.file) return this.#inLane(call, () => this.#post(path, params, call));
    const sendFile = (leave: Leave): Promise<GraphAnswer> => {
      const onBodySent = (): void => {
        leave();
        call.onBodySent?.();
      };
      return this.#post(path, params, { ...call, onBodySent });
    };
    // In this order: calls that wait for a place of their own kind take up no place of a file.
    return this.#inLane(call, () =>
      this.#connections.fileLane(this.#origin).run(this, sendFile, stalledError(call)),
    );
  }

  #post(path: string, params: GraphParams, call: GraphCall): Promise<GraphAnswer> {
    const post = (): Promise<GraphAnswer> => this.#request(this.#postOptions(path, params, call), call);
    return call.action === 'upload' ? this.uploadPause.run(post) : post();
  }

  /**
   * Any call of the Graph API. It is made again only if no connection came up.
   *
   * @param path - As `/me/messenger_profile`, also with a query.
   * @param purpose - What its errors say. Default: method and path.
   * @throws {GraphError} Facebook answered with an error.
   * @throws {TransportError} There was no answer, or none that can be understood.
   */
  async callAPI(
    method: GraphMethod,
    path: string,
    params: GraphParams,
    purpose: CallPurpose = { action: 'call', asset: `${method} ${path.replace(/[?#].*/s, '')}` },
  ): Promise<GraphAnswer> {
    const call: GraphCall = { ...purpose, lane: 'send' };
    const options = (): RequestOptions =>
      method === 'POST'
        ? this.#postOptions(path, params, call)
        : this.#bodilessOptions(method, path, params, call);
    return retry(() => this.#inLane(call, () => this.#request(options(), call)), {
      attempts: CALL_ATTEMPTS,
      mayTryAgain: maySendAgain,
    });
  }

  /**
   * The ID of the page that the token belongs to: asked once for all who want it, at most three times. A failure is
   * remembered for 30 s.
   *
   * @throws {GraphError | TransportError} It cannot be looked up.
   */
  async pageId(): Promise<string> {
    const failure = remembered(this.#pageIdFailure);
    if (failure) throw failure;
    this.#pageId ??= this.#askPageId();
    return this.#pageId;
  }

  async #askPageId(): Promise<string> {
    const ask = (): Promise<GraphAnswer> =>
      this.#request(this.#bodilessOptions('GET', '/me', { fields: 'id' }, PAGE_ID_CALL), PAGE_ID_CALL);
    try {
      const { id } = await retry(() => this.#inLane(PAGE_ID_CALL, ask), {
        attempts: PAGE_ID_ATTEMPTS,
        mayTryAgain: mayUploadAgain,
      });
      if (typeof id === 'string' && id !== '') return (this.#knownPageId = id);
      throw new TransportError('ERR_GRAPH_BAD_ANSWER', PAGE_ID_CALL, 'the answer contains no page ID');
    } catch (error) {
      this.#pageId = undefined;
      this.#pageIdFailure = failedNow(toError(error));
      throw error;
    }
  }

  #inLane(call: GraphCall, work: () => Promise<GraphAnswer>): Promise<GraphAnswer> {
    return this.#connections.lane(this.#origin, call.lane).run(this, work, stalledError(call));
  }

  /** An answer came, or a piece of a body went out. */
  #progress({ lane, file }: GraphCall): void {
    this.#connections.lane(this.#origin, lane).progress(this);
    if (file) this.#connections.fileLane(this.#origin).progress(this);
  }

  /** Token and proof go in the body, because addresses stand in the logs of proxies and in debug output. */
  #postOptions(path: string, params: GraphParams, call: GraphCall): RequestOptions {
    const target = { method: 'POST', origin: this.#origin, path: this.#pathOf(path) } as const;
    const timeouts = this.#connections.answerTimeouts(call.action);
    if (!call.file) {
      const body = JSON.stringify({ ...params, ...this.#credentials });
      // Each call has headers of its own, because a proxy's dispatcher adds to them.
      return { ...target, ...timeouts, headers: { 'content-type': 'application/json' }, body };
    }
    // Twice, so that they come first, and no parameter of that name comes instead.
    const fields = { ...this.#credentials, ...params, ...this.#credentials };
    // Encoded here, because a dispatcher of another undici takes no form but its own.
    const form = new FormDataEncoder(toForm(fields, call.file));
    const reading = new AbortController();
    const body = Readable.from(this.#pieces(form, call, reading), { objectMode: false });
    return { ...target, ...timeouts, headers: { ...form.headers }, body, signal: reading.signal };
  }

  /** Without a body, the token goes into a header. Whoever sees the address has no use for the proof without the token. */
  #bodilessOptions(
    method: 'GET' | 'DELETE',
    path: string,
    params: GraphParams,
    { action }: GraphCall,
  ): RequestOptions {
    const { access_token: token, appsecret_proof: proof } = this.#credentials;
    const query = new URLSearchParams(
      toTexts({ ...params, access_token: undefined, appsecret_proof: proof }),
    ).toString();
    const separator = path.includes('?') ? '&' : '?';
    return {
      method,
      origin: this.#origin,
      path: this.#pathOf(query === '' ? path : path + separator + query),
      ...this.#connections.answerTimeouts(action),
      headers: { authorization: `Bearer ${token}` },
    };
  }

  async *#pieces(
    form: FormDataEncoder,
    call: GraphCall,
    reading: AbortController,
  ): AsyncGenerator<Uint8Array, void> {
    // A file on a mount that hangs would keep its call, and the call's place, for ever.
    const breakOff = (): void => {
      reading.abort(
        new AttachmentError('ERR_ATTACHMENT_UNREADABLE', call.asset, 'for 30 s no more of it could be read'),
      );
    };
    let timer = setTimeout(breakOff, READ_TIMEOUT);
    try {
      for (const part of form.values()) {
        for await (const piece of part instanceof Uint8Array ? [part] : part.stream()) {
          clearTimeout(timer);
          this.#progress(call);
          call.onBytes?.();
          yield piece;
          timer = setTimeout(breakOff, READ_TIMEOUT);
        }
      }
      call.onBodySent?.();
    } finally {
      clearTimeout(timer);
    }
  }

  #pathOf(path: string): string {
    return `/${this.#version}${path}`;
  }

  async #request(options: RequestOptions, call: GraphCall): Promise<GraphAnswer> {
    const { body } = options;
    try {
      const dispatcher = await this.#connections.dispatcher();
      const asked = dispatcher.request(options);
      if (!(body instanceof Readable)) call.onBodySent?.();
      const { statusCode: status, headers, body: answer } = await asked;
      const text = await answer.text();
      this.#progress(call);
      return this.#read({ status, headers, text }, call);
    } catch (error) {
      throw this.#toOwnError(error, call);
    } finally {
      // Also after an answer that came before the end of the body: its file must not stay open.
      if (body instanceof Readable) body.destroy();
    }
  }

  #read({ status, headers, text }: Answer, call: GraphCall): GraphAnswer {
    const answer = parseObject(text);
    const body = answer && readErrorBody(answer);
    if (!body && answer && status >= 200 && status < 300) {
      this.#tokenFailure = undefined;
      this.#pauseIfLimited(readTimeToRegainAccess(headers));
      return answer;
    }
    const retryAfter = readRetryAfter(headers);
    const problem = answer ? `HTTP ${status}` : `HTTP ${status}, and the answer is not JSON`;
    const error = body
      ? new GraphError(call, status, body, {
          retryAfter,
          secrets: this.#secrets,
          hasProof: this.#credentials.appsecret_proof !== undefined,
        })
      : new TransportError('ERR_GRAPH_BAD_ANSWER', call, problem, { status, retryAfter });
    if (error instanceof GraphError && refusalScope(error) === 'token') this.#tokenFailure = failedNow(error);
    this.#pauseIfLimited(readTimeToRegainAccess(headers), error);
    throw error;
  }

  /** Begins a pause of uploads if the platform says stop, by an error or by a header of whatever answer. */
  #pauseIfLimited(timeToRegainAccess: number, error?: GraphError | TransportError): void {
    if (error && verdictOn(error) === 'rate-limited') {
      this.uploadPause.begin(error, Math.max(error.retryAfter ?? 0, timeToRegainAccess));
    } else if (timeToRegainAccess > 0) {
      const limit = new GraphError(PAGE_UPLOADS, TOO_MANY_REQUESTS, { message: USED_UP });
      this.uploadPause.begin(limit, timeToRegainAccess);
    }
  }

  #toOwnError(error: unknown, call: GraphCall): Error {
    if (error instanceof GraphError || error instanceof TransportError || error instanceof AttachmentError) {
      return error;
    }
    // The original error stays out: it can hold pieces of the request.
    const problem = redact(describeConnectionError(error), this.#secrets);
    const advice = connectionAdvice(error);
    if (hasNotBegun(error)) {
      const noConnection = `no connection to ${this.#origin} (${problem})`;
      return new TransportError('ERR_GRAPH_UNREACHABLE', call, noConnection, { advice });
    }
    const end = advice === undefined ? 'the connection broke' : `no HTTPS at ${this.#origin}`;
    return new TransportError('ERR_GRAPH_INTERRUPTED', call, `${end} (${problem})`, { advice });
  }
}

function stalledError(call: CallPurpose): (waited: number) => TransportError {
  return (waited) => {
    const problem = `for ${Math.round(waited / 1000)} s none of the calls under way got an answer`;
    return new TransportError('ERR_GRAPH_STALLED', call, problem);
  };
}

function toForm(fields: GraphParams, file: File): FormDataLike {
  return formOf([...toTexts(fields), ['filedata', file]]);
}

/** Parameters as the Graph API takes them in a form or in an address. */
function toTexts(params: GraphParams): [name: string, text: string][] {
  return Object.entries(params)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]);
}

/** What the encoder needs of a FormData. The global one may be a bot's polyfill, which takes no File of Node's. */
function formOf(entries: [string, string | File][]): FormDataLike {
  return {
    [Symbol.toStringTag]: 'FormData',
    [Symbol.iterator]: () => entries.values(),
    entries: () => entries.values(),
    append: (name, value) => entries.push([name, value as string | File]),
    getAll: (name) => entries.filter(([other]) => other === name).map(([, value]) => value),
  };
}

function parseObject(text: string): GraphAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? (answer as GraphAnswer) : undefined;
  } catch {
    return undefined;
  }
}

function readErrorBody({ error }: GraphAnswer): GraphErrorBody | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { message, type, code, error_subcode, is_transient, fbtrace_id } = error as Record<string, unknown>;
  return {
    message: typeof message === 'string' ? message : 'no reason given',
    ...(typeof type === 'string' && { type }),
    ...(typeof code === 'number' && { code }),
    ...(typeof error_subcode === 'number' && { error_subcode }),
    ...(typeof is_transient === 'boolean' && { is_transient }),
    ...(typeof fbtrace_id === 'string' && { fbtrace_id }),
  };
}

function failedNow<T>(error: T): Failure<T> {
  return { error, until: performance.now() + FAILURE_MEMORY };
}

function remembered<T>(failure: Failure<T> | undefined): T | undefined {
  return failure && performance.now() < failure.until ? failure.error : undefined;
}

function isPresent(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}
