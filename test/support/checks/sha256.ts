import { createHash } from 'node:crypto';

/** SHA-256, in base64url unless told otherwise. */
export function sha256(content: string | Uint8Array, encoding: 'base64url' | 'hex' = 'base64url'): string {
  return createHash('sha256').update(content).digest(encoding);
}
