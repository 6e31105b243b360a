import { setTimeout as wait } from 'node:timers/promises';
import {
  BY_ID,
  CONNECTIONS,
  PICTURE,
  pluginClient,
  rawUndici,
  type Attachment,
  type Send,
} from '../contenders';
import { apart, type Contenders } from '../measure/apart';
import { atOnce, newRecipients } from '../measure/at-once';
import { contest, median, medianRatio, quantile, timed, turnsOf, type Turn } from '../measure/contest';
import type { Bench, Row } from '../row';

/** Milliseconds of each turn. */
interface Latencies {
  readonly half: number;
  readonly p99: number;
  readonly cpu: number;
}

/** Sends a millisecond. */
interface Load {
  readonly perMs: number;
}

/** By which is measured how busy a send keeps the process. */
const CALM: Load = { perMs: 4 };

export const contenders = {
  plugin: async (bench, load) => sendByTheClock(bench, load, (await pluginClient(bench)).send, PICTURE),
  raw: (bench, load) => sendByTheClock(bench, load, rawUndici(bench).send, BY_ID),
} satisfies Contenders<'plugin' | 'raw', Latencies, Load>;

/**
 * The slowest of a hundred sends, at the rate that keeps the plugin's process busy for half of the time. Sends begin by
 * the clock, whether or not those before have ended, as a bot's messages do.
 */
export const row: Row = async (bench) => {
  const sends = sendsOf(bench);
  const rounds = bench.size(61, 1);
  await bench.stage.forget();
  const { plugin } = contenders;
  const calm = await contest(
    bench.size(5, 1),
    await apart(bench, __filename, { plugin }, { settings: CALM }),
  );
  const perMs = sends / median(calm.plugin.map(({ cpu }) => cpu)) / 2;
  const results = await contest(rounds, await apart(bench, __filename, contenders, { settings: { perMs } }));
  const turns = turnsOf(calm.plugin) + 2 * turnsOf(results.plugin);
  await bench.stage.expectOnceEach(turns * sends + 3 * warmUpOf(bench));
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

/** Few, so that a pause of the machine spoils few of the many turns. */
function sendsOf({ size }: Bench): number {
  return size(500, 50);
}

function warmUpOf({ size }: Bench): number {
  return size(10_000, 50);
}

async function sendByTheClock(
  bench: Bench,
  { perMs }: Load,
  send: Send,
  attachment: Attachment,
): Promise<Turn<Latencies>> {
  const recipient = newRecipients();
  const sendOne = (): Promise<unknown> => send(recipient(), attachment);
  // All connections are open before the first turn, so that none begins with handshakes.
  await atOnce(warmUpOf(bench), sendOne, CONNECTIONS);
  return async () => {
    let latencies: number[] = [];
    const { cpu } = await timed(async () => {
      latencies = await latenciesOf(sendsOf(bench), perMs, sendOne);
    })();
    return { half: median(latencies), p99: quantile(latencies, 0.99), cpu };
  };
}

/** How long each took, from when it was due. Nothing of those that have ended is kept: it would be garbage to copy. */
async function latenciesOf(count: number, perMs: number, send: () => Promise<unknown>): Promise<number[]> {
  const latencies: number[] = [];
  const begun = performance.now();
  const sendDue = async (due: number): Promise<void> => {
    await send();
    latencies.push(performance.now() - due);
  };
  let sent = 0;
  while (latencies.length < count) {
    const due = Math.min(count, Math.floor((performance.now() - begun) * perMs));
    for (; sent < due; sent++) void sendDue(begun + sent / perMs);
    await wait(1);
  }
  return latencies;
}
