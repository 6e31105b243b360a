import assert from 'node:assert/strict';
import type { Simulator } from 'messenger-platform-simulator';
import type { FaultyStore } from '../stores/faulty-store';

/** An ID never stands for other bytes: a file's key in the store ends in the digest of its content. */
export function assertIdsMatchContent(sim: Simulator, store: FaultyStore): void {
  const hashes = new Map(sim.assets().map(({ id, sha256 }) => [id, sha256]));
  for (const [key, id] of store.ids()) {
    const [, digest] = /:image:([\w-]{43})$/.exec(key) ?? [];
    if (digest === undefined) continue;
    const hex = Buffer.from(digest, 'base64url').toString('hex');
    assert.equal(hashes.get(id), hex, `what the ID of ${key} is`);
  }
}
