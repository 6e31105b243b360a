import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import type { KeyvLike, KeyvStorageLike } from '../../src';
import { pluginClient, type Send } from '../contenders';
import { atOnce, newRecipients } from '../measure/at-once';
import { contest, microseconds, ratio, timed, turnsOf, type Round, type Turn } from '../measure/contest';
import type { Bench, Line } from '../row';

/** A store with one asset in it, as the plugin wrote it, that can be multiplied. */
export interface FillableStore {
  readonly store: KeyvLike | KeyvStorageLike;
  /** Copies what stands there for the assets from 1 on, until there are `count`. */
  fill(count: number): Promise<void>;
  close(): Promise<void>;
}

export interface ManyAssetsOptions {
  readonly name: string;
  /** IDs kept in memory. 1: practically each send asks the store. */
  readonly memory: number;
  /** How many assets are sent, of those in the store. */
  readonly sent?: number;
  readonly open: (table: string) => Promise<FillableStore>;
}

const FEW = 1_000;

function addressOf(index: number): string {
  return `https://example.com/${index}.png`;
}

/** By which the key of an address can be told. */
export function digestOf(index: number): string {
  return hash('sha256', addressOf(index), 'base64url');
}

/** Rows for further assets, after the row of asset 0. */
export function* rowsLike(
  key: string,
  value: string,
  count: number,
): Generator<[key: string, value: string]> {
  const digest = digestOf(0);
  for (let index = 1; index < count; index++) {
    const ownDigest = digestOf(index);
    // A record has its key in it.
    const ownValue = value.replace('/0.png', `/${index}.png`).replaceAll(digest, ownDigest);
    yield [key.replace(digest, ownDigest), ownValue];
  }
}

/** Sends of assets that are known, out of many and out of few. */
export async function compareManyWithFew(
  bench: Bench,
  { name, memory, sent = Infinity, open }: ManyAssetsOptions,
): Promise<Line[]> {
  const count = bench.size(1_000_000, FEW);
  const sends = bench.size(1_000, 50);
  const rounds = bench.size(15, 1);
  const recipient = newRecipients();
  const [many, few] = [
    await fillStore(bench, open, 'bench_many', count),
    await fillStore(bench, open, 'bench_few', FEW),
  ];
  try {
    await bench.stage.forget();
    const [manySend, fewSend] = [await clientOf(many, count), await clientOf(few, FEW)];
    const results = await contest(rounds, { many: sendAll(manySend, count), few: sendAll(fewSend, FEW) });
    const { bytes } = await bench.stage.expectOnceEach(turnsOf(results.many) * sends * 2);
    assert.equal(bytes['/message_attachments'], undefined, 'Every ID is found in the store');
    return [
      {
        what: `a cached send with ${count.toLocaleString('en')} assets in ${name}`,
        against: `with ${FEW.toLocaleString('en')}`,
        measured: ratio(results.many, results.few),
        unit: 'times',
        goal: { atMost: 1.1 },
        details: { 'many µs': microseconds(results.many, sends), 'few µs': microseconds(results.few, sends) },
      },
    ];
  } finally {
    await many.close();
    await few.close();
  }

  async function clientOf({ store }: FillableStore, assets: number): Promise<Send> {
    const { send, plugin } = await pluginClient(bench, { store, memory, storeTimeout: 10_000 });
    // Memory is as full as it gets, and what is sent came last.
    const known = Math.min(assets, memory);
    if (known > 1)
      await plugin.warm(Array.from({ length: known }, (_, index) => addressOf(known - 1 - index)));
    return send;
  }

  function sendAll(send: Send, assets: number): Turn<Round> {
    const choice = Math.min(assets, sent);
    return timed(() =>
      atOnce(sends, () => {
        const url = addressOf(Math.floor(Math.random() * choice));
        return send(recipient(), { type: 'image', payload: { url } });
      }),
    );
  }
}

async function fillStore(
  bench: Bench,
  open: ManyAssetsOptions['open'],
  table: string,
  count: number,
): Promise<FillableStore> {
  const filled = await open(table);
  const { send, plugin } = await pluginClient(bench, { store: filled.store, storeTimeout: 10_000 });
  await send('0', { type: 'image', payload: { url: addressOf(0) } });
  await plugin.close();
  await filled.fill(count);
  return filled;
}
