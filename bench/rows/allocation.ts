import { GCProfiler } from 'node:v8';
import { BY_ID, PICTURE, pluginClient, rawUndici, type Attachment, type Send } from '../contenders';
import { apart, type Contenders } from '../measure/apart';
import { atOnce, newRecipients } from '../measure/at-once';
import { contest, median, medianRatio, type Turn } from '../measure/contest';
import type { Bench, Row } from '../row';

/** A young generation so large that next to nothing is collected while it is measured. */
const FLAGS = ['--max-semi-space-size=256', '--min-semi-space-size=256'];

export const contenders: Contenders<'plugin' | 'raw', number> = {
  plugin: async (bench) => allocatedBy(bench, (await pluginClient(bench)).send, PICTURE),
  raw: (bench) => allocatedBy(bench, rawUndici(bench).send, BY_ID),
};

/** What a cached send allocates. */
export const row: Row = async (bench) => {
  const results = await contest(
    bench.size(5, 1),
    await apart(bench, __filename, contenders, { flags: FLAGS }),
  );
  return [
    {
      what: 'allocation per cached send',
      against: 'raw undici',
      measured: medianRatio(results.plugin, results.raw),
      unit: 'times',
      goal: { atMost: 1.3 },
      details: { 'plugin bytes': median(results.plugin), 'raw bytes': median(results.raw) },
    },
  ];
};

/** How many bytes of heap a send allocates. */
function allocatedBy({ size }: Bench, send: Send, attachment: Attachment): Turn<number> {
  const sends = size(3_000, 50);
  const recipient = newRecipients();
  return async () => {
    const profiler = new GCProfiler();
    profiler.start();
    const before = process.memoryUsage().heapUsed;
    await atOnce(sends, () => send(recipient(), attachment));
    const grown = process.memoryUsage().heapUsed - before;
    // If something was collected all the same, it counts as if it had not been.
    const collected = profiler
      .stop()
      .statistics.reduce(
        (sum, { beforeGC, afterGC }) =>
          sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
        0,
      );
    return (grown + collected) / sends;
  };
}
