import { invalidAttachmentId, invalidParameter, uploadFailed, wrongFileCount } from './errors';
import { type SendRates } from './rate-limits';
import { type UrlFetcher } from './fetch-url';
import {
  type Asset,
  type AttachmentType,
  type IncomingFile,
  type Page,
  type StoredFile,
} from '../platform/model';
import { type Platform } from '../platform/platform';
import { checkContent, checkMessage, type Rules } from './send-schema';

/** A call that is allowed to act for its page. */
export interface PageCall {
  platform: Platform;
  page: Page;
  params: Record<string, unknown>;
  /** The call is a form that can bring a file along. */
  isMultipart: boolean;
  file?: IncomingFile;
  fetchUrl: UrlFetcher;
  rules: Rules;
  limits: SendRates;
}

interface ReceivedAttachment {
  file: StoredFile;
  /** Set when the attachment was sent by the ID of a saved asset. */
  attachmentId?: string;
  /** Where it was fetched from. */
  url?: string;
}

/** Attachment Upload API: `POST /<page>/message_attachments`. */
export async function uploadAttachment(call: PageCall): Promise<{ attachment_id: string }> {
  const message = checkMessage(call.params['message'], call.rules);
  const { attachment } = message;
  if (!attachment) throw invalidParameter('The parameter message[attachment] is required');
  checkContent(message);
  if (attachment.type === 'template') {
    throw invalidParameter('Param message[attachment][type] must be one of {AUDIO, FILE, IMAGE, VIDEO}');
  }
  const { type, payload } = attachment;
  if (payload.attachment_id !== undefined) {
    throw invalidParameter('Param message[attachment][payload][attachment_id] cannot be uploaded again');
  }
  const { file, url } = await receiveAttachment(call, type, payload);
  // attachment-upload-api: is_reusable "defaults to false"; the ID is then good for one message.
  const reusable = isTrue(payload.is_reusable);
  return { attachment_id: call.platform.save(call.page, file, { via: 'upload', url, reusable }).id };
}

/** The attachment that `payload` stands for: a saved asset, the form's file, or what is at a URL. */
export async function receiveAttachment(
  call: PageCall,
  type: AttachmentType,
  payload: Record<string, unknown>,
): Promise<ReceivedAttachment> {
  const { attachment_id: id, url } = payload;
  if (call.params['filedata'] !== undefined) {
    throw wrongFileCount();
  }
  if ([id, url, call.file].filter((source) => source !== undefined).length > 1) {
    throw invalidParameter('An attachment has one source: attachment_id, url or filedata');
  }
  if (id !== undefined) return { ...useAsset(call.platform, call.page, type, id) };
  if (call.isMultipart && url === undefined && !call.file) throw wrongFileCount();
  const incoming = call.file ?? (await call.fetchUrl(urlParam(url), type));
  if (incoming.bytes.length === 0 || !fits(incoming.contentType, type)) throw uploadFailed();
  return {
    file: call.platform.store(type, incoming),
    ...(incoming.url !== undefined && { url: incoming.url }),
  };
}

/** An ID is good only for the page that uploaded it, for 90 days, and for attachments of its type. */
export function useAsset(
  platform: Platform,
  page: Page,
  type: AttachmentType,
  id: unknown,
): { file: StoredFile; attachmentId: string } {
  const asset: Asset | undefined =
    typeof id === 'string' || typeof id === 'number' ? platform.asset(String(id)) : undefined;
  if (!asset || asset.page !== page.id || !asset.alive) throw invalidAttachmentId();
  if (asset.type !== type) throw uploadFailed();
  platform.countUse(asset.id);
  const { name, contentType, bytes, sha256 } = asset;
  const { width, height } = asset;
  const size = width === undefined || height === undefined ? {} : { width, height };
  return { file: { type, name, contentType, bytes, sha256, ...size }, attachmentId: asset.id };
}

/** Form fields may say it in a string. */
export function isTrue(value: unknown): boolean {
  return value === true || value === 'true';
}

function urlParam(url: unknown): string {
  if (url === undefined) throw invalidParameter('An attachment needs one of attachment_id, url and filedata');
  if (typeof url === 'string') return url;
  throw invalidParameter('Param message[attachment][payload][url] must be a string');
}

function fits(contentType: string, type: AttachmentType): boolean {
  return type === 'file' || contentType.toLowerCase().startsWith(`${type}/`);
}
