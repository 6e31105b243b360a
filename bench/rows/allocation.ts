import path from 'node:path';
import { measureInChild } from '../in-child';
import { median } from '../measure/contest';
import type { Row } from '../row';

const PROBE = path.join(__dirname, '../measure/allocation-probe.ts');

/** A young generation so large that nothing is collected while it is measured. */
const FLAGS = ['--max-semi-space-size=256', '--min-semi-space-size=256'];

/** What a cached send allocates. Each is measured in a fresh process. */
export const row: Row = async ({ scene, size }) => {
  const rounds = size(3, 1);
  const allocated = { plugin: [] as number[], raw: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const way of ['plugin', 'raw'] as const) {
      allocated[way].push(await measureInChild<number>(PROBE, [way, JSON.stringify(scene)], FLAGS));
    }
  }
  return [
    {
      what: 'allocation per cached send',
      against: 'raw undici',
      measured: median(allocated.plugin.map((bytes, round) => bytes / (allocated.raw[round] ?? NaN))),
      unit: 'times',
      goal: { atMost: 1.3 },
      details: { 'plugin bytes': median(allocated.plugin), 'raw bytes': median(allocated.raw) },
    },
  ];
};
