import KeyvRedis from '@keyv/redis';
import Keyv from 'keyv';
import { hasRedis, openRedis } from '../../test/support/stores/redis';
import { compareManyWithFew, digestOf, rowsLike } from '../stores/many-assets';
import type { Row } from '../row';

const BATCH = 1_000;
const KEEP = 80 * 24 * 60 * 60 * 1000;

/** Many keys with their time to live by one command. */
const SET_ALL = `for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i], 'PX', ${KEEP}) end`;

/** As far as it is used here; the adapter's type also stands for clusters. */
interface RedisClient {
  keys(pattern: string): Promise<string[]>;
  get(key: string): Promise<string>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

/** Each send asks Redis, a server of the benchmark's own. */
export const row: Row = async (bench) => {
  if (!hasRedis()) return { skipped: 'there is no redis-server' };
  const redis = await openRedis();
  try {
    return await compareManyWithFew(bench, {
      name: 'Redis',
      memory: 1,
      open: async (namespace) => {
        const adapter = new KeyvRedis<unknown>(redis.url);
        const client = (await adapter.getClient()) as unknown as RedisClient;
        return {
          store: new Keyv(adapter, { namespace }),
          fill: async (count) => {
            const [key = ''] = await client.keys(`*${namespace}*${digestOf(0)}*`);
            let rows: [string, string][] = [];
            let written: Promise<unknown> = Promise.resolve();
            // While Redis writes one batch, the next one is made.
            const write = async (): Promise<void> => {
              const [keys, values] = [rows.map(([name]) => name), rows.map(([, value]) => value)];
              rows = [];
              await written;
              written = client.eval(SET_ALL, { keys, arguments: values });
            };
            for (const one of rowsLike(key, await client.get(key), count)) {
              rows.push(one);
              if (rows.length === BATCH) await write();
            }
            await write();
            await written;
          },
          close: () => adapter.disconnect(),
        };
      },
    });
  } finally {
    await redis.close();
  }
};
