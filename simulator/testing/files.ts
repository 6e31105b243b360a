import { readFile } from 'node:fs/promises';
import path from 'node:path';
import mime from 'mime-types';
import { type AttachmentType } from '../platform/model';
import { type SentFile } from '../platform/person-actions';

/** The path of a file on this machine, or what would be in it. */
export type FileSource = string | { name: string; bytes: Uint8Array; contentType?: string | undefined };

export async function readSource(type: AttachmentType, source: FileSource): Promise<SentFile> {
  const { name, bytes, contentType } =
    typeof source === 'string'
      ? { name: path.basename(source), bytes: await readFile(source), contentType: undefined }
      : { ...source, bytes: Buffer.from(source.bytes) };
  return { type, name, bytes, contentType: contentType ?? contentTypeOf(name) };
}

export function contentTypeOf(name: string): string {
  const found = mime.lookup(name);
  return found === false ? 'application/octet-stream' : found;
}
