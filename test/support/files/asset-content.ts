import { buffer } from 'node:stream/consumers';
import type { Asset } from '../../../src/source/asset';

/** What an asset is, without the way to its content. */
export function factsOf({ type, label, key, bytes }: Asset): Pick<Asset, 'type' | 'label' | 'key' | 'bytes'> {
  return { type, label, key, bytes };
}

/** What goes to the platform when it is sent: an address, or a file that is read as a form would read it. */
export async function contentOf({
  content: { url, file },
}: Asset): Promise<{ url: string } | { name: string; type: string; bytes: Buffer }> {
  return file === undefined
    ? { url }
    : { name: file.name, type: file.type, bytes: await buffer(file.stream()) };
}

/** The file that is sent. */
export async function fileOf(asset: Asset): Promise<{ name: string; type: string; bytes: Buffer }> {
  const content = await contentOf(asset);
  if ('url' in content) throw new Error(`Expected a file, got ${content.url}`);
  return content;
}
