import type { AttachmentType } from '../source/asset';

/** An attachment ID that Facebook gave for an asset of a page. */
export interface SavedId {
  readonly id: string;
  /** When its upload began, in milliseconds since 1970: its age counts from here. */
  readonly uploadedAt: number;
  readonly page: string;
  readonly type: AttachmentType;
  /** For people: path or address, without query string or credentials. */
  readonly asset: string;
  readonly bytes: number | undefined;
}

/**
 * What stands in the store. A record of another version, or one that is not whole, counts as none: the asset is
 * uploaded again.
 */
interface StoredRecord extends Omit<SavedId, 'bytes'> {
  readonly v: typeof VERSION;
  readonly bytes?: number;
}

const VERSION = 1;

/** Every key of ours begins so. */
export const KEY_PREFIX = `fb-attachment:${VERSION}:`;

/** Short ASCII, because databases limit keys to 255 characters; versioned, because formats change. */
export function keyOf(page: string, assetKey: string): string {
  return `${KEY_PREFIX}${page}:${assetKey}`;
}

export function toRecord({ bytes, ...saved }: SavedId): StoredRecord {
  return { v: VERSION, ...saved, ...(bytes !== undefined && { bytes }) };
}

/** Anything can stand in a store that is shared, under any key. */
export function fromRecord(key: string, value: unknown): SavedId | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { v, id, uploadedAt, page, type, asset, bytes } = value as Partial<
    Record<keyof StoredRecord, unknown>
  >;
  if (v !== VERSION || typeof id !== 'string' || id === '') return undefined;
  if (typeof uploadedAt !== 'number' || !Number.isFinite(uploadedAt)) return undefined;
  if (typeof page !== 'string' || typeof type !== 'string' || typeof asset !== 'string') return undefined;
  if (!key.startsWith(keyOf(page, `${type}:`))) return undefined;
  return {
    id,
    uploadedAt,
    page,
    type: type as AttachmentType,
    asset,
    bytes: typeof bytes === 'number' ? bytes : undefined,
  };
}
