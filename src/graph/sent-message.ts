import { isRecord } from '../base/records';
import { TransportError, type CallPurpose } from './errors';

/**
 * The answer to a message, if it says that the message was sent: by a `message_id`, or by `success`, which the
 * reference of the Attachment Upload API shows for a send by ID.
 *
 * @throws {TransportError} It says neither: whether the message has arrived is not known.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 * @see https://developers.facebook.com/docs/messenger-platform/reference/attachment-upload-api
 */
export function checkSent<Answer>(answer: Answer, call: CallPurpose): Answer {
  if (!isRecord(answer)) throw new TransportError('ERR_GRAPH_BAD_ANSWER', call, 'the answer is not JSON');
  const { message_id: id, success } = answer;
  if (typeof id === 'string' && id !== '') return answer;
  if (success === true || success === 'true') return answer;
  throw new TransportError('ERR_GRAPH_BAD_ANSWER', call, 'the answer contains no message_id');
}
