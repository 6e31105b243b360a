import { LRUCache } from 'lru-cache';
import { AttachmentError } from '../base/errors';
import { withoutSecrets } from '../base/redact';
import { addressKey, attemptKey } from './asset-key';
import type { Asset, AssetSource, AttachmentType } from './asset';

/**
 * Returns the key of a web address. Addresses with the same key are the same asset. If it throws or does not return a
 * string, the attachment fails with `ERR_ATTACHMENT_BAD_SOURCE`. It must always return the same key for an address: the
 * plugin remembers it.
 */
export type CacheKey = (url: URL) => string;

/** `www.example.com/cat.jpg`, `example.com/cat.jpg`, `//example.com/cat.jpg` */
const ADDRESS_WITHOUT_SCHEME = /^(\/\/)?([a-z0-9-]+\.)+[a-z]{2,}\//i;

/** Advice for an error message about a path that does not exist, if it looks like a web address. */
export function adviceOnScheme(name: string): string {
  return ADDRESS_WITHOUT_SCHEME.test(name.trim()) ? ' (a web address begins with https://)' : '';
}

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

/** How many addresses are remembered with what they stand for. */
const MEMO_ENTRIES = 1_000;

/** Web addresses as assets. Nothing is fetched: Facebook does that. */
export class WebAddresses {
  readonly #cacheKey: CacheKey;
  /** To hash an address takes longer than all else that is done for a message whose ID is known. */
  readonly #memos = new LRUCache<string, Asset>({ max: MEMO_ENTRIES });

  constructor(cacheKey: CacheKey) {
    this.#cacheKey = cacheKey;
  }

  /** @throws {AttachmentError} `ERR_ATTACHMENT_BAD_SOURCE`: it is no address, or `cacheKey` gave no string for it. */
  identify(type: AttachmentType, address: string): Asset {
    const memoKey = `${type} ${address}`;
    let asset = this.#memos.get(memoKey);
    if (!asset) {
      asset = identifyAddress(type, address, this.#cacheKey);
      this.#memos.set(memoKey, asset);
    }
    return asset;
  }
}

/**
 * A web address as an asset.
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
