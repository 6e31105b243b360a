import { tracingChannel, type TracingChannel } from 'node:diagnostics_channel';
import type { DeliveryEvent, UploadReason } from './events';

const NAME = 'botkit-plugin-facebook-attachments';

/**
 * What a message of the tracing channel `botkit-plugin-facebook-attachments:send` holds: one message on its way to Facebook,
 * from `bot.say`, `send` … to the answer, which is `result`. Waiting for uploads is part of it.
 *
 * @see https://nodejs.org/api/diagnostics_channel.html#class-tracingchannel
 */
export interface SendTrace {
  /** The page's ID, if it is known. */
  readonly page: string | undefined;
  /** Whom the message is for, as the Send API has it. */
  readonly recipient: unknown;
  /** What is sent, as it may be shown: `image cats/tom.png`, `a text` … */
  readonly asset: string;
}

/**
 * What a message of the tracing channel `botkit-plugin-facebook-attachments:upload` holds: one try to upload an asset. The new
 * ID is `result`.
 */
export interface UploadTrace extends DeliveryEvent {
  readonly reason: UploadReason;
  /** From 1. */
  readonly attempt: number;
}

/**
 * What a message of the tracing channel `botkit-plugin-facebook-attachments:recovery` holds: a message whose ID Facebook has
 * refused, until it is sent otherwise. In a media template it is unknown which ID was refused; the first is named.
 */
export interface RecoveryTrace extends DeliveryEvent {
  /** The dead ID. */
  readonly attachmentId: string;
}

/** Whoever uses one of them looks first whether anybody listens: a send costs nothing more without. */
export const sendChannel: TracingChannel<unknown, SendTrace> = tracingChannel(`${NAME}:send`);
export const uploadChannel: TracingChannel<unknown, UploadTrace> = tracingChannel(`${NAME}:upload`);
export const recoveryChannel: TracingChannel<unknown, RecoveryTrace> = tracingChannel(`${NAME}:recovery`);
