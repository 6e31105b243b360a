import { adapterClient, BY_ID, createAdapter, messengerClient, PICTURE, pluginClient } from '../contenders';
import { apart, type Contenders } from '../measure/apart';
import { sendAll } from '../measure/send-all';
import { contest, microseconds, ratio, turnsOf, type Round } from '../measure/contest';
import type { Bench, Row } from '../row';

export const contenders: Contenders<'plugin' | 'adapter' | 'messenger', Round> = {
  plugin: async (bench) => sendAll(sendsOf(bench), (await pluginClient(bench)).send, PICTURE),
  adapter: async (bench) => sendAll(sendsOf(bench), await adapterClient(await createAdapter(bench)), BY_ID),
  messenger: async (bench) => sendAll(sendsOf(bench), await messengerClient(bench), BY_ID),
};

/** The same message by the clients that a bot would have without the plugin: how many times their rate. */
export const row: Row = async (bench) => {
  const sends = sendsOf(bench);
  const rounds = bench.size(11, 1);
  await bench.stage.forget();
  const results = await contest(rounds, await apart(bench, __filename, contenders));
  await bench.stage.expectOnceEach(turnsOf(results.plugin) * sends * 3);
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

function sendsOf({ size }: Bench): number {
  return size(800, 50);
}
