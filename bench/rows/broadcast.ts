import { openAsBlob } from 'node:fs';
import path from 'node:path';
import { FormData } from 'undici';
import { BIG_FILES, BIG } from '../assets';
import { messageTo, pluginClient, rawUndici } from '../contenders';
import { atOnce, newRecipients } from '../measure/at-once';
import { contest, median, ratio, timed, turnsOf } from '../measure/contest';
import type { Row } from '../row';

const [NAME = ''] = BIG_FILES;
const VIDEO = { type: 'video', payload: { url: NAME } } as const;

/** How many one-step uploads stand for as many as the broadcast has recipients. */
const UPLOADS = 4;

/** One file of 25 MB to a thousand people, from an empty cache; without a cache, it goes up for each of them. */
export const row: Row = async (bench) => {
  const people = bench.size(1_000, 20);
  const rounds = bench.size(5, 1);
  const recipient = newRecipients();
  const raw = rawUndici(bench);
  const broadcast = async (): Promise<void> => {
    const { send } = await pluginClient(bench);
    await atOnce(people, () => send(recipient(), VIDEO));
  };
  const uploadEach = async (): Promise<void> => {
    const file = await openAsBlob(path.join(bench.assets, NAME), { type: 'video/mp4' });
    await atOnce(UPLOADS, () => raw.post('/me/messages', oneStep(recipient(), file)), UPLOADS);
  };
  await bench.stage.forget();
  await broadcast();
  const { fileBytes } = await bench.stage.expectOnceEach(people);
  await bench.stage.forget();
  const results = await contest(rounds, {
    plugin: timed(broadcast),
    oneStep: timed(uploadEach),
  });
  await bench.stage.expectOnceEach(turnsOf(results.plugin) * (people + UPLOADS));
  const what = `a 25 MB file to ${people.toLocaleString('en')} people`;
  return [
    {
      what: `${what}: bytes up`,
      against: 'the file’s size',
      measured: fileBytes / BIG,
      unit: 'times',
      goal: { atMost: 1 },
      details: { 'bytes up': fileBytes },
    },
    {
      what: `${what}: time`,
      against: `one-step upload for each (scaled from ${UPLOADS})`,
      measured: ratio(results.oneStep, results.plugin) * (people / UPLOADS),
      unit: 'times',
      goal: { atLeast: 100 },
      details: {
        'plugin ms': median(results.plugin.map(({ time }) => time)),
        'one step for each, scaled, ms': median(results.oneStep.map(({ time }) => time)) * (people / UPLOADS),
      },
    },
  ];
};

function oneStep(recipient: string, file: Blob): FormData {
  const form = new FormData();
  const { recipient: to } = messageTo(recipient, VIDEO);
  form.append('recipient', JSON.stringify(to));
  form.append('message', JSON.stringify({ attachment: { type: 'video', payload: {} } }));
  form.append('filedata', file, NAME);
  return form;
}
