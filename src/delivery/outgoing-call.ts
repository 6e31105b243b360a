import { isGiven } from '../base/records';
import { retry } from '../graph/retry';
import { checkSent } from '../graph/sent-message';
import { maySendAgain } from '../graph/verdict';
import type { FailedMessage } from '../events/events';
import type { GraphCall, GraphClient } from '../graph/client';
import type { GraphAnswer } from '../graph/answer';
import type { GraphParams } from '../graph/request';
import type { AttachmentSlots } from '../message/attachment-slots';
import type { Deadline } from './deadline';

/** A call of the Send API. */
export interface OutgoingCall {
  readonly client: GraphClient;
  /** The page's ID, as far as the activity tells it. */
  readonly page: string | undefined;
  /** `/me/messages`, or with a page's ID. */
  readonly path: string;
  readonly params: GraphParams;
  readonly deadline: Deadline;
}

/** A call of the Send API with attachments that need an ID. */
export interface OutgoingMessage extends OutgoingCall {
  readonly slots: AttachmentSlots;
}

const PAGE_ID = /^\d+$/;
const PAGE_IN_PATH = /^\/(\d+)\//;

const SEND_ATTEMPTS = 3;

/** A send repeats itself only if no connection was established: then the platform has certainly not seen it. */
export async function post(
  { client, path, deadline }: OutgoingCall,
  params: GraphParams,
  call: GraphCall,
): Promise<GraphAnswer> {
  deadline.throwIfAborted();
  const answer = await retry(() => client.post(path, params, call, deadline.signal), {
    attempts: SEND_ATTEMPTS,
    mayTryAgain: maySendAgain,
  });
  // The answer to a sender action names the recipient only.
  return isGiven(params.message) ? checkSent(answer, call) : answer;
}

/** What is told of a message that failed. */
export function failedMessage(
  call: Pick<OutgoingCall, 'path' | 'page'> & {
    readonly client: Partial<Pick<GraphClient, 'knownPageId'>>;
    readonly params: unknown;
  },
): FailedMessage {
  return { page: pageIn(call) ?? call.client.knownPageId, recipient: recipientOf(call) };
}

export function recipientOf({ params }: { readonly params: unknown }): unknown {
  return (params as { recipient?: unknown } | undefined)?.recipient;
}

/** IDs belong to one page. The path or the activity names it; otherwise it is the page of the token. */
export async function pageOf(message: OutgoingMessage): Promise<string | undefined> {
  return knownPageOf(message) ?? message.deadline.within(message.client.pageId());
}

export function knownPageOf(message: OutgoingMessage): string | undefined {
  return pageIn(message) ?? message.client.knownPageId;
}

export function pageIn({ path, page }: Pick<OutgoingCall, 'path' | 'page'>): string | undefined {
  const inPath = PAGE_IN_PATH.exec(path)?.[1];
  return inPath ?? (page !== undefined && PAGE_ID.test(page) ? page : undefined);
}
