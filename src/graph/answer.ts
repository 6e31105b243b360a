import { awakeTimer } from '../base/awake-timer';
import { isRecord } from '../base/records';
import { SECOND } from '../base/time';
import type { GraphErrorBody } from './errors';
import type { Dispatcher } from 'undici';

/** An answer that is not an error. */
export type GraphAnswer = Readonly<Record<string, unknown>>;

/**
 * The text of an answer. undici's timeout begins anew with each piece; this one is for the whole answer.
 *
 * @param timeout - Milliseconds. Default: no limit.
 */
export async function readWithin(
  answer: Dispatcher.ResponseData['body'],
  timeout: number | null | undefined,
): Promise<string> {
  if (!timeout) return answer.text();
  const cancel = awakeTimer(timeout, () => {
    answer.destroy(new Error(`the answer did not end within ${timeout / SECOND} s`));
  });
  try {
    return await answer.text();
  } finally {
    cancel();
  }
}

/** Undefined: it is not what the Graph API answers, but a gateway's page, say. */
export function parseAnswer(text: string): GraphAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    // The answer to a batch of calls is an array.
    return typeof answer === 'object' && answer !== null ? (answer as GraphAnswer) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The error that an answer contains, if there is one.
 *
 * @see https://developers.facebook.com/docs/graph-api/guides/error-handling
 */
export function readErrorBody({ error }: GraphAnswer): GraphErrorBody | undefined {
  if (!isRecord(error)) return undefined;
  const { message, type, code, error_subcode, is_transient, fbtrace_id } = error;
  return {
    message: typeof message === 'string' ? message : 'no reason given',
    ...(typeof type === 'string' && { type }),
    ...(typeof code === 'number' && { code }),
    ...(typeof error_subcode === 'number' && { error_subcode }),
    ...(typeof is_transient === 'boolean' && { is_transient }),
    ...(typeof fbtrace_id === 'string' && { fbtrace_id }),
  };
}
