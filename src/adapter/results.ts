import { AdapterError, toError, withContext } from '../base/errors';
import { redact } from '../base/redact';
import type { InFlight } from '../base/in-flight';
import { labelOfPart } from '../message/label';
import { toParams, type ActivityLike, type MessageActivity } from './bot-framework';
import type { Deadline } from '../delivery/deadline';
import type { FailedMessage, MessageError } from '../events/events';

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
  readonly error?: MessageError | undefined;
}

/** A BotBuilder activity that goes out, as far as it tells whom it is for. */
export interface OutgoingActivity extends MessageActivity {
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

/** Where an activity that strict mode has prepared keeps its deadline. BotBuilder's copies of it have that, too. */
const DEADLINE = Symbol('deadline');

/** Why messages were not sent, by their activity. */
const errors = new WeakMap<object, Error>();

/** Why there is no client, by the activity of the turn: all messages of a turn can be sent at the same time. */
const turnErrors = new WeakMap<object, Error>();

/** Remembers which activity a call is made of. */
export function markCall<Call extends object>(call: Call, activity: object): Call {
  if (Object.isExtensible(call)) (call as { [ACTIVITY]?: object })[ACTIVITY] = activity;
  return call;
}

/** Lets the call that is made of this activity go on with a deadline that has begun. */
export function keepDeadline(activity: object, deadline: Deadline): void {
  if (Object.isExtensible(activity)) (activity as { [DEADLINE]?: Deadline })[DEADLINE] = deadline;
}

/** The deadline of the activity that a call was made of, if that has one. */
export function deadlineOf(call: unknown): Deadline | undefined {
  return (activityOf(call) as { [DEADLINE]?: Deadline } | undefined)?.[DEADLINE];
}

/** The adapter only prints the error of a call that fails. Here it is kept for the caller of `bot.say`. */
export function keepError(call: unknown, error: Error): void {
  const activity = activityOf(call);
  if (activity) errors.set(activity, error);
}

/** Keeps why the adapter made no client for the activity of a turn, until it makes one. */
export async function keepTurnError<T>(turn: object | undefined, client: Promise<T>): Promise<T> {
  try {
    const made = await client;
    if (turn) turnErrors.delete(turn);
    return made;
  } catch (error) {
    if (turn) turnErrors.set(turn, toError(error));
    throw error;
  }
}

/**
 * Has the adapter give one result for each activity, at its place, as `TurnContext` expects; the adapter leaves out
 * those that failed.
 *
 * @param onNoClient - Hears of messages for which the adapter could make no client.
 */
export function hookSendActivities(
  adapter: SendingAdapter,
  inFlight: InFlight,
  onNoClient: (error: Error, message: FailedMessage) => void,
): void {
  const send = adapter.sendActivities?.bind(adapter);
  if (!send) return;
  adapter.sendActivities = async (context, activities) => {
    const results: SendResult[] = [];
    for (const activity of activities) {
      const [result] = await inFlight.run(() => send(context, [activity]));
      results.push(result ?? resultOf(activity, context.activity, onNoClient));
    }
    return results;
  };
}

function activityOf(call: unknown): object | undefined {
  return (call as { [ACTIVITY]?: object } | null | undefined)?.[ACTIVITY];
}

function resultOf(
  activity: OutgoingActivity,
  turn: ActivityLike,
  onNoClient: (error: Error, message: FailedMessage) => void,
): SendResult {
  if (activity.type !== 'message') return {};
  const error = errors.get(activity);
  if (error) return { error };
  const message = { page: turn.recipient?.id, recipient: { id: activity.conversation?.id } };
  const noClient = withContext(toNoClient(activity, turnErrors.get(turn)), message);
  onNoClient(noClient, message);
  return { error: noClient };
}

function toNoClient(activity: MessageActivity, cause: Error | undefined): AdapterError {
  const reason = cause ? redact(cause.message) : 'the adapter gave no reason';
  return new AdapterError('ERR_ADAPTER_NO_CLIENT', labelOfPart(toParams(activity)), reason);
}
