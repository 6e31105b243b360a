import { Platform } from './platform/platform';
import type { Bench, Scene } from './row';

/** What a process of the benchmark works with, from what its parent said. */
export function openBench(scene: Scene): Bench {
  const size = (full: number, smoke: number): number => (scene.smoke ? smoke : full);
  return { ...scene, scene, stage: new Platform(scene.platform), size };
}
