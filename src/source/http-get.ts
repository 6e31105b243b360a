import { AttachmentError } from '../base/errors';
import { redact } from '../base/redact';
import { describeConnectionError } from '../graph/connection-errors';
import type { Dispatcher } from 'undici';

/** Milliseconds for headers, or for the next piece of a body. */
const STILL_TIMEOUT = 10_000;

/** Milliseconds for all of it. */
const WHOLE_TIMEOUT = 60_000;

const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Statuses of a fault that may be over soon. */
const REQUEST_TIMEOUT = 408;
const TOO_MANY_REQUESTS = 429;

/** Headers that are the same for each request, so that what a server makes depend on them does not differ. */
const HEADERS = {
  accept: '*/*',
  'accept-encoding': 'identity',
  'user-agent': 'botkit-plugin-facebook-attachments',
};

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** What to get. */
export interface GetRequest {
  readonly url: URL;
  /** The attachment, for errors. */
  readonly label: string;
  /** May this address be asked? */
  readonly isListed: (url: URL) => boolean;
  /** Further headers for an address: those that ask whether it has changed. */
  readonly headersFor: (url: URL) => Readonly<Record<string, string>>;
  /** Breaks it off. */
  readonly signal: AbortSignal;
}

/** An answer that has begun. */
export interface GetAnswer {
  /** Where it came from, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: Headers;
  /** To be read to its end, or left with an error. */
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Gets an address, within 60 s, and gives the answer to `use` while its body comes in. Redirects are followed as long
 * as they lead to listed addresses.
 *
 * @throws {AttachmentError} `ERR_ATTACHMENT_FETCH_FAILED`: there was no answer. `ERR_ATTACHMENT_FETCH_REFUSED`: a
 * redirect leads elsewhere.
 * @throws What `use` throws.
 */
export async function httpGet<T>(
  dispatcher: Dispatcher,
  request: GetRequest,
  use: (answer: GetAnswer) => Promise<T>,
): Promise<T> {
  const { label } = request;
  const timeout = new AbortController();
  const signal = AbortSignal.any([timeout.signal, request.signal]);
  const timer = setTimeout(() => {
    timeout.abort();
  }, WHOLE_TIMEOUT);
  try {
    const { url, response } = await follow(dispatcher, request, signal);
    const { statusCode: status, headers, body } = response;
    try {
      return await use({ url, status, headers, body });
    } finally {
      drop(body);
    }
  } catch (error) {
    if (error instanceof AttachmentError) throw error;
    if (request.signal.aborted) throw fetchFailed(label, 'it was broken off by close()');
    if (timeout.signal.aborted) throw fetchFailed(label, `it took longer than ${WHOLE_TIMEOUT / 1000} s`);
    throw fetchFailed(label, redact(describeConnectionError(error)));
  } finally {
    clearTimeout(timer);
  }
}

/** There was no answer, or a temporary fault: another try, or Facebook's own, may go well. */
export function fetchFailed(label: string, why: string): AttachmentError {
  return new AttachmentError('ERR_ATTACHMENT_FETCH_FAILED', label, `it could not be fetched (${why})`);
}

/** The answer says that it cannot be had in this way. */
export function fetchRefused(label: string, why: string): AttachmentError {
  return new AttachmentError('ERR_ATTACHMENT_FETCH_REFUSED', label, `it could not be fetched (${why})`);
}

/** What an answer means that brings no content. */
export function statusError(label: string, status: number): AttachmentError {
  const isTemporary = status >= 500 || status === REQUEST_TIMEOUT || status === TOO_MANY_REQUESTS;
  return (isTemporary ? fetchFailed : fetchRefused)(label, `HTTP ${status}`);
}

async function follow(
  dispatcher: Dispatcher,
  { url: first, label, isListed, headersFor }: GetRequest,
  signal: AbortSignal,
): Promise<{ url: URL; response: Dispatcher.ResponseData }> {
  let url = first;
  for (let redirects = 0; ; redirects++) {
    const response = await dispatcher.request({
      method: 'GET',
      origin: url.origin,
      path: url.pathname + url.search,
      headers: { ...HEADERS, ...credentialsIn(url), ...headersFor(url) },
      headersTimeout: STILL_TIMEOUT,
      bodyTimeout: STILL_TIMEOUT,
      signal,
    });
    const { location } = response.headers;
    if (!REDIRECTS.has(response.statusCode)) return { url, response };
    drop(response.body);
    if (typeof location !== 'string' || !URL.canParse(location, url.href)) {
      throw fetchRefused(label, `HTTP ${response.statusCode}, a redirect without an address`);
    }
    url = new URL(location, url);
    if (!isListed(url)) {
      const target = url.origin === 'null' ? url.protocol : url.origin;
      throw fetchRefused(label, `it redirects to ${target}, which is not in the option \`fetchFrom\``);
    }
    if (redirects === MOST_REDIRECTS)
      throw fetchRefused(label, `it redirects more than ${MOST_REDIRECTS} times`);
  }
}

/** What an author has written into the address. */
function credentialsIn({ username, password }: URL): { authorization?: string } {
  if (username === '' && password === '') return {};
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` };
}

/** Ends it where it is, without waiting for the rest. */
function drop(body: Dispatcher.ResponseData['body']): void {
  body.on('error', ignore).destroy();
}

function ignore(): void {
  // Nobody reads it any more.
}
