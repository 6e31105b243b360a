import assert from 'node:assert/strict';
import { STORM } from '../assets';
import { pluginClient } from '../contenders';
import { newRecipients } from '../measure/at-once';
import { median } from '../measure/contest';
import type { Row } from '../row';

const VIDEO = { type: 'video', payload: { url: 'storm.mp4' } } as const;

/** A thousand sends at once meet an ID that has died: how often the file goes up until all have arrived. */
export const row: Row = async (bench) => {
  const people = bench.size(1_000, 50);
  const rounds = bench.size(5, 1);
  const recipient = newRecipients();
  const times: number[] = [];
  const ups: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { send, plugin } = await pluginClient(bench);
    await send(recipient(), VIDEO);
    const [saved] = await plugin.list();
    assert.ok(saved, 'The file has an ID');
    await bench.stage.kill(saved.attachmentId);
    await bench.stage.forget();
    const begun = performance.now();
    await Promise.all(Array.from({ length: people }, () => send(recipient(), VIDEO)));
    times.push(performance.now() - begun);
    await plugin.close();
    const { fileBytes, files } = await bench.stage.expectOnceEach(people);
    assert.ok(files <= 2, `The file goes up twice at most, not ${files} times`);
    ups.push(fileBytes / STORM);
  }
  return [
    {
      what: `a storm of ${people.toLocaleString('en')} sends on a dead ID, 5 MB: bytes up`,
      against: 'the file’s size',
      measured: Math.max(...ups),
      unit: 'times',
      goal: { atMost: 2 },
      details: { 'until all have arrived, ms': median(times) },
    },
  ];
};
