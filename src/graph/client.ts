import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { AttachmentError, toError } from '../base/errors';
import { parseAnswer, readErrorBody, readWithin, type GraphAnswer } from './answer';
import { readRetryAfter, readTimeToRegainAccess, type AnswerHeaders } from './answer-headers';
import { connectionAdvice, describeConnectionError, hasNotBegun } from './connection-errors';
import { GraphError, TransportError, type CallPurpose } from './errors';
import { redact } from '../base/redact';
import { formBody, jsonBody, withQuery, type GraphParams, type RequestOptions } from './request';
import { retry } from './retry';
import { UploadPause } from './upload-pause';
import { maySendAgain, mayUploadAgain, refusalScope, verdictOn } from './verdict';
import type { Connections, LaneName, Lanes } from './connections';
import type { Leave } from './lane';

/** Where and as whom to call: what Botkit's Facebook adapter knows of a page. */
export interface GraphAccount {
  readonly host: string;
  readonly version: string;
  readonly token: string;
  /** The app's secret. Without it, calls carry no `appsecret_proof`. */
  readonly secret: string | undefined;
}

/** How to make a call, and what its errors say. */
export interface GraphCall extends CallPurpose {
  readonly lane: LaneName;
  /** Goes as the form's field `filedata`. Its stream is opened only when the call has its place. */
  readonly file?: File | undefined;
  /** Called when a piece of the form was taken, so that waiting messages see that it moves. */
  readonly onBytes?: () => void;
  /** Called when the whole body was taken, and only the answer is missing. */
  readonly onBodySent?: () => void;
}

/** Milliseconds that a refused token, or a page's ID that could not be looked up, is not asked for again. */
const FAILURE_MEMORY = 30_000;

const PAGE_ID_ATTEMPTS = 3;
const CALL_ATTEMPTS = 3;

const PAGE_ID_CALL: GraphCall = { action: 'look up', asset: 'the page of the access token', lane: 'send' };

/**
 * The error of a pause that a usage header began; no call was refused, so its status is what the platform would answer.
 */
const PAGE_UPLOADS: CallPurpose = { action: 'upload', asset: 'attachments of this page for a while' };
const USED_UP =
  'the usage header of an earlier answer says that the rate limit is used up, so no call was made';
const TOO_MANY_REQUESTS = 429;

/** The Graph API's methods. */
export type GraphMethod = 'GET' | 'POST' | 'DELETE';

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
  readonly #lanes: Lanes;
  readonly #origin: string;
  readonly #version: string;
  readonly #credentials: { readonly access_token: string; readonly appsecret_proof: string | undefined };
  readonly #secrets: readonly string[];
  #tokenFailure: Failure<(asset: string) => GraphError> | undefined;
  #pageId: Promise<string> | undefined;
  #knownPageId: string | undefined;
  #pageIdFailure: Failure<Error> | undefined;

  constructor({ host, version, token, secret }: GraphAccount, connections: Connections) {
    this.#connections = connections;
    this.#origin = `https://${host}`;
    this.#lanes = connections.lanes(this.#origin);
    this.#version = version;
    const proof = secret ? createHmac('sha256', secret).update(token).digest('hex') : undefined;
    this.#credentials = { access_token: token, appsecret_proof: proof };
    this.#secrets = [token, secret, proof].filter(isPresent);
  }

  /**
   * The platform has refused the token (190, 102) in the last 30 s, and has taken no call since.
   *
   * @param asset - What cannot be uploaded now, as errors name it.
   * @returns Why. Undefined: it has not.
   */
  tokenRefusal(asset: string): GraphError | undefined {
    return remembered(this.#tokenFailure)?.(asset);
  }

  /** What `pageId` has found out so far. */
  get knownPageId(): string | undefined {
    return this.#knownPageId;
  }

  /**
   * Posts JSON, or, with a file, a form whose field `filedata` streams it. An upload does not go out while uploads of
   * the page pause.
   *
   * @param signal - Cancels the call while it waits for its turn.
   * @throws {GraphError} Facebook answered with an error, or did so when the pause began.
   * @throws {TransportError} There was no answer, or none that can be understood.
   * @throws {AttachmentError} The file cannot be read, or changed while it was read; the call was broken off.
   * @throws The reason of `signal`.
   * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
   */
  post(path: string, params: GraphParams, call: GraphCall, signal?: AbortSignal): Promise<GraphAnswer> {
    if (!call.file) return this.#inLane(call, () => this.#post(path, params, call), signal);
    const sendFile = (leave: Leave): Promise<GraphAnswer> => {
      const onBodySent = (): void => {
        leave();
        call.onBodySent?.();
      };
      return this.#post(path, params, { ...call, onBodySent });
    };
    // In this order: calls that wait for a place of their own kind take up no place of a file.
    return this.#inLane(call, () => this.#lanes.file.run(this, sendFile, stalledError(call)), signal);
  }

  #post(path: string, params: GraphParams, call: GraphCall): Promise<GraphAnswer> {
    const post = (): Promise<GraphAnswer> => this.#request(this.#postOptions(path, params, call), call);
    return call.action === 'upload' ? this.uploadPause.run(post) : post();
  }

  /**
   * Any call of the Graph API. It is made again only if no connection was established.
   *
   * @param path - As `/me/messenger_profile`, also with a query.
   * @param purpose - What its errors say. Default: method and path.
   * @param signal - Cancels the call while it waits for its turn.
   * @throws {GraphError} Facebook answered with an error.
   * @throws {TransportError} There was no answer, or none that can be understood.
   */
  async callAPI(
    method: GraphMethod,
    path: string,
    params: GraphParams,
    purpose: CallPurpose = { action: 'call', asset: `${method} ${path.replace(/[?#].*/s, '')}` },
    signal?: AbortSignal,
  ): Promise<GraphAnswer> {
    const call: GraphCall = { ...purpose, lane: 'send' };
    const options = (): RequestOptions =>
      method === 'POST'
        ? this.#postOptions(path, params, call)
        : this.#bodilessOptions(method, path, params, call);
    return retry(() => this.#inLane(call, () => this.#request(options(), call), signal), {
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

  #inLane(call: GraphCall, work: () => Promise<GraphAnswer>, signal?: AbortSignal): Promise<GraphAnswer> {
    const begin = (): Promise<GraphAnswer> => {
      signal?.throwIfAborted();
      return work();
    };
    return this.#lanes[call.lane].run(this, begin, stalledError(call));
  }

  /** An answer came, or a piece of a body went out. */
  #progress({ lane, file }: GraphCall): void {
    this.#lanes[lane].progress(this);
    if (file) this.#lanes.file.progress(this);
  }

  /** Token and proof go in the body, because addresses stand in the logs of proxies and in debug output. */
  #postOptions(path: string, params: GraphParams, call: GraphCall): RequestOptions {
    const target = { method: 'POST', origin: this.#origin, path: this.#pathOf(path) } as const;
    const timeouts = this.#connections.answerTimeouts(call.action);
    // Credentials first, because that is their place in a form, and last, so that no parameter can override them. No
    // spread: on Node 20, properties added after a spread give each object a hidden class of its own, and all code that
    // reads it gets slow. It made a send by a known ID take a third longer.
    const fields = Object.assign({}, this.#credentials, params, this.#credentials);
    const body = call.file
      ? formBody(fields, call.file, call.asset, {
          onPiece: () => {
            this.#progress(call);
            call.onBytes?.();
          },
          onEnd: () => call.onBodySent?.(),
        })
      : jsonBody(fields);
    return Object.assign(body, target, timeouts);
  }

  /** Without a body, the token goes into a header. A proof in the address is useless without the token. */
  #bodilessOptions(
    method: 'GET' | 'DELETE',
    path: string,
    params: GraphParams,
    { action }: GraphCall,
  ): RequestOptions {
    const { access_token: token, appsecret_proof: proof } = this.#credentials;
    return {
      method,
      origin: this.#origin,
      path: this.#pathOf(withQuery(path, { ...params, access_token: undefined, appsecret_proof: proof })),
      ...this.#connections.answerTimeouts(action),
      headers: { authorization: `Bearer ${token}` },
    };
  }

  #pathOf(path: string): string {
    return `/${this.#version}${path}`;
  }

  async #request(options: RequestOptions, call: GraphCall): Promise<GraphAnswer> {
    const { body } = options;
    try {
      const asked = this.#connections.dispatcher().request(options);
      if (!(body instanceof Readable)) call.onBodySent?.();
      const { statusCode: status, headers, body: answer } = await asked;
      const text = await readWithin(answer, options.bodyTimeout);
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
    const answer = parseAnswer(text);
    const body = answer && readErrorBody(answer);
    if (!body && answer && status >= 200 && status < 300) {
      this.#tokenFailure = undefined;
      this.#pauseIfLimited(readTimeToRegainAccess(headers));
      return answer;
    }
    const retryAfter = readRetryAfter(headers);
    const problem = answer ? `HTTP ${status}` : `HTTP ${status}, and the answer is not JSON`;
    const hasProof = this.#credentials.appsecret_proof !== undefined;
    const extras = { retryAfter, secrets: this.#secrets, hasProof };
    const error = body
      ? new GraphError(call, status, body, extras)
      : new TransportError('ERR_GRAPH_BAD_ANSWER', call, problem, { status, retryAfter });
    if (body && refusalScope(error) === 'token') {
      this.#tokenFailure = failedNow(
        (asset) => new GraphError({ action: 'upload', asset }, status, body, extras),
      );
    }
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
    const problem = `no call in progress got an answer for ${Math.round(waited / 1000)} s`;
    return new TransportError('ERR_GRAPH_STALLED', call, problem);
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
