import { isError } from './is-error';
import { redact } from './redact';
import type { UsageErrorCode } from './check-options';

/** Marks the errors of this package, including those of another installed copy. */
const BRAND = Symbol.for('botkit-plugin-facebook-attachments.error');

/** The message that an error is about. */
export interface ErrorContext {
  /** The page's ID, if it is known. */
  readonly page: string | undefined;
  /** The recipient of the message, as in the Send API: `{ id: '…' }` … */
  readonly recipient: unknown;
}

/**
 * The base class of all errors of this package: `AttachmentError`, `GraphError`, `TransportError`, `AdapterError`,
 * `PartlySentError`, `StoreError`.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (error instanceof FacebookAttachmentsError) console.error(error.message, error.page, error.recipient);
 * });
 */
export abstract class FacebookAttachmentsError extends Error implements ErrorContext {
  /** The page's ID. Undefined: it is not known, or the error is not about one page. */
  readonly page: string | undefined = undefined;

  /** The recipient of the message, as in the Send API: `{ id: '…' }` … Undefined: the error is not about a message. */
  readonly recipient: unknown = undefined;

  /** @internal */
  get [BRAND](): true {
    return true;
  }
}

/**
 * Why an attachment was not sent. Unless the code says otherwise, Facebook was not called. The codes are stable.
 *
 * - `ERR_ATTACHMENT_NOT_FOUND`: the file does not exist.
 * - `ERR_ATTACHMENT_EMPTY`: it has no content.
 * - `ERR_ATTACHMENT_NOT_A_FILE`: it is a folder, a device …
 * - `ERR_ATTACHMENT_TOO_LARGE`: it has more than 25 MB.
 * - `ERR_ATTACHMENT_TYPE_MISMATCH`: its content type contradicts the attachment's type.
 * - `ERR_ATTACHMENT_OUTSIDE_ROOT`: it is outside the option `root`.
 * - `ERR_ATTACHMENT_NO_ROOT`: it is a local file, and the option `root` is not set.
 * - `ERR_ATTACHMENT_BAD_SOURCE`: the attachment, its `url` or its `filedata` is malformed.
 * - `ERR_ATTACHMENT_UNREADABLE`: the file or Blob cannot be read.
 * - `ERR_ATTACHMENT_CHANGED`: the file kept changing while it was read.
 * - `ERR_ATTACHMENT_FETCH_FAILED`: the plugin tried to fetch it (`fetchFrom`), but the server did not answer or had a
 *   temporary fault.
 * - `ERR_ATTACHMENT_FETCH_REFUSED`: the plugin tried to fetch it (`fetchFrom`), but the server refused, or its answer
 *   cannot be used: HTTP 404, a redirect to an origin that is not listed …
 * - `ERR_ATTACHMENT_PREPARE_FAILED`: the option `prepare` threw, took longer than 60 s, or did not return an
 *   attachment.
 * - `ERR_ATTACHMENT_UPLOAD_TIMEOUT`: it is in a media template, and its upload took longer than 60 s.
 * - `ERR_ATTACHMENT_ONE_MESSAGE`: it needs several messages, but the recipient (a comment, a post, a one-time token)
 *   allows only one.
 * - `ERR_ATTACHMENT_NOT_SENT`: the text before it was refused or may not have arrived.
 * - `ERR_ATTACHMENT_HANDLER_ENDED`: in strict mode, the handler ended before the attachment was ready: `await` is
 *   missing.
 */
export type AttachmentErrorCode =
  | 'ERR_ATTACHMENT_NOT_FOUND'
  | 'ERR_ATTACHMENT_EMPTY'
  | 'ERR_ATTACHMENT_NOT_A_FILE'
  | 'ERR_ATTACHMENT_TOO_LARGE'
  | 'ERR_ATTACHMENT_TYPE_MISMATCH'
  | 'ERR_ATTACHMENT_OUTSIDE_ROOT'
  | 'ERR_ATTACHMENT_NO_ROOT'
  | 'ERR_ATTACHMENT_BAD_SOURCE'
  | 'ERR_ATTACHMENT_UNREADABLE'
  | 'ERR_ATTACHMENT_CHANGED'
  | 'ERR_ATTACHMENT_FETCH_FAILED'
  | 'ERR_ATTACHMENT_FETCH_REFUSED'
  | 'ERR_ATTACHMENT_PREPARE_FAILED'
  | 'ERR_ATTACHMENT_UPLOAD_TIMEOUT'
  | 'ERR_ATTACHMENT_ONE_MESSAGE'
  | 'ERR_ATTACHMENT_NOT_SENT'
  | 'ERR_ATTACHMENT_HANDLER_ENDED';

/** What was to be done with an attachment. */
type AttachmentAction = 'send' | 'upload' | 'forget';

/**
 * An attachment cannot be sent: the file is missing, too large, outside `root` …
 * `code` says why.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (error instanceof AttachmentError && error.code === 'ERR_ATTACHMENT_NOT_FOUND') console.error(error.asset);
 * });
 */
export class AttachmentError extends FacebookAttachmentsError {
  override readonly name = 'AttachmentError';

  /** What is wrong. */
  readonly code: AttachmentErrorCode;

  /** The attachment for logs: its type and its path or address, without query string or credentials. */
  readonly asset: string;

  /** Why it cannot be sent: the message without the attachment's name, for example "it has no content". */
  readonly reason: string;

  /** @internal */
  constructor(code: AttachmentErrorCode, asset: string, reason: string, action: AttachmentAction = 'send') {
    super(`Cannot ${action} ${asset}: ${reason}`);
    this.code = code;
    this.asset = asset;
    this.reason = reason;
  }
}

/**
 * Why Botkit's adapter did not send a message. The codes are stable.
 *
 * - `ERR_ADAPTER_SEND_FAILED`: its call failed: Facebook refused it, or the connection failed.
 * - `ERR_ADAPTER_NO_CLIENT`: it could not begin the call, usually because it has no access token for the page.
 */
export type AdapterErrorCode = 'ERR_ADAPTER_SEND_FAILED' | 'ERR_ADAPTER_NO_CLIENT';

/**
 * A message without an attachment (a text, for example) is sent by Botkit's own client, and that failed. Only
 * Facebook's sentence is known, not its code. If the connection broke, the message may have arrived.
 *
 * @example
 * const { error } = await bot.reply(message, 'Hello');
 * if (isAdapterError(error)) console.error(error.reason);
 */
export class AdapterError extends FacebookAttachmentsError {
  override readonly name = 'AdapterError';

  /** Whether the adapter made a call. */
  readonly code: AdapterErrorCode;

  /** The message for logs: `a text` … */
  readonly asset: string;

  /** The adapter's own sentence, without secrets. */
  readonly reason: string;

  /** @internal */
  constructor(code: AdapterErrorCode, asset: string, reason: string) {
    super(`Could not send ${asset}: ${reason}`);
    this.code = code;
    this.asset = asset;
    this.reason = reason;
  }
}

/**
 * One part of a message has arrived (usually its text), and another part has not or may not have. If you send the whole
 * message again, the first part arrives twice.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (isPartlySentError(error) && isGraphError(error.cause)) console.error(error.messageIds, error.cause.code);
 * });
 */
export class PartlySentError extends FacebookAttachmentsError {
  override readonly name = 'PartlySentError';

  /** Always the same. */
  readonly code = 'ERR_PARTLY_SENT';

  /** The error of the missing part: an AttachmentError, a GraphError, a TransportError … */
  override readonly cause: Error;

  /** The IDs of the messages that have arrived, in order. */
  readonly messageIds: readonly string[];

  /** @internal */
  constructor(cause: Error, arrived: readonly string[], messageIds: readonly string[]) {
    super(
      `${cause.message.replace(/\.$/, '')}. Another part of the message has arrived (${arrived.join(' and ')}), so do not send the whole message again.`,
    );
    this.cause = cause;
    this.messageIds = messageIds;
  }
}

/**
 * The operation of the store that failed.
 *
 * - `read`: look an ID up.
 * - `write`: save an ID.
 * - `list`: list all IDs.
 * - `delete`: delete an ID.
 */
export type StoreOperation = 'read' | 'write' | 'list' | 'delete';

/**
 * What is wrong with the store. The codes are stable.
 *
 * - `ERR_STORE_UNAVAILABLE`: it fails or does not answer.
 * - `ERR_STORE_RECORD_REFUSED`: it refuses the record of one asset, but accepts others.
 */
export type StoreErrorCode = 'ERR_STORE_UNAVAILABLE' | 'ERR_STORE_RECORD_REFUSED';

/**
 * The store of IDs fails or does not answer. Failures of `read` and of `write` are reported once per outage each, and
 * stop no message. Failures of `list` and `delete` are thrown to the caller of `list` and `forget`.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (error instanceof StoreError) console.error(error.operation, error.reason);
 * });
 */
export class StoreError extends FacebookAttachmentsError {
  override readonly name = 'StoreError';

  /** Whether the store or only one record is affected. */
  readonly code: StoreErrorCode;

  /** What failed. */
  readonly operation: StoreOperation;

  /** The store's own message, without passwords. */
  readonly reason: string;

  /** The asset whose record was refused, for logs. Undefined: the store itself is affected. */
  readonly asset: string | undefined;

  /** The page's ID, if only a record is affected. */
  override readonly page: string | undefined;

  /** @internal */
  constructor(operation: StoreOperation, cause: unknown, refused?: { asset: string; page: string }) {
    const reason = redact(isError(cause) ? cause.message : String(cause));
    super(refused ? ofRefused(refused, reason) : CONSEQUENCES[operation](reason));
    this.code = refused ? 'ERR_STORE_RECORD_REFUSED' : 'ERR_STORE_UNAVAILABLE';
    this.operation = operation;
    this.reason = reason;
    this.asset = refused?.asset;
    this.page = refused?.page;
  }
}

const CONSEQUENCES: Readonly<Record<StoreOperation, (reason: string) => string>> = {
  read: (reason) =>
    `The store of attachment IDs cannot be read (${reason}). Messages are still sent, but assets without an ID in memory are uploaded again.`,
  write: (reason) =>
    `The store of attachment IDs cannot be written (${reason}). Messages are still sent. New IDs are kept in memory and written when the store accepts writes again.`,
  list: (reason) => `The attachment IDs in the store cannot be listed (${reason}).`,
  delete: (reason) =>
    `The attachment ID was not deleted from the store (${reason}). The store may still return it, so delete it again.`,
};

function ofRefused({ asset, page }: { asset: string; page: string }, reason: string): string {
  return `The store refused the attachment ID of ${asset} of page ${page} (${reason}) but accepts others. The ID is kept in memory; after a restart the asset is uploaded again.`;
}

/** Is it an error of this package? Unlike `instanceof`, it also recognises errors of another installed copy. */
export function isFacebookAttachmentsError(error: unknown): error is FacebookAttachmentsError {
  return isError(error) && BRAND in error;
}

/**
 * Is it an AttachmentError? Unlike `instanceof`, it also recognises errors of another installed copy.
 *
 * @example
 * cache.on('error', (error) => {
 *   if (isAttachmentError(error)) console.error(error.asset, error.reason);
 * });
 */
export function isAttachmentError(error: unknown): error is AttachmentError {
  return isFacebookAttachmentsError(error) && error.name === 'AttachmentError';
}

/** Is it a PartlySentError? Unlike `instanceof`, it also recognises errors of another installed copy. */
export function isPartlySentError(error: unknown): error is PartlySentError {
  return isFacebookAttachmentsError(error) && error.name === 'PartlySentError';
}

/** Is it a StoreError? Unlike `instanceof`, it also recognises errors of another installed copy. */
export function isStoreError(error: unknown): error is StoreError {
  return isFacebookAttachmentsError(error) && error.name === 'StoreError';
}

/** Is it an AdapterError? Unlike `instanceof`, it also recognises errors of another installed copy. */
export function isAdapterError(error: unknown): error is AdapterError {
  return isFacebookAttachmentsError(error) && error.name === 'AdapterError';
}

/** The errors that a message has already. */
const taken = new WeakSet<Error>();

/**
 * An error of this package with the message that it is about. An upload fails for all who wait for it: the first gets
 * its error, and each other one a copy. Errors of others are not changed.
 */
export function withContext<Thrown extends Error>(error: Thrown, { page, recipient }: ErrorContext): Thrown {
  if (!isFacebookAttachmentsError(error) && !isOptionError(error)) return error;
  const { page: ownPage, recipient: ownRecipient } = error as Partial<ErrorContext>;
  if (ownPage === page && ownRecipient === recipient) return error;
  const own: Thrown = taken.has(error) ? copyOf(error) : error;
  taken.add(own);
  return Object.assign(own, { page, recipient });
}

/** A copy of an attachment's error that names another action. */
export function withAction(error: Error, action: AttachmentAction): Error {
  if (!(error instanceof AttachmentError)) return error;
  const { code, asset, reason, page, recipient } = error;
  return withContext(new AttachmentError(code, asset, reason, action), { page, recipient });
}

/** An option of the adapter is found to be invalid with the first message. */
export function isOptionError(error: Error): boolean {
  return (error as { code?: unknown }).code === ('ERR_OPTION_INVALID' satisfies UsageErrorCode);
}

function copyOf<Thrown extends Error>(error: Thrown): Thrown {
  const copy = new Error(error.message);
  Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object);
  return Object.assign(copy, error, { stack: error.stack });
}

/** Whatever was thrown, as an Error. */
export function toError(thrown: unknown): Error {
  return isError(thrown) ? thrown : new Error(String(thrown));
}
