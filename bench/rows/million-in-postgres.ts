import { createRequire } from 'node:module';
import type { KeyvStorageLike } from '../../src';
import { compareManyWithFew, digestOf } from '../stores/many-assets';
import type { Row } from '../row';

const URI = process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test';

/** What the suite of stores has installed, if it has. */
const storeSuite = createRequire(require.resolve('../../test/stores/package.json'));

interface PostgresAdapter extends KeyvStorageLike {
  query(sql: string): Promise<unknown[]>;
  disconnect(): Promise<void>;
}

type PostgresAdapterClass = new (options: {
  uri: string;
  table: string;
  useUnloggedTable?: boolean;
}) => PostgresAdapter;

/** Each send asks PostgreSQL, in tables of the benchmark's own. */
export const row: Row = async (bench) => {
  const Adapter = loadAdapter();
  if (!Adapter) return { skipped: '`npm run test:stores` has not installed @keyv/postgres' };
  const isThere = await isReachable(Adapter);
  if (!isThere) return { skipped: 'no PostgreSQL answers; POSTGRES_URL tells where' };
  return compareManyWithFew(bench, {
    name: 'PostgreSQL',
    memory: 1,
    open: async (table) => {
      const store = new Adapter({ uri: URI, table, useUnloggedTable: true });
      await store.query(`TRUNCATE ${table}`);
      return {
        store,
        fill: async (count) => {
          await store.query(fillSql(table, count));
          await store.query(`ANALYZE ${table}`);
        },
        // All of a process have one pool, which ends with the process.
        close: async () => {
          await store.query(`DROP TABLE ${table}`);
        },
      };
    },
  });
};

/** In the order of the index, and without a log, which takes half of the time; reading is the same. */
function fillSql(table: string, count: number): string {
  const address = `convert_to('https://example.com/' || i || '.png', 'UTF8')`;
  const digest = `rtrim(translate(encode(sha256(${address}), 'base64'), '+/', '-_'), '=')`;
  const withOwn = (column: string): string => `replace(${column}, '${digestOf(0)}', ${digest})`;
  return `INSERT INTO ${table} (key, value)
    SELECT ${withOwn('key')}, replace(${withOwn('value')}, '/0.png', '/' || i || '.png')
    FROM ${table}, generate_series(1, ${count - 1}) AS i
    WHERE key LIKE '%${digestOf(0)}%'
    ORDER BY 1`;
}

function loadAdapter(): PostgresAdapterClass | undefined {
  try {
    return (storeSuite('@keyv/postgres') as { default: PostgresAdapterClass }).default;
  } catch {
    return undefined;
  }
}

async function isReachable(Adapter: PostgresAdapterClass): Promise<boolean> {
  try {
    await new Adapter({ uri: URI, table: 'bench_few' }).query('SELECT 1');
    return true;
  } catch {
    return false;
  }
}
