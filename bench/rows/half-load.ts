import { setTimeout as wait } from 'node:timers/promises';
import { BY_ID, PICTURE, pluginClient, rawUndici, type Attachment, type Send } from '../contenders';
import { apart, type Contenders } from '../measure/apart';
import { atOnce, newRecipients } from '../measure/at-once';
import {
  contest,
  median,
  medianRatio,
  quantile,
  timed,
  WARM_UPS,
  type Round,
  type Turn,
} from '../measure/contest';
import type { Bench, Row } from '../row';

/** Milliseconds of each turn. */
interface Latencies {
  readonly half: number;
  readonly p99: number;
}

/** Sends a millisecond. */
interface Load {
  readonly perMs: number;
}

export const contenders = {
  plugin: async (bench, load) => sendByTheClock(bench, load, (await pluginClient(bench)).send, PICTURE),
  raw: (bench, load) => sendByTheClock(bench, load, rawUndici(bench).send, BY_ID),
  /** As fast as it can. */
  full: async (bench) => {
    const { send } = await pluginClient(bench);
    const recipient = newRecipients();
    return timed(() => atOnce(sendsOf(bench), () => send(recipient(), PICTURE)));
  },
} satisfies Contenders<'plugin' | 'raw', Latencies, Load> & Contenders<'full', Round>;

/**
 * The slowest of a hundred sends, at half of the rate that the plugin reaches when it sends as fast as it can. Sends
 * begin by the clock, whether or not those before have ended, as a bot's messages do.
 */
export const row: Row = async (bench) => {
  const sends = sendsOf(bench);
  const rounds = bench.size(9, 1);
  await bench.stage.forget();
  const { full: fullLoad, ...atHalfLoad } = contenders;
  const { full } = await contest(rounds, await apart(bench, __filename, { full: fullLoad }));
  const perMs = sends / median(full.map(({ time }) => time)) / 2;
  const results = await contest(rounds, await apart(bench, __filename, atHalfLoad, { perMs }));
  await bench.stage.expectOnceEach((WARM_UPS + rounds) * sends * 3);
  const p99 = (taken: readonly Latencies[]): number[] => taken.map((latencies) => latencies.p99);
  const half = (taken: readonly Latencies[]): number => median(taken.map((latencies) => latencies.half));
  return [
    {
      what: 'a cached send at half load: p99',
      against: 'raw undici’s p99',
      measured: medianRatio(p99(results.plugin), p99(results.raw)),
      unit: 'times',
      goal: { atMost: 1.25 },
      details: {
        'plugin ms': median(p99(results.plugin)),
        'raw ms': median(p99(results.raw)),
        'plugin median ms': half(results.plugin),
        'raw median ms': half(results.raw),
        'sends a second': perMs * 1_000,
      },
    },
  ];
};

function sendsOf({ size }: Bench): number {
  return size(2_000, 50);
}

function sendByTheClock(bench: Bench, { perMs }: Load, send: Send, attachment: Attachment): Turn<Latencies> {
  const recipient = newRecipients();
  return async () => {
    const latencies = await latenciesOf(sendsOf(bench), perMs, () => send(recipient(), attachment));
    return { half: median(latencies), p99: quantile(latencies, 0.99) };
  };
}

/** How long each took, from when it was due. */
async function latenciesOf(count: number, perMs: number, send: () => Promise<unknown>): Promise<number[]> {
  const latencies: number[] = [];
  const underway: Promise<void>[] = [];
  const begun = performance.now();
  while (underway.length < count) {
    const due = Math.min(count, Math.floor((performance.now() - begun) * perMs));
    while (underway.length < due) {
      const from = begun + underway.length / perMs;
      underway.push(send().then(() => void latencies.push(performance.now() - from)));
    }
    await wait(1);
  }
  await Promise.all(underway);
  return latencies;
}
