import { isRecord } from '../base/records';
import { MINUTE } from '../base/time';

/** Headers of an answer, with names in lower case. */
export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** Milliseconds. Whatever a header says, no pause is longer. */
const LONGEST_WAIT = 24 * 60 * 60 * 1000;

const USAGE_HEADERS = ['x-business-use-case-usage', 'x-app-usage', 'x-page-usage'];

/** Kinds of usage that are about messages. `undefined`: headers of only one kind do not name it. */
const MESSENGER_USAGE_TYPES: ReadonlySet<unknown> = new Set([undefined, 'messenger', 'pages']);

/**
 * Milliseconds to wait, up to a day; undefined without the header, or with one that is neither seconds nor a date.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
 */
export function readRetryAfter(headers: AnswerHeaders): number | undefined {
  const header = firstOf(headers['retry-after']);
  if (header === undefined) return undefined;
  const milliseconds = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(milliseconds) ? undefined : Math.min(Math.max(0, milliseconds), LONGEST_WAIT);
}

/**
 * Milliseconds until the platform takes calls again, by its usage headers (`estimated_time_to_regain_access`, minutes),
 * up to a day. 0: it does not say that it has stopped taking them. Headers that cannot be read are ignored.
 *
 * @see https://developers.facebook.com/docs/graph-api/overview/rate-limiting#headers
 */
export function readTimeToRegainAccess(headers: AnswerHeaders): number {
  let longest = 0;
  for (const name of USAGE_HEADERS) {
    const header = firstOf(headers[name]);
    if (header === undefined) continue;
    for (const usage of usagesIn(header)) longest = Math.max(longest, timeToRegainAccess(usage));
  }
  return Math.min(longest, LONGEST_WAIT);
}

/** `{…}`, or by page or business `{"1001": [{…}, {…}]}`. */
function usagesIn(header: string): unknown[] {
  try {
    const usage: unknown = JSON.parse(header);
    return isRecord(usage) ? [usage, ...Object.values(usage).flat()] : [];
  } catch {
    return [];
  }
}

function timeToRegainAccess(usage: unknown): number {
  if (!isRecord(usage) || !MESSENGER_USAGE_TYPES.has(usage.type)) return 0;
  const { estimated_time_to_regain_access: minutes } = usage;
  return typeof minutes === 'number' ? minutes * MINUTE : 0;
}

/** A header that may have come twice. */
export function firstOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
