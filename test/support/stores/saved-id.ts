import type { SavedId } from '../../../src/cache/saved-id';

/** An ID as it is kept. */
export function savedId(id: string, more: Partial<SavedId> = {}): SavedId {
  return {
    id,
    uploadedAt: Date.now(),
    page: '1001',
    type: 'image',
    asset: 'image "tom.png"',
    bytes: 100,
    ...more,
  };
}
