import type { UsageErrorCode } from '../base/check-options';
import type { AttachmentError, PartlySentError, StoreError } from '../base/errors';
import type { GraphError, TransportError } from '../graph/errors';
import type { AttachmentType } from '../source/asset';

/** What every event about an asset tells. */
export interface AssetEvent {
  /** The page's ID; undefined if it could not be learnt, and so nothing was cached. */
  readonly page: string | undefined;
  readonly type: AttachmentType;
  /** Type and path or address, without query string or credentials. */
  readonly asset: string;
  /** Size of the asset; undefined for a web address, which only Facebook fetches. */
  readonly bytes: number | undefined;
}

/** What every event about a delivery tells. */
export interface DeliveryEvent extends AssetEvent {
  /**
   * Whom the message was for, as the Send API has it: `{ id: '…' }` … Of an upload or a refresh, that is the message that
   * began it; others may have waited for it. Undefined: no message did, but `warm`.
   */
  readonly recipient: unknown;
}

/**
 * Why something was uploaded. `send`: a message needed it. `refresh`: its ID was near its end. `recover`: Facebook
 * refused its ID. `warm`: it was asked for beforehand.
 */
export type UploadReason = 'send' | 'refresh' | 'recover' | 'warm';

/** An asset was uploaded and has a new ID. */
export interface UploadEvent extends DeliveryEvent {
  /** The new ID. */
  readonly attachmentId: string;
  readonly reason: UploadReason;
  /** How many tries it took. */
  readonly attempts: number;
  /** Milliseconds from the first try to the answer. */
  readonly ms: number;
}

/** A message arrived. A media template is one event for each attachment that was filled in. */
export interface SendEvent extends DeliveryEvent {
  /**
   * `id`: by a saved ID. `one-step`: uploaded and sent in one step. `save`: the same, and Facebook gave an ID for
   * later.
   */
  readonly how: 'id' | 'one-step' | 'save';
  /** The ID that it was sent by, or that was saved. */
  readonly attachmentId: string | undefined;
  /** Milliseconds from the call to the answer. */
  readonly ms: number;
}

/** Facebook refused a saved ID, and the message arrived all the same. */
export interface RecoverEvent extends DeliveryEvent {
  /** The dead ID. */
  readonly attachmentId: string;
  /** `id`: by an ID that was made since. `one-step`: uploaded and sent in one step. */
  readonly how: 'id' | 'one-step';
}

/** An ID near its end was replaced. */
export interface RefreshEvent extends DeliveryEvent {
  /** The new ID. */
  readonly attachmentId: string;
}

/** The message that an error is about. */
export interface FailedMessage {
  /** The page's ID, if it is known. */
  readonly page: string | undefined;
  /** Whom the message was for, as the Send API has it: `{ id: '…' }` … */
  readonly recipient: unknown;
  /** The message goes on all the same: in one step, or by another ID. Absent: it was not sent, or may not have been. */
  readonly goesOn?: true;
}

/**
 * Everything that is reported: listener arguments by event name. What a listener throws becomes a warning of the
 * process, and stops no message.
 *
 * @example
 * cache.on('send', ({ asset, how, ms }) => console.log(`${asset} went by ${how} in ${ms} ms`));
 * cache.on('recover', ({ asset, attachmentId }) => console.log(`${attachmentId} of ${asset} was dead`));
 */
export interface AttachmentEvents {
  upload: [event: UploadEvent];
  send: [event: SendEvent];
  recover: [event: RecoverEvent];
  refresh: [event: RefreshEvent];
  /**
   * A message that did not go out, or something that failed behind one that goes on; `message` tells which message, and
   * which of the two. Without `message`, it is about none, but the store. Without a listener, nothing happens.
   */
  error: [
    error: AttachmentError | GraphError | TransportError | PartlySentError | StoreError | OtherError,
    message?: FailedMessage,
  ];
}

/** A wrong option of the adapter, which has a code; or what nobody expected, which has none of this package. */
export type OtherError = Error & { readonly code?: UsageErrorCode | undefined };

/** Tells whoever listens. Never throws. */
export type Report = <Name extends keyof AttachmentEvents>(
  name: Name,
  ...args: AttachmentEvents[Name]
) => void;
