export { FacebookAttachmentCache, type BotkitLike, type PageOptions } from './plugin';
export type {
  MessengerMessage,
  PageAccount,
  PageClient,
  Recipient,
  SendAnswer,
  SendOptions,
} from './adapter/connect';
export type { SendResult } from './adapter/results';
export type { UsageErrorCode } from './base/check-options';
export type { GraphMethod } from './graph/client';
export type { GraphAnswer } from './graph/answer';
export type { SavedAsset } from './delivery/engine';
export type { AttachmentCacheOptions, FetchFrom } from './options';
export { audio, file, image, media, video } from './message/builders';
export type {
  Attachment,
  AttachmentMessage,
  AttachmentPayload,
  AttachmentSource,
  BuildOptions,
  MediaOptions,
  PayloadOptions,
  TemplateAttachment,
  TemplateMessage,
} from './message/builders';
export type { MessageFields, QuickReply, TemplateButton } from './message/fields';
export type { AssetSource, AttachmentType } from './source/asset';
export type { BlobLike, Filedata } from './source/filedata';
export type { AssetToPrepare, Prepare, PreparedAsset } from './source/preparation';
export type { CacheKey } from './source/web-address';
export type { KeyvLike, KeyvStorageLike } from './cache/keyv-client';
export {
  AdapterError,
  AttachmentError,
  FacebookAttachmentsError,
  isAdapterError,
  isAttachmentError,
  isFacebookAttachmentsError,
  isPartlySentError,
  isStoreError,
  PartlySentError,
  StoreError,
  type AdapterErrorCode,
  type AttachmentErrorCode,
  type ErrorContext,
  type StoreErrorCode,
  type StoreOperation,
} from './base/errors';
export {
  GraphError,
  isGraphError,
  isTransportError,
  TransportError,
  type TransportErrorCode,
} from './graph/errors';
export type {
  AssetEvent,
  AttachmentEvents,
  DeliveryEvent,
  FailedMessage,
  MessageError,
  OtherError,
  RecoverEvent,
  RefreshEvent,
  SendEvent,
  UploadEvent,
  UploadReason,
} from './events/events';
export type { RecoveryTrace, SendTrace, UploadTrace } from './events/tracing';
export type { AttachmentStats } from './events/stats';
export type { WarmAsset, WarmOptions, WarmProgress, WarmReport, WarmResult } from './delivery/warm';
