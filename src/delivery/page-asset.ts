import { keyOf } from '../cache/saved-id';
import type { DeliveryEvent } from '../events/events';
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
  /** Whom the message is for that needs it. Undefined: no message does. */
  readonly recipient: unknown;
}

export function pageAsset(client: GraphClient, page: string, asset: Asset, recipient?: unknown): PageAsset {
  return { client, page, asset, key: keyOf(page, asset.key), recipient };
}

/** What every event about a delivery tells. */
export function deliveryEvent(
  { type, label, bytes }: Asset,
  page: string | undefined,
  recipient: unknown,
): DeliveryEvent {
  return { page, type, asset: label, bytes, recipient };
}
