import { Platform } from './platform/platform';
import type { Row, Scene } from './row';

/** Runs one row in a process of its own, and tells its parent what was measured. */
async function main([file = '', scene = '']: readonly string[]): Promise<void> {
  const { row } = (await import(file)) as { row: Row };
  const settings = JSON.parse(scene) as Scene;
  const stage = new Platform(settings.platform);
  const size = (full: number, smoke: number): number => (settings.smoke ? smoke : full);
  const result = await row({ ...settings, scene: settings, stage, size });
  process.send?.(result, () => process.exit());
}

void main(process.argv.slice(2));
