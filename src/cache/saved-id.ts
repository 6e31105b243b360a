import { isRecord, withoutUndefined } from '../base/records';
import { MINUTE } from '../base/time';
import { isAttachmentType, type AssetSource, type AttachmentType } from '../source/asset';

/** An attachment ID that Facebook gave for an asset of a page. */
export interface SavedId {
  readonly id: string;
  /** When its upload began, in milliseconds since 1970: its age counts from here. */
  readonly uploadedAt: number;
  /** The page's ID. */
  readonly page: string;
  readonly type: AttachmentType;
  /** What Facebook knows it as, if that is another type. */
  readonly sentAs?: AttachmentType | undefined;
  /** For people: path or address, without query string or credentials. Never parsed: see `source`. */
  readonly asset: string;
  /** Undefined: the attachment was given as bytes, or its address holds what must not be stored. */
  readonly source?: AssetSource | undefined;
  /** Size of the content; unknown for a web address. */
  readonly bytes: number | undefined;
}

/**
 * A record in the store. One of another version, under another key, or with a field that is not as it should be is
 * ignored.
 */
type StoredRecord = { readonly v: typeof VERSION; readonly key: string } & SavedId;

const VERSION = 2;

/** Every key of a record begins so. */
export const KEY_PREFIX = `fb-attachment:${VERSION}:`;

/** The platform's IDs have some 20 digits. */
const LONGEST_ID = 255;

/** Milliseconds by which the clock of the machine that uploaded may be ahead of ours. */
const CLOCK_SKEW = 5 * MINUTE;

/** Short ASCII, because databases limit keys to 255 characters; versioned, because formats change. */
export function keyOf(page: string, assetKey: string): string {
  return `${KEY_PREFIX}${page}:${assetKey}`;
}

/** Without the fields that are undefined, which not every serializer can keep. */
export function toRecord(key: string, saved: SavedId): object {
  return withoutUndefined({ v: VERSION, key, ...saved });
}

/**
 * Anything can be in a store that is shared, under any key; and a store that is asked for several keys could mix up the
 * values, so that a message would get another's picture. Undefined: it is no record that can be trusted.
 */
export function fromRecord(key: string, value: unknown): SavedId | undefined {
  if (!isRecord(value)) return undefined;
  const {
    v,
    key: ownKey,
    id,
    uploadedAt,
    page,
    type,
    sentAs,
    asset,
    source,
    bytes,
  } = value as Partial<Record<keyof StoredRecord, unknown>>;
  if (v !== VERSION || ownKey !== key || typeof id !== 'string' || id === '' || id.length > LONGEST_ID)
    return undefined;
  if (!isTime(uploadedAt) || typeof asset !== 'string') return undefined;
  if (typeof page !== 'string' || !isAttachmentType(type) || !key.startsWith(keyOf(page, `${type}:`))) {
    return undefined;
  }
  const from = readSource(source);
  return {
    id,
    uploadedAt,
    page,
    type,
    ...(isAttachmentType(sentAs) && { sentAs }),
    asset,
    ...(from && { source: from }),
    bytes: isSize(bytes) ? bytes : undefined,
  };
}

/** An ID from the future would be trusted for ever. */
function isTime(value: unknown): value is number {
  return isSize(value) && value <= Date.now() + CLOCK_SKEW;
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function readSource(value: unknown): AssetSource | undefined {
  if (!isRecord(value)) return undefined;
  const { path, filename, url } = value;
  if (typeof url === 'string') return { url };
  if (typeof path !== 'string') return undefined;
  return typeof filename === 'string' ? { path, filename } : { path };
}
