import { keyOf } from '../cache/saved-id';
import type { AssetEvent } from '../events/events';
import type { GraphClient } from '../graph/client';
import type { Asset } from '../source/asset';

/** An asset that a page sends, or is to send. */
export interface PageAsset {
  readonly client: GraphClient;
  /** The page's ID. */
  readonly page: string;
  readonly asset: Asset;
  /** Under which its ID is kept. */
  readonly key: string;
}

export function pageAsset(client: GraphClient, page: string, asset: Asset): PageAsset {
  return { client, page, asset, key: keyOf(page, asset.key) };
}

/** What every event about an asset tells. */
export function assetEvent({ type, label, bytes }: Asset, page: string | undefined): AssetEvent {
  return { page, type, asset: label, bytes };
}
