import { adapterClient, BY_ID, createAdapter, messengerClient, PICTURE, pluginClient } from '../contenders';
import { atOnce, newRecipients } from '../measure/at-once';
import { contest, microseconds, ratio } from '../measure/contest';
import type { Row } from '../row';

/** The same message by the clients that a bot would have without the plugin: how many times their rate. */
export const row: Row = async (bench) => {
  const sends = bench.size(1_000, 50);
  const rounds = bench.size(5, 1);
  const recipient = newRecipients();
  const plugin = await pluginClient(bench);
  const adapter = await adapterClient(createAdapter(bench));
  const messenger = messengerClient(bench);
  await bench.stage.forget();
  const results = await contest(rounds, {
    plugin: () => atOnce(sends, () => plugin.send(recipient(), PICTURE)),
    adapter: () => atOnce(sends, () => adapter(recipient(), BY_ID)),
    messenger: () => atOnce(sends, () => messenger(recipient(), BY_ID)),
  });
  await bench.stage.expectOnceEach((rounds + 1) * sends * 3);
  const line = { what: 'a cached send, 32 at a time: rate', unit: 'times' } as const;
  const plugged = { 'plugin µs': microseconds(results.plugin, sends) };
  return [
    {
      ...line,
      against: 'the bare adapter’s client (request)',
      measured: ratio(results.adapter, results.plugin),
      goal: { atLeast: 2.5 },
      details: { ...plugged, 'adapter µs': microseconds(results.adapter, sends) },
    },
    {
      ...line,
      against: 'messaging-api-messenger',
      measured: ratio(results.messenger, results.plugin),
      goal: { atLeast: 1 },
      details: { ...plugged, 'messaging-api-messenger µs': microseconds(results.messenger, sends) },
    },
  ];
};
