import { BY_ID, PICTURE, pluginClient, rawUndici } from '../contenders';
import { apart, type Contenders } from '../measure/apart';
import { sendAll } from '../measure/send-all';
import { contest, microseconds, ratio, turnsOf, type Round } from '../measure/contest';
import type { Bench, Line, Row } from '../row';

/** Facebook would fetch it once; here nobody does. */
const ADDRESS = { type: 'image', payload: { url: 'https://example.com/cat.png' } } as const;

const SOURCES = { file: 'a local file', web: 'a web address' } as const;

/** Times of raw undici. A local file may have changed since the last message, so it takes a `stat`. */
const GOALS = { file: 1.3, web: 1.15 } as const;

type Source = keyof typeof SOURCES;

export const contenders: Contenders<Source | 'raw', Round> = {
  file: async (bench) => sendAll(sendsOf(bench), (await pluginClient(bench)).send, PICTURE),
  web: async (bench) => sendAll(sendsOf(bench), (await pluginClient(bench)).send, ADDRESS),
  raw: (bench) => sendAll(sendsOf(bench), rawUndici(bench).send, BY_ID),
};

/** An asset whose ID is known, through the plugin's API client, 32 at a time; the floor is raw undici. */
export const row: Row = async (bench) => {
  const sends = sendsOf(bench);
  const rounds = bench.size(150, 1);
  await bench.stage.forget();
  const results = await contest(rounds, await apart(bench, __filename, contenders));
  await bench.stage.expectOnceEach(turnsOf(results.raw) * sends * 3);
  return (['file', 'web'] as const).flatMap((source): Line[] => {
    const plugin = results[source];
    const line = { what: `a cached send of ${SOURCES[source]}, 32 at a time`, unit: 'times' } as const;
    return [
      {
        ...line,
        against: 'raw undici: time',
        measured: ratio(plugin, results.raw),
        goal: { atMost: GOALS[source] },
        details: { 'plugin µs': microseconds(plugin, sends), 'raw µs': microseconds(results.raw, sends) },
      },
      {
        ...line,
        against: 'raw undici: CPU',
        measured: ratio(plugin, results.raw, 'cpu'),
        goal: { atMost: GOALS[source] },
        details: {
          'plugin µs': microseconds(plugin, sends, 'cpu'),
          'raw µs': microseconds(results.raw, sends, 'cpu'),
        },
      },
    ];
  });
};

function sendsOf({ size }: Bench): number {
  return size(500, 50);
}
