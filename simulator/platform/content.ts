import { createHash } from 'node:crypto';

export function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Of the same bytes. */
const MAX_TYPES = 20;

interface Kept {
  bytes: Buffer;
  contentTypes: Set<string>;
}

/**
 * The bytes of all attachments, each distinct content once. When more than `limit` bytes are kept, the content that
 * was longest not attached goes; its hash and size stay with the assets and messages.
 */
export class ContentStore {
  readonly #limit: number;
  readonly #kept = new Map<string, Kept>();
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  keep(sha256: string, bytes: Buffer, contentType: string): void {
    const known = this.#kept.get(sha256);
    if (!known) this.#size += bytes.length;
    this.#kept.delete(sha256); // Into the map again, as the youngest.
    this.#kept.set(sha256, {
      bytes: known?.bytes ?? bytes,
      contentTypes: new Set([...(known?.contentTypes ?? []), contentType].slice(0, MAX_TYPES)),
    });
    this.#dropOldest();
  }

  /** `contentType` chooses among those that the same bytes came with; any other is ignored. */
  get(sha256: string, contentType?: string): { bytes: Buffer; contentType: string } | undefined {
    const kept = this.#kept.get(sha256);
    if (!kept) return undefined;
    const [first = 'application/octet-stream'] = kept.contentTypes;
    const known = contentType !== undefined && kept.contentTypes.has(contentType);
    return { bytes: kept.bytes, contentType: known ? contentType : first };
  }

  clear(): void {
    this.#kept.clear();
    this.#size = 0;
  }

  #dropOldest(): void {
    for (const [sha256, { bytes }] of this.#kept) {
      if (this.#size <= this.#limit) return;
      this.#kept.delete(sha256);
      this.#size -= bytes.length;
    }
  }
}
