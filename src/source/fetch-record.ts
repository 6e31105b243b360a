import { firstOf } from '../graph/answer-headers';
import type CachePolicy from 'http-cache-semantics';
import type { ContentFacts } from './content-facts';
import type { GetAnswer } from './http-get';

/** What stands at an address. */
export interface FetchedContent extends ContentFacts {
  /** The content type that the server says. */
  readonly declared: string | undefined;
}

interface FetchRecordFields {
  readonly content: FetchedContent;
  readonly policy: CachePolicy;
  /** Which address it came from, without its query: validators of one say nothing about another. */
  readonly place: string;
  /** There were redirects on the way, which can lead elsewhere next time. */
  readonly isRedirected: boolean;
  /** By `performance.now()`: until then the record counts as fresh, because its server is down. */
  readonly trustedUntil: number;
}

const OK = 200;
const NOT_MODIFIED = 304;

/** All that HTTP's rules for caches go by. */
const CACHE_HEADERS = ['age', 'cache-control', 'date', 'etag', 'expires', 'last-modified', 'pragma', 'vary'];

/** All requests are alike, so a policy knows nothing of them; what it belongs to is known by its key. */
const REQUEST = { headers: {} };

/**
 * What stands at an address, and until when that is known.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9111
 */
export class FetchRecord {
  readonly #fields: FetchRecordFields;

  private constructor(fields: FetchRecordFields) {
    this.#fields = fields;
  }

  /**
   * @param url - Where it was asked for.
   * @returns Undefined: the answer forbids to keep it.
   */
  static of(content: FetchedContent, url: URL, answer: GetAnswer): FetchRecord | undefined {
    // Loaded with the first answer, because most bots fetch nothing; not by `import()`, which Jest does not run.
    const Policy = require('http-cache-semantics') as typeof CachePolicy;
    const response = { status: OK, headers: cacheHeadersOf(answer.headers) };
    const policy = new Policy(REQUEST, response, { shared: false });
    if (!policy.storable()) return undefined;
    const isRedirected = answer.url.href !== url.href;
    return new FetchRecord({ content, policy, place: placeOf(answer.url), isRedirected, trustedUntil: 0 });
  }

  get content(): FetchedContent {
    return this.#fields.content;
  }

  /** Whether it can be used without asking its server. */
  get isFresh(): boolean {
    const { policy, isRedirected, trustedUntil } = this.#fields;
    return performance.now() < trustedUntil || (!isRedirected && !policy.stale());
  }

  /**
   * Whether it can be used while its server is down.
   *
   * @see https://www.rfc-editor.org/rfc/rfc9111#section-4.2.4
   */
  get mayServeStale(): boolean {
    const control = firstOf(this.#fields.policy.responseHeaders()['cache-control']);
    return !/\b(no-cache|must-revalidate)\b/i.test(control ?? '');
  }

  /** Headers that ask whether the content has changed. None, if it came from somewhere else. */
  validatorsFor(url: URL): Record<string, string> {
    const { policy, place } = this.#fields;
    if (place !== placeOf(url)) return {};
    return Object.fromEntries(
      Object.entries(policy.revalidationHeaders(REQUEST)).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    );
  }

  /**
   * The same content, of which its server has said that it has not changed.
   *
   * @returns Undefined: the server means another version.
   */
  revalidated({ headers }: GetAnswer): FetchRecord | undefined {
    const known = this.#fields.policy.responseHeaders();
    // What an answer leaves out is as it was.
    const { etag, 'last-modified': lastModified } = known;
    const validators = { ...(etag && { etag }), ...(lastModified && { 'last-modified': lastModified }) };
    const response = { status: NOT_MODIFIED, headers: { ...validators, ...cacheHeadersOf(headers) } };
    const { policy, matches } = this.#fields.policy.revalidatedPolicy(REQUEST, response);
    return matches ? new FetchRecord({ ...this.#fields, policy, trustedUntil: 0 }) : undefined;
  }

  /** The same, fresh for so many milliseconds. */
  trusted(milliseconds: number): FetchRecord {
    return new FetchRecord({ ...this.#fields, trustedUntil: performance.now() + milliseconds });
  }
}

function cacheHeadersOf(headers: GetAnswer['headers']): CachePolicy.Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => CACHE_HEADERS.includes(name)));
}

function placeOf({ origin, pathname }: URL): string {
  return origin + pathname;
}
