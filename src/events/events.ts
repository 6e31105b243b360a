import type { UsageErrorCode } from '../base/check-options';
import type {
  AdapterError,
  AttachmentError,
  ErrorContext,
  PartlySentError,
  StoreError,
} from '../base/errors';
import type { GraphError, TransportError } from '../graph/errors';
import type { AttachmentType } from '../source/asset';

/** Fields of every event about an asset. */
export interface AssetEvent {
  /** The page's ID. Undefined: it is not known, so nothing was cached. */
  readonly page: string | undefined;
  readonly type: AttachmentType;
  /** Type and path or address, without query string or credentials. */
  readonly asset: string;
  /** Size of the asset. Undefined for a web address that Facebook fetches. */
  readonly bytes: number | undefined;
}

/** Fields of every event about a delivery. */
export interface DeliveryEvent extends AssetEvent {
  /**
   * The recipient of the message, as in the Send API: `{ id: '…' }` … For an upload or a refresh: of the message that
   * started it; others may have waited for it. Undefined: `warm` started it.
   */
  readonly recipient: unknown;
}

/**
 * Why something was uploaded. `send`: a message needed it. `refresh`: its ID was about to expire. `recover`: Facebook
 * refused its ID. `warm`: `warm` was called.
 */
export type UploadReason = 'send' | 'refresh' | 'recover' | 'warm';

/** An asset was uploaded and has a new ID. */
export interface UploadEvent extends DeliveryEvent {
  /** The new ID. */
  readonly attachmentId: string;
  readonly reason: UploadReason;
  /** The number of tries. */
  readonly attempts: number;
  /** Milliseconds until the answer, including the time in the queue and between tries. */
  readonly ms: number;
}

/** A message was delivered. A media template causes one event for each of its attachments. */
export interface SendEvent extends DeliveryEvent {
  /**
   * `id`: sent by a saved ID. `one-step`: uploaded and sent in one step. `save`: the same, and Facebook returned an ID
   * that is saved.
   */
  readonly how: 'id' | 'one-step' | 'save';
  /** The ID by which it was sent, or the saved ID. */
  readonly attachmentId: string | undefined;
  /** Milliseconds from the call to the answer. */
  readonly ms: number;
}

/** Facebook refused a saved ID, but the message was delivered. */
export interface RecoverEvent extends DeliveryEvent {
  /** The dead ID. */
  readonly attachmentId: string;
  /** `id`: sent by a new ID. `one-step`: uploaded and sent in one step. */
  readonly how: 'id' | 'one-step';
}

/** An ID that was about to expire was replaced. */
export interface RefreshEvent extends DeliveryEvent {
  /** The new ID. */
  readonly attachmentId: string;
}

/** The message that an error is about. */
export interface FailedMessage extends ErrorContext {
  /**
   * The message is sent in spite of the error, in one step or by another ID. Absent: it was not sent, or may not have
   * been.
   */
  readonly sentAnyway?: true;
}

/**
 * The events, with the arguments of their listeners. If a listener throws, the process emits a warning; no message is
 * stopped.
 *
 * @example
 * cache.on('send', ({ asset, how, ms }) => console.log(`${asset} was sent by ${how} in ${ms} ms`));
 * cache.on('recover', ({ asset, attachmentId }) => console.log(`${attachmentId} of ${asset} was dead`));
 */
export interface AttachmentEvents {
  upload: [event: UploadEvent];
  send: [event: SendEvent];
  recover: [event: RecoverEvent];
  refresh: [event: RefreshEvent];
  /**
   * A message was not sent, or something failed behind a message that is sent. `message` says which message and which
   * of the two; `error.page` and `error.recipient` are the same. Without `message`, the error is about the store.
   * Without a listener, nothing happens.
   */
  error: [error: MessageError | StoreError, message?: FailedMessage];
}

/** Why a message was not sent, or may not have been. Its `page` and `recipient` say which message. */
export type MessageError =
  AttachmentError | GraphError | TransportError | AdapterError | PartlySentError | OtherError;

/** An invalid option of the adapter (with a code), or an unexpected error (without a code of this package). */
export type OtherError = Error & { readonly code?: UsageErrorCode | undefined } & Partial<ErrorContext>;

/** Calls the listeners. Never throws. */
export type Report = <Name extends keyof AttachmentEvents>(
  name: Name,
  ...args: AttachmentEvents[Name]
) => void;
