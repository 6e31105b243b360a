/** Makes the pictures of the page for the documentation: `npx tsx test/e2e/screenshots.ts [FOLDER]`. */
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type BrowserContextOptions } from 'playwright-core';
import { indexedPng, pixelsOf } from './indexed-png';
import { CATS, openUi, type UiFixture } from './ui-fixture';

const FOLDER = path.resolve(process.argv[2] ?? path.join(__dirname, '../../simulator/docs/images'));
const NARROW = { width: 390, height: 780 };
const WIDE = { width: 1280, height: 800 };

interface Picture {
  name: string;
  query: string;
  options: BrowserContextOptions;
}

const at = (tab: string, user = '1') => `?page=${CATS}&user=${user}&tab=${tab}`;

const PICTURES: Picture[] = [
  { name: 'simulator-light', query: at('calls'), options: { viewport: WIDE, colorScheme: 'light' } },
  { name: 'simulator-dark', query: at('calls'), options: { viewport: WIDE, colorScheme: 'dark' } },
  { name: 'simulator-assets', query: at('assets', '3'), options: { viewport: WIDE, colorScheme: 'light' } },
  {
    name: 'simulator-controls',
    query: at('controls', '3'),
    options: { viewport: WIDE, colorScheme: 'dark' },
  },
  { name: 'simulator-narrow', query: at('chat'), options: { viewport: NARROW, colorScheme: 'light' } },
  { name: 'simulator-narrow-calls', query: at('calls'), options: { viewport: NARROW, colorScheme: 'dark' } },
];

async function main(): Promise<void> {
  await mkdir(FOLDER, { recursive: true });
  const fixture = await openUi();
  try {
    await play(fixture);
    for (const { name, query, options } of PICTURES) {
      const view = await fixture.open(query, { ...options, reducedMotion: 'reduce' });
      await view.page.waitForTimeout(1_000); // Pictures, and the first frames of videos.
      const file = path.join(FOLDER, `${name}.png`);
      const { width, height } = options.viewport ?? WIDE;
      const png = await view.page.screenshot();
      const small = indexedPng(await pixelsOf(view.page, png), width, height);
      await writeFile(file, small);
      console.log(`${file}: ${Math.round(small.length / 1000)} kB`);
      await view.close();
    }
  } finally {
    await fixture.close();
  }
}

/** Something to see: people who chat, IDs that die, and the recovery. */
async function play({ simulator }: UiFixture): Promise<void> {
  const say = (user: string, text: string) => simulator.say({ page: CATS, user, text });
  for (const text of ['Hello there', 'sound', 'file']) await say('3', text);
  for (const text of ['video', 'card']) await say('2', text);
  for (const text of ['logo', 'gif', 'gallery', 'gallery 2']) await say('4', text);
  simulator.advanceDays(83);
  for (const { id, name } of simulator.assets()) if (name === 'tom.jpg') simulator.revoke(id);
  for (const text of ['picture', 'help', 'sound']) await say('1', text);
  await new Promise((resolve) => setTimeout(resolve, 500)); // The bot renews IDs in the background.
  for (const text of ['picture', 'sound']) await say('4', text);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
