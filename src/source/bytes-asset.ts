import { extensionOf } from '../base/mime-types';
import { attemptKey, contentKey } from './asset-key';
import { contentTypeFor } from './content-type';
import type { Asset, AttachmentType } from './asset';
import type { ContentFacts } from './content-facts';

/** What the author says about bytes. */
export interface BytesDescription {
  readonly type: AttachmentType;
  readonly label: string;
  readonly filename: string | undefined;
  /** The content type. */
  readonly declared: string | undefined;
}

/**
 * Bytes that are held in memory as an asset.
 *
 * @throws {AttachmentError} `ERR_ATTACHMENT_TYPE_MISMATCH`
 */
export function bytesAsset(
  { type, label, filename, declared }: BytesDescription,
  { digest, bytes, start }: ContentFacts,
  toFile: (options: { name: string; type: string; size: number }) => File,
): Asset {
  const contentType = contentTypeFor(type, label, start, { declared, filename });
  const name = filename ?? `${type}.${extensionOf(contentType)}`;
  return {
    type,
    label,
    key: contentKey(type, digest, name),
    attempt: attemptKey('bytes', contentType, name),
    bytes,
    source: undefined,
    content: { file: toFile({ name, type: contentType, size: bytes }) },
  };
}
