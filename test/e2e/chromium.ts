import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** Debian's build without a window takes half of the time. */
const PLACES = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'];

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? PLACES.find(existsSync);

export function hasChromium(): boolean {
  return CHROMIUM !== undefined && existsSync(CHROMIUM);
}

export function launch(): Promise<Browser> {
  return chromium.launch({
    ...(CHROMIUM !== undefined && { executablePath: CHROMIUM }),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
