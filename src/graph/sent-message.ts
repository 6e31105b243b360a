import { TransportError, type CallPurpose } from './errors';
import type { GraphAnswer } from './client';

/**
 * The answer to a message, if it says that the message was sent: by a `message_id`, or by `success`, which the reference
 * of the Attachment Upload API shows for a send by ID.
 *
 * @throws {TransportError} It says neither: whether the message has arrived is not known.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
 */
export function checkSent(answer: GraphAnswer, call: CallPurpose): GraphAnswer {
  const { message_id: id, success } = answer;
  if (typeof id === 'string' && id !== '') return answer;
  if (success === true || success === 'true') return answer;
  throw new TransportError('ERR_GRAPH_BAD_ANSWER', call, 'the answer contains no message_id');
}
