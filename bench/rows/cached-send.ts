import { BY_ID, PICTURE, pluginClient, rawUndici } from '../contenders';
import { atOnce, newRecipients } from '../measure/at-once';
import { contest, microseconds, ratio } from '../measure/contest';
import type { Row } from '../row';

/** A picture whose ID is known, through the plugin's API client, 32 at a time; the floor is raw undici. */
export const row: Row = async (bench) => {
  const sends = bench.size(3_000, 50);
  const rounds = bench.size(9, 1);
  const recipient = newRecipients();
  const plugin = await pluginClient(bench);
  const raw = rawUndici(bench);
  await bench.stage.forget();
  const results = await contest(rounds, {
    plugin: () => atOnce(sends, () => plugin.send(recipient(), PICTURE)),
    raw: () => atOnce(sends, () => raw.send(recipient(), BY_ID)),
  });
  await bench.stage.expectOnceEach((rounds + 1) * sends * 2);
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
