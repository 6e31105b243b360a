import { TransportError, type CallPurpose } from './errors';
import type { GraphAnswer } from './client';

/**
 * The answer to a message, if it says that the message was sent.
 *
 * @throws {TransportError} It holds no `message_id`: whether the message has arrived is not known.
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export function checkSent(answer: GraphAnswer, call: CallPurpose): GraphAnswer {
  const { message_id: id } = answer;
  if (typeof id === 'string' && id !== '') return answer;
  throw new TransportError('ERR_GRAPH_BAD_ANSWER', call, 'the answer contains no message_id');
}
