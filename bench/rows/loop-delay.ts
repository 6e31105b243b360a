import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import { BIG_FILES } from '../assets';
import { pluginClient } from '../contenders';
import { newRecipients } from '../measure/at-once';
import { median } from '../measure/contest';
import type { Row } from '../row';

const IDLE = 500;

/** How late other work of the bot comes to its turn while eight files of 25 MB are hashed and uploaded. */
export const row: Row = async (bench) => {
  const rounds = bench.size(5, 1);
  const recipient = newRecipients();
  const idle: number[] = [];
  const busy: number[] = [];
  const uploadAll = async (): Promise<void> => {
    const { send } = await pluginClient(bench, { uploads: { concurrency: BIG_FILES.length } });
    await Promise.all(BIG_FILES.map((url) => send(recipient(), { type: 'video', payload: { url } })));
  };
  await uploadAll();
  await bench.stage.forget();
  for (let round = 0; round < rounds; round++) {
    idle.push(await delayDuring(() => wait(IDLE)));
    busy.push(await delayDuring(uploadAll));
  }
  await bench.stage.expectOnceEach(rounds * BIG_FILES.length);
  return [
    {
      what: 'event-loop delay while hashing and uploading 8 × 25 MB: p99',
      against: 'idle',
      measured: median(busy),
      unit: 'ms',
      goal: { atMost: 20 },
      details: { 'busy p99 ms': median(busy), 'idle p99 ms': median(idle) },
    },
  ];
};

/** The 99th percentile in milliseconds; the one of the timer itself is part of it. */
async function delayDuring(work: () => Promise<unknown>): Promise<number> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await work();
  delay.disable();
  return delay.percentile(99) / 1e6;
}
