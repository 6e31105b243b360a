import { BY_ID, PICTURE, pluginClient, rawUndici } from '../contenders';
import { apart, type Contenders } from '../measure/apart';
import { sendAll } from '../measure/send-all';
import { contest, microseconds, ratio, turnsOf, type Round } from '../measure/contest';
import type { Bench, Row } from '../row';

export const contenders: Contenders<'plugin' | 'raw', Round> = {
  plugin: async (bench) => sendAll(sendsOf(bench), (await pluginClient(bench)).send, PICTURE),
  raw: (bench) => sendAll(sendsOf(bench), rawUndici(bench).send, BY_ID),
};

/** A picture whose ID is known, through the plugin's API client, 32 at a time; the floor is raw undici. */
export const row: Row = async (bench) => {
  const sends = sendsOf(bench);
  const rounds = bench.size(15, 1);
  await bench.stage.forget();
  const results = await contest(rounds, await apart(bench, __filename, contenders));
  await bench.stage.expectOnceEach(turnsOf(results.raw) * sends * 2);
  const line = { what: 'a cached send, 32 at a time', unit: 'times' } as const;
  return [
    {
      ...line,
      against: 'raw undici: time',
      measured: ratio(results.plugin, results.raw),
      goal: { atMost: 1.1 },
      details: {
        'plugin µs': microseconds(results.plugin, sends),
        'raw µs': microseconds(results.raw, sends),
      },
    },
    {
      ...line,
      against: 'raw undici: CPU',
      measured: ratio(results.plugin, results.raw, 'cpu'),
      goal: { atMost: 1.15 },
      details: {
        'plugin µs': microseconds(results.plugin, sends, 'cpu'),
        'raw µs': microseconds(results.raw, sends, 'cpu'),
      },
    },
  ];
};

function sendsOf({ size }: Bench): number {
  return size(5_000, 50);
}
