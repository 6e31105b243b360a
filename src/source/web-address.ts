import { AttachmentError } from '../base/errors';
import { withoutSecrets } from '../base/redact';
import { addressKey, attemptKey } from './asset-key';
import type { Asset, AssetSource, AttachmentType } from './asset';

/**
 * Returns the key of a web address. Addresses with the same key are the same asset. If it throws or does not return a
 * string, the attachment fails with `ERR_ATTACHMENT_BAD_SOURCE`.
 */
export type CacheKey = (url: URL) => string;

/** @throws {AttachmentError} `ERR_ATTACHMENT_BAD_SOURCE`: it is no address. */
export function parseAddress(type: AttachmentType, address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.hostname) return url;
  throw new AttachmentError(
    'ERR_ATTACHMENT_BAD_SOURCE',
    `${type} from a web address`,
    'its `url` is not valid',
  );
}

/**
 * A web address as an asset. Nothing is fetched: Facebook does that.
 *
 * @throws {AttachmentError} `ERR_ATTACHMENT_BAD_SOURCE`: it is no address, or `cacheKey` gave no string for it.
 */
export function identifyAddress(type: AttachmentType, address: string, cacheKey: CacheKey): Asset {
  const url = parseAddress(type, address);
  const label = labelOf(type, url);
  // Before `cacheKey` is asked, which may change the URL.
  const source = sourceOf(url);
  return {
    type,
    label,
    key: addressKey(type, askCacheKey(cacheKey, url, label)),
    attempt: attemptKey('url', address),
    bytes: undefined,
    source,
    content: { url: address },
  };
}

export function labelOf(type: AttachmentType, url: URL): string {
  return `${type} ${withoutSecrets(url)}`;
}

/** A query or a fragment can hold a signature, and the user info a password. */
export function sourceOf({ href, username, password, search, hash }: URL): AssetSource | undefined {
  return username || password || search || hash ? undefined : { url: href };
}

/** @throws {AttachmentError} `ERR_ATTACHMENT_BAD_SOURCE`: it gave no string. */
export function askCacheKey(cacheKey: CacheKey, url: URL, label: string): string {
  try {
    const key: unknown = cacheKey(url);
    if (typeof key === 'string' && key !== '') return key;
  } catch {
    // What the author's function throws can hold the address, signature and all.
  }
  throw new AttachmentError(
    'ERR_ATTACHMENT_BAD_SOURCE',
    label,
    'the option `cacheKey` threw or did not return a string for this address',
  );
}
