import { connect } from 'node:net';
import path from 'node:path';
import { readdir, readFile } from 'node:fs/promises';
import KeyvRedis from '@keyv/redis';
import { KeyvFile } from 'keyv-file';
import type { KeyvLike, KeyvStorageLike } from '../../src';
import { loadIORedisAdapter, loadSqlAdapter, type IORedisAdapter, type SqlAdapter } from './adapters';

/** A record as it stands in a store. */
export interface Row {
  readonly key: string;
  readonly value: string;
  /** Milliseconds until it ends, as the store knows it. */
  readonly left: number;
}

/** What the plugin's Keyv puts before the keys of a bare adapter. */
export const PREFIX = 'facebook-attachments:';

/** A row as Keyv would write it. */
export interface NewRow {
  readonly key: string;
  readonly value: string;
  readonly ttl: number;
}

/** A store as one process has it. */
export interface OpenStore {
  readonly adapter: KeyvStorageLike;
  /** What a bot is given. Default: the adapter. */
  readonly keyv?: KeyvLike;
  /** What that puts before keys. Default: `PREFIX`. */
  readonly prefix?: string;
  /** Rows whose key holds a text, read past Keyv. */
  rows(part: string): Promise<Row[]>;
  /** Writes very many rows past Keyv. Undefined: Keyv does well enough. */
  readonly insert?: (rows: readonly NewRow[]) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** Where a store is: enough for another process to open it. */
export interface Place {
  readonly kind: string;
  /** An address, or a path. */
  readonly at: string;
  readonly table: string;
}

export interface StoreKind {
  readonly name: string;
  /** The address of its server. Undefined: it needs none. */
  readonly address?: string;
  /** Whether several can have it open. */
  readonly isShared: boolean;
  /** It can set a value only if there is none, so that processes can take turns. */
  readonly canLease?: boolean;
  /** It counts rows to find the next ones, and Keyv deletes those that came to their end meanwhile. */
  readonly skipsWhenRowsEnd?: boolean;
  /** The same store was tested by itself, and this is another way to it. */
  readonly isKnown?: boolean;
  open(place: Place): OpenStore;
  /** Opens it with a table of its own that holds no emoji; closing it drops the table. */
  readonly openWithoutEmoji?: (place: Place) => Promise<OpenStore>;
  /** Takes away what a run left, rows whose key holds `part`. */
  clean(place: Place, part: string): Promise<void>;
}

/** How many rows are read, or written, at a time. */
const BATCH = 1_000;

const maps = new Map<string, Map<string, unknown>>();

export const MEMORY: StoreKind = {
  name: 'memory',
  isShared: false,
  open: ({ table }) => {
    const map = maps.get(table) ?? new Map<string, unknown>();
    maps.set(table, map);
    return {
      adapter: map,
      rows: (part) =>
        Promise.resolve(
          [...map].filter(([key]) => key.includes(part)).map(([key, value]) => row(key, value)),
        ),
      close: () => Promise.resolve(),
    };
  },
  clean: ({ table }) => {
    maps.delete(table);
    return Promise.resolve();
  },
};

/**
 * A file for each ID. In its other mode, a process has all of them in memory, and writes that come together get lost.
 */
export const FILE: StoreKind = {
  name: 'keyv-file',
  isShared: true,
  open: ({ at }) => {
    const folder = path.join(at, 'ids');
    const store = new KeyvFile({ filename: folder, separatedFile: true });
    return {
      adapter: store,
      rows: async (part) => {
        const files = (await readdir(folder)).filter((name) => !name.startsWith('.'));
        const rows = await Promise.all(files.map((name) => fileRow(folder, name)));
        return rows.filter(({ key }) => key.includes(part));
      },
      close: () => Promise.resolve(),
    };
  },
  clean: () => Promise.resolve(),
};

export const REDIS: StoreKind = {
  name: 'Redis',
  address: process.env.REDIS_URL ?? 'redis://127.0.0.1:6379',
  isShared: true,
  canLease: true,
  open: ({ at }) => {
    const store = new KeyvRedis<unknown>(at);
    return {
      adapter: store,
      rows: (part) => redisRows(store, part),
      close: () => store.disconnect(true),
    };
  },
  clean: async ({ at }, part) => {
    const store = new KeyvRedis<unknown>(at);
    const client = await redisClient(store);
    for await (const keys of client.scanIterator(matching(part))) {
      if (keys.length > 0) await client.unlink(keys);
    }
    await store.disconnect();
  },
};

/** Adapters with another client, whose calls have other forms; the server is the same. */
const VALKEY = ioredisKind('Valkey', '@keyv/valkey');
const REDIS_3 = ioredisKind('Redis by @keyv/redis 3', 'keyv-redis-3');

export const SQLITE = sqlKind({
  name: 'SQLite',
  adapter: '@keyv/sqlite',
  keyColumn: 'key',
  uri: (at) => `sqlite://${path.join(at, 'ids.sqlite')}`,
  skipsWhenRowsEnd: true,
});

export const POSTGRES = sqlKind({
  name: 'PostgreSQL',
  adapter: '@keyv/postgres',
  keyColumn: 'key',
  address: process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/test',
});

const MYSQL = sqlKind({
  name: 'MySQL',
  adapter: '@keyv/mysql',
  keyColumn: 'id',
  address: process.env.MYSQL_URL ?? 'mysql://root@127.0.0.1:3306/test',
  withoutEmoji: (table) => `ALTER TABLE ${table} CONVERT TO CHARACTER SET utf8mb3`,
});

export const KINDS: readonly StoreKind[] = [MEMORY, FILE, SQLITE, REDIS, VALKEY, REDIS_3, POSTGRES, MYSQL];

/** Opens a store that is known by its place only. */
export function openPlace(place: Place): OpenStore {
  const kind = KINDS.find(({ name }) => name === place.kind);
  if (!kind) throw new Error(`There is no kind of store called ${place.kind}`);
  return kind.open(place);
}

/** Whether somebody listens at the address of its server. */
export async function isReachable({ address }: StoreKind): Promise<boolean> {
  if (address === undefined) return true;
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const settle = (reachable: boolean): void => {
      socket.destroy();
      resolve(reachable);
    };
    socket.setTimeout(2_000, () => {
      settle(false);
    });
    socket.once('connect', () => {
      settle(true);
    });
    socket.once('error', () => {
      settle(false);
    });
  });
}

function ioredisKind(name: string, adapter: '@keyv/valkey' | 'keyv-redis-3'): StoreKind {
  const { address = '' } = REDIS;
  const keysWith = async function* (store: IORedisAdapter, part: string): AsyncGenerator<string, void> {
    const { MATCH: match, COUNT: count } = matching(part);
    for await (const keys of store.redis.scanStream({ match, count })) yield* keys;
  };
  return {
    name,
    address,
    isShared: true,
    canLease: true,
    isKnown: true,
    open: ({ at }) => {
      const store = new (loadIORedisAdapter(adapter))(at);
      return {
        adapter: store,
        rows: async (part) => {
          const rows: Row[] = [];
          for await (const key of keysWith(store, part)) {
            rows.push({ key, value: await store.redis.get(key), left: await store.redis.pttl(key) });
          }
          return rows;
        },
        close: () => store.disconnect(),
      };
    },
    clean: async ({ at }, part) => {
      const store = new (loadIORedisAdapter(adapter))(at);
      for await (const key of keysWith(store, part)) await store.redis.unlink(key);
      await store.disconnect();
    },
  };
}

interface SqlKind {
  readonly name: string;
  readonly adapter: '@keyv/sqlite' | '@keyv/postgres' | '@keyv/mysql';
  readonly keyColumn: string;
  readonly address?: string;
  readonly uri?: (at: string) => string;
  readonly skipsWhenRowsEnd?: boolean;
  /** After this statement, the table holds no emoji. */
  readonly withoutEmoji?: (table: string) => string;
}

function sqlKind({
  name,
  adapter,
  keyColumn,
  address,
  uri = (at) => at,
  withoutEmoji,
  ...rest
}: SqlKind): StoreKind {
  const openAdapter = ({ at, table }: Place): SqlAdapter => {
    const opened = new (loadSqlAdapter(adapter))({ uri: uri(at), table });
    // By default ten, each ten in a call within the one before: 100,000 overflow the stack.
    opened.opts.iterationLimit = BATCH;
    return opened;
  };
  const openTable = (store: SqlAdapter, table: string): OpenStore => ({
    adapter: store,
    rows: async (part) => {
      const found = await store.query(`SELECT * FROM ${table} WHERE ${keyColumn} LIKE '%${part}%'`);
      return found.map((columns) => row(String(columns[keyColumn]), columns.value));
    },
    insert: async (rows) => {
      for (let from = 0; from < rows.length; from += BATCH) {
        const values = rows.slice(from, from + BATCH).map(({ key, value }) => `('${key}', '${value}')`);
        await store.query(`INSERT INTO ${table} (${keyColumn}, value) VALUES ${values.join(', ')}`);
      }
    },
    close: () => store.disconnect(),
  });
  return {
    ...rest,
    name,
    canLease: true,
    ...(address !== undefined && { address }),
    isShared: true,
    open: (place) => openTable(openAdapter(place), place.table),
    ...(withoutEmoji && {
      openWithoutEmoji: async (place: Place) => {
        const table = `${place.table}_without_emoji`;
        const store = openAdapter({ ...place, table });
        await store.query(withoutEmoji(table));
        return {
          ...openTable(store, table),
          close: async () => {
            await store.query(`DROP TABLE ${table}`);
          },
        };
      },
    }),
    clean: async (place) => {
      const store = openAdapter(place);
      await store.query(`DROP TABLE ${place.table}`);
      await store.disconnect();
    },
  };
}

/** Where the store does not know of time, Keyv writes it into the value; Keyv 6 gives a Map an object. */
function row(key: string, stored: unknown): Row {
  const value = typeof stored === 'string' ? stored : JSON.stringify(stored);
  const { expires } = JSON.parse(value) as { expires: number };
  return { key, value, left: expires - Date.now() };
}

async function fileRow(folder: string, name: string): Promise<Row> {
  const { value, expire } = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as {
    value: string;
    expire: number;
  };
  return { key: decodeURIComponent(name.replaceAll('_', '%')), value, left: expire - Date.now() };
}

/** As far as it is used here; the adapter's type also stands for clusters. */
interface RedisClient {
  get(key: string): Promise<string>;
  pTTL(key: string): Promise<number>;
  unlink(keys: string[]): Promise<number>;
  scanIterator(options: ReturnType<typeof matching>): AsyncIterable<string[]>;
}

async function redisClient(store: KeyvRedis<unknown>): Promise<RedisClient> {
  return (await store.getClient()) as unknown as RedisClient;
}

function matching(part: string): { MATCH: string; COUNT: number } {
  return { MATCH: `*${part}*`, COUNT: BATCH };
}

async function redisRows(store: KeyvRedis<unknown>, part: string): Promise<Row[]> {
  const client = await redisClient(store);
  const rows: Row[] = [];
  for await (const keys of client.scanIterator(matching(part))) {
    for (const key of keys) rows.push({ key, value: await client.get(key), left: await client.pTTL(key) });
  }
  return rows;
}
