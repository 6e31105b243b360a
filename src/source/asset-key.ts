import { digestOf } from './digest';
import type { AttachmentType } from './asset';

/**
 * What a file is: its type and content, so that the same bytes under two paths are one asset. A `file` is shown under
 * its name, so there the name counts too.
 */
export function contentKey(type: AttachmentType, digest: string, filename: string): string {
  return type === 'file' ? `${type}:${digest}:${digestOf(filename).slice(0, 16)}` : `${type}:${digest}`;
}

/** What a web address stands for: its type and whatever the bot's author says makes two addresses the same. */
export function addressKey(type: AttachmentType, address: string): string {
  return `${type}:url:${digestOf(address)}`;
}

/** What distinguishes one way to upload an asset from another: its address, or path, content type and file name. */
export function attemptKey(...parts: readonly string[]): string {
  return digestOf(parts.join('\0'));
}
