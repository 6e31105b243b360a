import { createHash } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { FormData } from 'undici';
import { BIG, BIG_FILES } from '../assets';
import { newRecipients } from '../measure/at-once';
import { pluginClient, rawUndici } from '../contenders';
import { contest, median, ratio, timed, WARM_UPS } from '../measure/contest';
import type { Row } from '../row';

const [NAME = ''] = BIG_FILES;
const VIDEO = { type: 'video', payload: { url: NAME } } as const;

/** What comes before a file is sent by ID for the first time: hash, upload, send; and the same written by hand. */
export const row: Row = async (bench) => {
  const rounds = bench.size(11, 1);
  const file = path.join(bench.assets, NAME);
  const recipient = newRecipients();
  const raw = rawUndici(bench);
  const byPlugin = async (): Promise<void> => {
    const { send } = await pluginClient(bench);
    await send(recipient(), VIDEO);
  };
  const byHand = async (): Promise<void> => {
    const hash = createHash('sha256');
    for await (const piece of createReadStream(file, { highWaterMark: 256 * 1024 }))
      hash.update(piece as Buffer);
    hash.digest('base64url');
    const form = new FormData();
    form.append('message', JSON.stringify({ attachment: { type: 'video', payload: { is_reusable: true } } }));
    form.append('filedata', await openAsBlob(file, { type: 'video/mp4' }), NAME);
    const { attachment_id: id } = (await raw.post('/me/message_attachments', form)) as {
      attachment_id: string;
    };
    await raw.send(recipient(), { type: 'video', payload: { attachment_id: id } });
  };
  await bench.stage.forget();
  const results = await contest(rounds, { plugin: timed(byPlugin), byHand: timed(byHand) });
  await bench.stage.expectOnceEach((WARM_UPS + rounds) * 2);
  return [
    {
      what: 'the first send of a 25 MB file: time',
      against: 'hash, then upload, by hand',
      measured: ratio(results.plugin, results.byHand),
      unit: 'times',
      goal: { atMost: 1.1 },
      details: {
        'plugin ms': median(results.plugin.map(({ time }) => time)),
        'by hand ms': median(results.byHand.map(({ time }) => time)),
        'plugin CPU ms': median(results.plugin.map(({ cpu }) => cpu)),
        'by hand CPU ms': median(results.byHand.map(({ cpu }) => cpu)),
        ...(await bytesRead(byPlugin, 'plugin reads, file sizes')),
        ...(await bytesRead(byHand, 'by hand reads, file sizes')),
      },
    },
  ];
};

/** What the system says that this process has read, where it says so. */
async function bytesRead(work: () => Promise<void>, name: string): Promise<Record<string, number>> {
  const before = await readSoFar();
  await work();
  const after = await readSoFar();
  return before === undefined || after === undefined ? {} : { [name]: (after - before) / BIG };
}

async function readSoFar(): Promise<number | undefined> {
  const text = await readFile('/proc/self/io', 'utf8').catch(() => '');
  const [, bytes] = /rchar: (\d+)/.exec(text) ?? [];
  return bytes === undefined ? undefined : Number(bytes);
}
