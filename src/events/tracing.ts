import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { DeliveryEvent, UploadReason } from './events';

const NAME = 'botkit-plugin-facebook-attachments';

/**
 * The data of the tracing channel `botkit-plugin-facebook-attachments:send`: one message, from the call of `bot.say`,
 * `send` … to Facebook's answer, which is `result`. It includes the time that the message waits for uploads.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel
 */
export interface SendTrace {
  /** The page's ID, if it is known. */
  readonly page: string | undefined;
  /** The recipient of the message, as in the Send API. */
  readonly recipient: unknown;
  /** What is sent, for logs: `image cats/tom.png`, `a text` … */
  readonly asset: string;
}

/**
 * The data of the tracing channel `botkit-plugin-facebook-attachments:upload`: one attempt to upload an asset. The new
 * ID is `result`.
 */
export interface UploadTrace extends DeliveryEvent {
  readonly reason: UploadReason;
  /** From 1. */
  readonly attempt: number;
}

/**
 * The data of the tracing channel `botkit-plugin-facebook-attachments:recovery`: a message whose ID Facebook has
 * refused, until it is sent in another way. In a media template it is unknown which ID was refused; this is the first
 * one.
 */
export interface RecoveryTrace extends DeliveryEvent {
  /** The dead ID. */
  readonly attachmentId: string;
}

/** Check `hasSubscribers` before you use a channel, so that a send without subscribers costs nothing more. */
export const sendChannel: TracingChannel<object, SendTrace> = tracingChannel(`${NAME}:send`);
export const uploadChannel: TracingChannel<object, UploadTrace> = tracingChannel(`${NAME}:upload`);
export const recoveryChannel: TracingChannel<object, RecoveryTrace> = tracingChannel(`${NAME}:recovery`);
