import { setTimeout as wait } from 'node:timers/promises';
import { BY_ID, PICTURE, pluginClient, rawUndici } from '../contenders';
import { atOnce, newRecipients } from '../measure/at-once';
import { median, quantile } from '../measure/contest';
import type { Row } from '../row';

/**
 * The slowest of a hundred sends, at half of the rate that the plugin reaches when it sends as fast as it can. Sends
 * begin by the clock, whether or not those before have ended, as a bot's messages do.
 */
export const row: Row = async (bench) => {
  const sends = bench.size(2_000, 50);
  const rounds = bench.size(7, 1);
  const recipient = newRecipients();
  const plugin = await pluginClient(bench);
  const raw = rawUndici(bench);
  const sendByPlugin = (): Promise<unknown> => plugin.send(recipient(), PICTURE);
  const sendRaw = (): Promise<unknown> => raw.send(recipient(), BY_ID);
  await bench.stage.forget();
  await atOnce(sends, sendRaw);
  await atOnce(sends, sendByPlugin);
  const begun = performance.now();
  await atOnce(sends, sendByPlugin);
  const perMs = sends / (performance.now() - begun) / 2;
  const slowest: { plugin: number[]; raw: number[] } = { plugin: [], raw: [] };
  for (let round = 0; round < rounds; round++) {
    globalThis.gc?.();
    slowest.plugin.push(quantile(await byTheClock(sends, perMs, sendByPlugin), 0.99));
    globalThis.gc?.();
    slowest.raw.push(quantile(await byTheClock(sends, perMs, sendRaw), 0.99));
  }
  await bench.stage.expectOnceEach((3 + rounds * 2) * sends);
  return [
    {
      what: 'a cached send at half load: p99',
      against: 'raw undici’s p99',
      measured: median(slowest.plugin.map((ms, round) => ms / (slowest.raw[round] ?? NaN))),
      unit: 'times',
      goal: { atMost: 1.25 },
      details: {
        'plugin ms': median(slowest.plugin),
        'raw ms': median(slowest.raw),
        'sends a second': perMs * 1_000,
      },
    },
  ];
};

/** How long each took, from when it was due. */
async function byTheClock(count: number, perMs: number, send: () => Promise<unknown>): Promise<number[]> {
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
