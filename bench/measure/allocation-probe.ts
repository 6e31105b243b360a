import '../no-source-maps';
import { GCProfiler } from 'node:v8';
import { BY_ID, PICTURE, pluginClient, rawUndici } from '../contenders';
import type { Scene } from '../row';
import { atOnce, newRecipients } from './at-once';

const WARM_UP = 3_000;
const SENDS = 3_000;

/** Tells how many bytes of heap a send allocates. */
async function main([way, settings = '']: readonly string[]): Promise<void> {
  const scene = JSON.parse(settings) as Scene;
  const recipient = newRecipients();
  const plugin = await pluginClient(scene);
  const raw = rawUndici(scene);
  const send =
    way === 'plugin' ? () => plugin.send(recipient(), PICTURE) : () => raw.send(recipient(), BY_ID);
  await atOnce(WARM_UP, send);
  globalThis.gc?.();
  const profiler = new GCProfiler();
  profiler.start();
  const before = process.memoryUsage().heapUsed;
  await atOnce(SENDS, send);
  const after = process.memoryUsage().heapUsed;
  // If something was collected all the same, it counts as if it had not been.
  const collected = profiler
    .stop()
    .statistics.reduce(
      (sum, { beforeGC, afterGC }) =>
        sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
      0,
    );
  process.send?.((after - before + collected) / SENDS, () => process.exit());
}

void main(process.argv.slice(2));
