import path from 'node:path';
import { BIG_FILES } from '../assets';
import { measureInChild } from '../in-child';
import { median } from '../measure/contest';
import type { Row } from '../row';

const PROBE = path.join(__dirname, '../measure/memory-probe.ts');

/** What eight uploads of 25 MB at once take of memory. Each is measured in a fresh process. */
export const row: Row = async (bench) => {
  const rounds = bench.size(5, 1);
  const { stage, scene } = bench;
  const added = { plugin: [] as number[], 'read-first': [] as number[] };
  await stage.forget();
  for (let round = 0; round < rounds; round++) {
    for (const way of ['plugin', 'read-first'] as const) {
      added[way].push(await measureInChild<number>(PROBE, [way, JSON.stringify(scene)]));
    }
  }
  const { files } = await stage.counts();
  if (files !== rounds * 2 * BIG_FILES.length)
    throw new Error(`Expected each file to go up once, got ${files}`);
  return [
    {
      what: 'eight 25 MB uploads at once: memory added',
      against: 'reading files first (see the figures)',
      measured: median(added.plugin),
      unit: 'MB',
      goal: { atMost: 64 },
      details: { 'plugin MB': median(added.plugin), 'reading first MB': median(added['read-first']) },
    },
  ];
};
