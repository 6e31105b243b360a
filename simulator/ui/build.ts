/** Puts the UI into `dist/`: whoever installs the package needs no bundler. */
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { bundle } from './bundle';

async function main(): Promise<void> {
  const to = path.join(__dirname, '../dist/ui');
  await mkdir(to, { recursive: true });
  const { script, style } = await bundle();
  await writeFile(path.join(to, 'ui.js'), script);
  await writeFile(path.join(to, 'ui.css'), style);
  for (const name of ['index.html', 'icon.svg']) {
    await copyFile(path.join(__dirname, name), path.join(to, name));
  }
}

void main();
