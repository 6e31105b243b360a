import { createHash, type Hash } from 'node:crypto';

export function startDigest(): Hash {
  return createHash('sha256');
}

/** SHA-256 in base64url: 43 characters that fit any store's keys. */
export function endDigest(hash: Hash): string {
  return hash.digest('base64url');
}

export function digestOf(text: string): string {
  return endDigest(startDigest().update(text));
}
