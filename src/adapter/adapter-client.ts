import { AdapterError, isFacebookAttachmentsError } from '../base/errors';
import { inTime, NoAnswerError } from '../base/in-time';
import { isError } from '../base/is-error';
import { isRecord } from '../base/records';
import { redact } from '../base/redact';
import { ANSWER_TIMEOUT } from '../graph/connections';
import { TransportError, type CallPurpose } from '../graph/errors';
import { checkSent } from '../graph/sent-message';
import { labelOfPart } from '../message/label';
import type { GraphAccount } from '../graph/client';
import type { GraphParams } from '../graph/request';

/** `FacebookAPI.callAPI` of the adapter. */
export type CallAPI = (path: string, method?: string, payload?: unknown) => Promise<unknown>;

/**
 * Sends a message by the adapter's own client, which takes the error page of a gateway for an answer and waits for an
 * answer without end.
 *
 * @throws {TransportError} There was no answer within 90 s, or none that says that the message was sent.
 * @throws What the client throws.
 */
export async function sendByAdapterClient(callAPI: CallAPI, ...call: Parameters<CallAPI>): Promise<unknown> {
  const [, , params] = call;
  const answer = await inTime(callAPI(...call), ANSWER_TIMEOUT).catch((error: unknown) => {
    if (!(error instanceof NoAnswerError)) throw error;
    throw new TransportError('ERR_GRAPH_INTERRUPTED', purposeOf(params), error.message);
  });
  // The answer to a sender action names the recipient only.
  if (isRecord(answer) && !(isRecord(params) && isRecord(params.message))) return answer;
  return checkSent(answer, purposeOf(params));
}

/** The client throws Facebook's message as a string, or an error that may contain the call's URL. */
export function errorOfAdapterClient(thrown: unknown, params: unknown, account: GraphAccount): Error {
  if (isFacebookAttachmentsError(thrown)) return thrown;
  const sentence = isError(thrown) ? thrown.message : String(thrown);
  const reason = redact(sentence, secretsOf(account));
  return new AdapterError('ERR_ADAPTER_SEND_FAILED', purposeOf(params).asset, reason);
}

/**
 * What the client threw, as the adapter and the bot may print it: Facebook's message and an address in it can contain
 * the token.
 */
export function withoutSecretsOf(thrown: unknown, params: unknown, account: GraphAccount): unknown {
  if (typeof thrown === 'string') return redact(thrown, secretsOf(account));
  if (!isError(thrown) || redact(thrown.message, secretsOf(account)) === thrown.message) return thrown;
  return errorOfAdapterClient(thrown, params, account);
}

function secretsOf({ token, secret }: GraphAccount): string[] {
  return secret === undefined ? [token] : [token, secret];
}

function purposeOf(params: unknown): CallPurpose {
  return { action: 'send', asset: labelOfPart((params ?? {}) as GraphParams) };
}
