import { createHmac } from 'node:crypto';
import { Readable } from 'node:stream';
import { FormDataEncoder } from 'form-data-encoder';
import { AttachmentError } from '../base/errors';
import { GraphError, TransportError, type GraphErrorBody, type Intent } from './errors';
import { redact } from '../base/redact';
import { exchange, type RawAnswer, type RawCall } from './exchange';
import type * as Undici from 'undici';
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

/**
 * Facebook takes up to 75 s to fetch a video's address before it answers. The time starts again with each piece of a
 * body that goes out, so a slow upload is not cut off.
 */
const ANSWER_TIMEOUT = 90_000;
const PATIENCE = { headersTimeout: ANSWER_TIMEOUT, bodyTimeout: ANSWER_TIMEOUT };

/** What OpenSSL and Node call a server's certificate that they did not accept. */
const REFUSED_CERTIFICATE = /^(CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|ERR_TLS_CERT_)/;

/** The largest part of what there is to load: a bot starts sooner if that waits for the first call. */
let undici: typeof Undici | undefined;

/** The Graph API, as one page. */
export class GraphClient {
  readonly #origin: string;
  readonly #version: string;
  readonly #credentials: string;
  readonly #secrets: readonly string[];
  readonly #dispatcher: Dispatcher | undefined;
  #pageId: Promise<string> | undefined;

  constructor({ host, version, token, secret }: GraphAccount, dispatcher?: Dispatcher) {
    this.#origin = `https://${host}`;
    this.#version = version;
    const proof = secret ? createHmac('sha256', secret).update(token).digest('hex') : undefined;
    this.#credentials =
      `access_token=${encodeURIComponent(token)}` + (proof ? `&appsecret_proof=${proof}` : '');
    this.#secrets = [token, encodeURIComponent(token), secret, proof].filter(isPresent);
    this.#dispatcher = dispatcher;
  }

  /**
   * Posts JSON, or, with a file, a form whose field `filedata` streams it.
   *
   * @throws {GraphError} Facebook answered with an error.
   * @throws {TransportError} There was no answer, or none that can be understood.
   * @throws {AttachmentError} The file changed while it was read; the call was broken off.
   * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
   */
  post(path: string, params: GraphParams, intent: Intent, file?: File): Promise<GraphAnswer> {
    // Each call has headers of its own, because a proxy's dispatcher adds to them.
    if (!file) {
      const headers = { 'content-type': 'application/json' };
      return this.#call('POST', this.#pathOf(path), headers, JSON.stringify(params), intent);
    }
    // Encoded here, because a dispatcher of another undici takes no form but its own.
    const form = new FormDataEncoder(toForm(params, file));
    const body = Readable.from(form.encode(), { objectMode: false });
    return this.#call('POST', this.#pathOf(path), { ...form.headers }, body, intent);
  }

  /** The ID of the page that the token belongs to. Asked once; after a failure, again at the next call. */
  async pageId(): Promise<string> {
    this.#pageId ??= this.#askPageId();
    try {
      return await this.#pageId;
    } catch (error) {
      this.#pageId = undefined;
      throw error;
    }
  }

  async #askPageId(): Promise<string> {
    const intent: Intent = { action: 'look up', asset: 'the page of the access token' };
    const path = this.#pathOf('/me', 'fields=id&');
    const { id } = await this.#call('GET', path, null, null, intent);
    if (typeof id === 'string' && id !== '') return id;
    throw new TransportError('ERR_GRAPH_BAD_ANSWER', intent, 'the answer names no ID');
  }

  #pathOf(path: string, query = ''): string {
    return `/${this.#version}${path}?${query}${this.#credentials}`;
  }

  async #call(
    method: RawCall['method'],
    path: string,
    headers: RawCall['headers'],
    body: RawCall['body'],
    intent: Intent,
  ): Promise<GraphAnswer> {
    const call: RawCall = { method, origin: this.#origin, path, headers, body };
    try {
      undici ??= await import('undici');
      // A dispatcher of the author's own brings its own patience.
      const answer = this.#dispatcher
        ? await exchange(this.#dispatcher, call, undici)
        : await exchange(undici.getGlobalDispatcher(), { ...call, ...PATIENCE }, undici);
      return this.#read(answer, intent);
    } catch (error) {
      throw this.#explain(error, intent);
    }
  }

  #read({ status, retryAfter: header, text }: RawAnswer, intent: Intent): GraphAnswer {
    const answer = parseObject(text);
    const error = answer && readErrorBody(answer);
    if (!error && answer && status >= 200 && status < 300) return answer;
    const retryAfter = parseRetryAfter(header);
    if (error) throw new GraphError(intent, status, error, { retryAfter, secrets: this.#secrets });
    const problem = answer ? `HTTP ${status}` : `HTTP ${status}, and the answer is not JSON`;
    throw new TransportError('ERR_GRAPH_BAD_ANSWER', intent, problem, { status, retryAfter });
  }

  #explain(error: unknown, intent: Intent): Error {
    if (error instanceof GraphError || error instanceof TransportError || error instanceof AttachmentError) {
      return error;
    }
    // The original error stays out: it can hold pieces of the request.
    const problem = redact(describe(error), this.#secrets);
    return neverConnected(error)
      ? new TransportError('ERR_GRAPH_UNREACHABLE', intent, `no connection to ${this.#origin} (${problem})`)
      : new TransportError('ERR_GRAPH_INTERRUPTED', intent, `the connection broke (${problem})`);
  }
}

function toForm(params: GraphParams, file: File): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(params)) {
    if (value === undefined || value === null) continue;
    form.append(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  form.append('filedata', file);
  return form;
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

/** Milliseconds. The header holds seconds or a date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function parseRetryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(milliseconds) ? Math.max(0, milliseconds) : undefined;
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = codeOf(error);
  if (!error.message) return code ?? error.name;
  return code === undefined || error.message.includes(code) ? error.message : `${code}: ${error.message}`;
}

/**
 * Did it fail before a byte of the request could leave? Then, and only then, the call has certainly not been carried
 * out.
 */
function neverConnected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(neverConnected);
  const { syscall } = error as NodeJS.ErrnoException;
  if (syscall === 'connect' || syscall === 'getaddrinfo') return true;
  const code = codeOf(error) ?? '';
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'UND_ERR_PRX_TLS') return true;
  if (REFUSED_CERTIFICATE.test(code)) return true;
  return error.message.includes('before secure TLS connection was established');
}

function isPresent(text: string | undefined): text is string {
  return text !== undefined && text !== '';
}

function codeOf(error: Error): string | undefined {
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : undefined;
}
