import { isObject } from '../base/check';
import { type GraphCall } from '../platform/call-log';
import { type Platform } from '../platform/platform';
import { traceId } from './errors';
import { type SendRates, type Usage } from './rate-limits';

/** graph-api/guides/versioning: a version that has ended is served by the oldest that has not. */
const VERSIONS = { oldest: 21, newest: 25 };

/** What every answer of the Graph API carries: seen in the saved answers of Meta's Postman collection. */
export function answerHeaders(
  { platform, limits }: { platform: Platform; limits: SendRates },
  call: Pick<GraphCall, 'page' | 'path'>,
  body: unknown,
): Record<string, string> {
  const page = call.page === undefined ? undefined : platform.page(call.page);
  return {
    'facebook-api-version': servedVersion(call.path),
    'x-fb-trace-id': traceIdOf(body) ?? traceId(),
    ...(page && usageHeaders(page.id, limits.usage(page))),
  };
}

/** graph-api/overview/rate-limiting: percent of what is allowed, and minutes until it is allowed again. */
function usageHeaders(page: string, { percent, minutesToWait }: Usage): Record<string, string> {
  const usage = { call_count: percent, total_cputime: 0, total_time: 0 };
  const messenger = { type: 'messenger', ...usage, estimated_time_to_regain_access: minutesToWait };
  return {
    // The app's own limit is not simulated.
    'x-app-usage': JSON.stringify({ ...usage, call_count: 0 }),
    'x-business-use-case-usage': JSON.stringify({ [page]: [messenger] }),
  };
}

/** A call that names no version gets the oldest. */
function servedVersion(path: string): string {
  const { oldest, newest } = VERSIONS;
  const asked = Number(/^\/v(\d+)\.\d+(\/|$)/.exec(path)?.[1] ?? oldest);
  return `v${Math.min(newest, Math.max(oldest, asked))}.0`;
}

function traceIdOf(body: unknown): string | undefined {
  const error = isObject(body) && isObject(body['error']) ? body['error'] : {};
  const { fbtrace_id: id } = error;
  return typeof id === 'string' ? id : undefined;
}
