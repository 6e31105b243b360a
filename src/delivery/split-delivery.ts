import { AttachmentError, PartlySentError, toError, withContext } from '../base/errors';
import { labelOfPart } from '../message/label';
import { isBeforeAttachments, withQuickReplies, type SplitMessage } from '../message/split';
import { failedMessage, type OutgoingCall } from './outgoing-call';
import type { Delivery, ReadySend } from './delivery';
import type { Report } from '../events/events';
import type { GraphAnswer } from '../graph/answer';
import type { GraphParams } from '../graph/request';

/** A part of a message, and how to send it or why that cannot be done. */
type Part = { readonly params: GraphParams; readonly label: string } & (
  | { readonly send: ReadySend; readonly error?: undefined }
  | { readonly send?: undefined; readonly error: Error }
);

/** What became of the parts. */
interface Outcome {
  readonly arrived: { readonly label: string; readonly answer: GraphAnswer }[];
  readonly errors: Error[];
}

/**
 * Sends one message as several, in order. It splits before retries and recovery, so that no part is sent twice, and gets
 * everything ready before the first part goes, so that the person does not wait in between.
 *
 * What goes before the attachments (a text) holds them back: if it is refused, or may not have arrived, nothing else is
 * sent. An attachment that fails holds back no other.
 */
export class SplitDelivery {
  readonly #delivery: Delivery;
  readonly #report: Report;

  constructor(delivery: Delivery, report: Report) {
    this.#delivery = delivery;
    this.#report = report;
  }

  /**
   * @returns The answer to the last part.
   * @throws {AttachmentError | GraphError | TransportError} Why nothing arrived. The other parts' errors are reported.
   * @throws {PartlySentError} Why a part did not arrive. Those of further parts are reported.
   */
  async send(call: Omit<OutgoingCall, 'params'>, split: SplitMessage): Promise<GraphAnswer> {
    const parts = await Promise.all(split.parts.map((params) => this.#getReady({ ...call, params })));
    const { arrived, errors } = await sendInOrder(parts, split.quickReplies);
    const message = failedMessage({ ...call, params: parts[0]?.params });
    const [first, ...others] = errors
      .map((error) => withContext(error, message))
      .map((error) => (arrived.length === 0 ? error : withContext(partlySent(error, arrived), message)));
    for (const error of others) this.#report('error', error, message);
    const last = arrived.at(-1);
    if (first || !last) throw first ?? new Error('Expected a message to have parts');
    return last.answer;
  }

  async #getReady(call: OutgoingCall): Promise<Part> {
    const { params } = call;
    const label = labelOfPart(params);
    try {
      return { params, label, send: await this.#delivery.getReady(call) };
    } catch (error) {
      return { params, label, error: toError(error) };
    }
  }
}

async function sendInOrder(parts: readonly Part[], quickReplies: unknown): Promise<Outcome> {
  // Not under what cannot be sent: the conversation goes on, though a picture is missing.
  const last = parts.findLast(({ send }) => send);
  const outcome: Outcome = { arrived: [], errors: [] };
  let isHeldBack = false;
  for (const part of parts) {
    const { params, label, send, error } = part;
    if (!send) {
      outcome.errors.push(error);
    } else if (isHeldBack) {
      outcome.errors.push(notSent(label));
    } else {
      try {
        const answer = await send(part === last ? withQuickReplies(params, quickReplies) : params);
        outcome.arrived.push({ label, answer });
      } catch (thrown) {
        outcome.errors.push(toError(thrown));
        isHeldBack = isBeforeAttachments(params);
      }
    }
  }
  return outcome;
}

function notSent(label: string): AttachmentError {
  const reason = 'the text before it was refused or may not have arrived';
  return new AttachmentError('ERR_ATTACHMENT_NOT_SENT', label, reason);
}

function partlySent(error: Error, arrived: Outcome['arrived']): PartlySentError {
  const ids = arrived.map(({ answer }) => answer.message_id).filter((id) => typeof id === 'string');
  return new PartlySentError(
    error,
    arrived.map(({ label }) => label),
    ids,
  );
}
