import { type GraphCall } from '../platform/call-log';
import { isObject } from '../base/check';
import { type Asset } from '../platform/model';

/** A call in a line: without the request and the answer, but with what tells whom and what they were about. */
export interface CallOutline extends Omit<GraphCall, 'body' | 'answer'> {
  user?: string;
  /** Of the message that the call sent. */
  mid?: string;
  /** The ID that the call sent, or the new one in its answer. */
  attachmentId?: string;
  /** What the attachment is. The same content has the same `key`, whatever its ID. */
  asset?: { key: string; name: string };
  /** The file that the call brought along. */
  file?: { name: string; bytes: number };
  /** Of an error. */
  message?: string;
}

type Fields = Record<string, unknown>;

export function outlineOf(
  { body, answer, ...call }: GraphCall,
  assetOf: (id: string) => Asset | undefined,
): CallOutline {
  const [asked, got] = [fields(body), fields(answer)];
  const attachment = fields(fields(asked['message'])['attachment']);
  const payload = fields(attachment['payload']);
  const elements = Array.isArray(payload['elements']) ? (payload['elements'] as unknown[]) : [];
  const source = attachment['type'] === 'template' ? fields(elements[0]) : payload;
  const attachmentId = text(got['attachment_id']) ?? text(source['attachment_id']);
  const { name, bytes, sha256 } = fields(asked['filedata']);
  const outline: CallOutline = { ...call };
  const user = text(fields(asked['recipient'])['id']);
  const mid = text(got['message_id']);
  const message = text(fields(got['error'])['message']);
  if (user !== undefined) outline.user = user;
  if (mid !== undefined) outline.mid = mid;
  if (attachmentId !== undefined) outline.attachmentId = attachmentId;
  if (typeof name === 'string' && typeof bytes === 'number') outline.file = { name, bytes };
  if (message !== undefined) outline.message = message;
  const asset =
    fileAsset(sha256, name) ??
    urlAsset(text(source['url'])) ??
    savedAsset(attachmentId === undefined ? undefined : assetOf(attachmentId));
  if (asset) outline.asset = asset;
  return outline;
}

function fileAsset(sha256: unknown, name: unknown): CallOutline['asset'] {
  return typeof sha256 === 'string' ? { key: sha256, name: String(name) } : undefined;
}

function urlAsset(url: string | undefined): CallOutline['asset'] {
  return url === undefined ? undefined : { key: url, name: url };
}

function savedAsset(asset: Asset | undefined): CallOutline['asset'] {
  return asset && { key: asset.url ?? asset.sha256, name: asset.url ?? asset.name };
}

function fields(value: unknown): Fields {
  return isObject(value) ? value : {};
}

function text(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : undefined;
}
