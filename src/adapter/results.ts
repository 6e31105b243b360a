import { toError } from '../base/errors';
import type { FailedMessage } from '../events/events';
import type { ActivityLike } from './bot-framework';

/**
 * The result of `bot.say`, `bot.reply` and `context.sendActivity`.
 *
 * @example
 * const { id, error }: SendResult = await bot.reply(message, image('cats/tom.png'));
 * if (error) console.error(error.message);
 */
export interface SendResult {
  /** The message ID. Undefined: the message was not sent, or the activity is not a message. */
  readonly id?: string | undefined;
  /** Why the message was not sent, or may not have been. */
  readonly error?: Error | undefined;
}

/** A BotBuilder activity that goes out, as far as it tells whom it is for. */
export interface OutgoingActivity {
  readonly type?: string;
  readonly conversation?: { readonly id?: string } | null;
}

/** The part of an adapter that sends activities, one after the other, and passes over those that fail. */
export interface SendingAdapter {
  sendActivities?(
    context: { readonly activity: ActivityLike },
    activities: OutgoingActivity[],
  ): Promise<SendResult[]>;
}

/** The activity that a call was made of. */
const ACTIVITY = Symbol('activity');

/** Why messages were not sent: by their activity, or by that of the turn, if there was no client for it. */
const errors = new WeakMap<object, Error>();

/** Remembers which activity a call is made of. */
export function markCall<Call extends object>(call: Call, activity: object): Call {
  if (Object.isExtensible(call)) (call as { [ACTIVITY]?: object })[ACTIVITY] = activity;
  return call;
}

/** The adapter only prints the error of a call that fails. Here it is kept for whoever sent the message. */
export function keepError(call: unknown, error: Error): void {
  const activity = (call as { [ACTIVITY]?: object } | undefined)?.[ACTIVITY];
  if (activity) errors.set(activity, error);
}

/** The same, if there is no client to make the call. */
export function keepTurnError(activity: object | undefined, error: unknown): void {
  if (activity) errors.set(activity, toError(error));
}

/**
 * Has the adapter give one result for each activity, at its place, as `TurnContext` expects; the adapter leaves out those
 * that failed.
 *
 * @param onNoClient - Hears of messages for which the adapter could make no client.
 */
export function hookSendActivities(
  adapter: SendingAdapter,
  onNoClient: (error: Error, message: FailedMessage) => void,
): void {
  const send = adapter.sendActivities?.bind(adapter);
  if (!send) return;
  adapter.sendActivities = async (context, activities) => {
    const results: SendResult[] = [];
    for (const activity of activities) {
      const [result] = await send(context, [activity]);
      results.push(result ?? resultOf(activity, context.activity, onNoClient));
    }
    return results;
  };
}

function resultOf(
  activity: OutgoingActivity,
  turn: ActivityLike,
  onNoClient: (error: Error, message: FailedMessage) => void,
): SendResult {
  if (activity.type !== 'message') return { id: undefined };
  const error = errors.get(activity);
  if (error) return { error };
  const noClient = errors.get(turn) ?? new Error('The adapter did not send the message and gave no reason');
  errors.delete(turn);
  onNoClient(noClient, { page: turn.recipient?.id, recipient: { id: activity.conversation?.id } });
  return { error: noClient };
}
