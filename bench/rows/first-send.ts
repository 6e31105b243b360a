import { createHash } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { FormData } from 'undici';
import { BIG, BIG_FILES } from '../assets';
import { newRecipients } from '../measure/at-once';
import { openAgent, pluginClient, rawUndici } from '../contenders';
import { apart, type Contenders } from '../measure/apart';
import { contest, median, ratio, timed, turnsOf, type Round, type Turn } from '../measure/contest';
import type { Row } from '../row';

const [NAME = ''] = BIG_FILES;
const VIDEO = { type: 'video', payload: { url: NAME } } as const;

/** What a turn took, and how often the file was read, if the system tells. */
interface Taken extends Round {
  readonly reads: number | undefined;
}

export const contenders: Contenders<'plugin' | 'byHand', Taken> = {
  plugin: (bench) => {
    const recipient = newRecipients();
    // Its cache is empty each time. Connections stay open, as they do by hand.
    const dispatcher = openAgent(bench.platform.ca);
    return async () => {
      const { send } = await pluginClient(bench, { dispatcher });
      return withReads(() => send(recipient(), VIDEO))();
    };
  },
  byHand: (bench) => {
    const file = path.join(bench.assets, NAME);
    const recipient = newRecipients();
    const raw = rawUndici(bench);
    return withReads(async () => {
      const hash = createHash('sha256');
      for await (const piece of createReadStream(file, { highWaterMark: 256 * 1024 }))
        hash.update(piece as Buffer);
      hash.digest('base64url');
      const form = new FormData();
      form.append(
        'message',
        JSON.stringify({ attachment: { type: 'video', payload: { is_reusable: true } } }),
      );
      form.append('filedata', await openAsBlob(file, { type: 'video/mp4' }), NAME);
      const { attachment_id: id } = (await raw.post('/me/message_attachments', form)) as {
        attachment_id: string;
      };
      await raw.send(recipient(), { type: 'video', payload: { attachment_id: id } });
    });
  },
};

/** What comes before a file is sent by ID for the first time: hash, upload, send; and the same written by hand. */
export const row: Row = async (bench) => {
  const rounds = bench.size(25, 1);
  await bench.stage.forget();
  const results = await contest(rounds, await apart(bench, __filename, contenders));
  await bench.stage.expectOnceEach(turnsOf(results.plugin) * 2);
  return [
    {
      what: 'the first send of a 25 MB file: time',
      against: 'hash, then upload, by hand',
      measured: ratio(results.plugin, results.byHand),
      unit: 'times',
      goal: { atMost: 1.1 },
      details: { ...detailsOf('plugin', results.plugin), ...detailsOf('by hand', results.byHand) },
    },
  ];
};

function detailsOf(name: string, taken: readonly Taken[]): Record<string, number> {
  const reads = taken.map((one) => one.reads).filter((times) => times !== undefined);
  return {
    [`${name} ms`]: median(taken.map(({ time }) => time)),
    [`${name} CPU ms`]: median(taken.map(({ cpu }) => cpu)),
    ...(reads.length > 0 && { [`${name} reads, file sizes`]: median(reads) }),
  };
}

function withReads(work: () => Promise<unknown>): Turn<Taken> {
  return async () => {
    const before = await readSoFar();
    const round = await timed(work)();
    const after = await readSoFar();
    return {
      ...round,
      reads: before === undefined || after === undefined ? undefined : (after - before) / BIG,
    };
  };
}

/** What the system says that this process has read, where it says so. */
async function readSoFar(): Promise<number | undefined> {
  const text = await readFile('/proc/self/io', 'utf8').catch(() => '');
  const [, bytes] = /rchar: (\d+)/.exec(text) ?? [];
  return bytes === undefined ? undefined : Number(bytes);
}
