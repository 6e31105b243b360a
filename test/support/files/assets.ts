import { readFileSync } from 'node:fs';
import path from 'node:path';

/** The folder of real pictures, sounds, videos and files. */
export const ASSETS = path.join(__dirname, '../../../example-bot/assets');

/** The content of a file in `ASSETS`. */
export function readAsset(name: string): Buffer {
  return readFileSync(path.join(ASSETS, name));
}
