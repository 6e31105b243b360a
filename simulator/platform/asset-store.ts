import { type Asset, type StoredFile } from './model';
import { dropOldest } from './retention';

const DAY = 24 * 60 * 60 * 1000;
const LIFETIME = 90 * DAY;
/** Beyond, the oldest go. */
const MAX_ASSETS = 100_000;

export interface SaveOptions {
  via: Asset['via'];
  /** Where the file was fetched from. */
  url?: string | undefined;
  /** Default: true */
  reusable?: boolean;
}

type StoredAsset = Omit<Asset, 'alive'> & { revoked: boolean };

/** The files that have an attachment ID. What it gives are copies. */
export class AssetStore {
  readonly #assets = new Map<string, StoredAsset>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  get size(): number {
    return this.#assets.size;
  }

  add(id: string, page: string, file: StoredFile, { via, url, reusable = true }: SaveOptions): Asset {
    const uploadedAt = this.#now();
    const asset: StoredAsset = {
      ...file,
      id,
      page,
      ...(url !== undefined && { url }),
      reusable,
      uploadedAt,
      expiresAt: uploadedAt + LIFETIME,
      timesUsed: 0,
      via,
      revoked: false,
    };
    this.#assets.set(id, asset);
    dropOldest(this.#assets, MAX_ASSETS);
    return this.#view(asset);
  }

  get(id: string): Asset | undefined {
    const asset = this.#assets.get(id);
    return asset && this.#view(asset);
  }

  /** The youngest `limit`, oldest first. */
  list(limit = Infinity): Asset[] {
    const from = Math.max(0, this.#assets.size - limit);
    return [...this.#assets.values()].slice(from).map((asset) => this.#view(asset));
  }

  ids(): string[] {
    return [...this.#assets.keys()];
  }

  countUse(id: string): Asset | undefined {
    return this.#change(id, (asset) => (asset.timesUsed += 1));
  }

  /** Makes an ID invalid before its time. */
  revoke(id: string): Asset | undefined {
    return this.#change(id, (asset) => (asset.revoked = true));
  }

  clear(): void {
    this.#assets.clear();
  }

  #change(id: string, change: (asset: StoredAsset) => void): Asset | undefined {
    const asset = this.#assets.get(id);
    if (asset) change(asset);
    return this.get(id);
  }

  #view({ revoked, ...asset }: StoredAsset): Asset {
    const isUsedUp = !asset.reusable && asset.timesUsed > 0;
    return { ...asset, alive: !revoked && !isUsedUp && this.#now() < asset.expiresAt };
  }
}
