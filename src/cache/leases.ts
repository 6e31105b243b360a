import { createHash, randomUUID } from 'node:crypto';
import { isGiven, isRecord } from '../base/records';

/** A right that one process of a fleet has at a time, until it ends by itself. */
export interface Lease {
  /**
   * Makes it end `ms` milliseconds from now.
   *
   * @returns False: it had ended, and another process may have it.
   */
  renew(ms: number): Promise<boolean>;
  /** Gives it up, unless another process has it by now. */
  release(): Promise<void>;
}

/** Leases that all processes with the same store share. Its calls reject with what the store throws. */
export interface Leases {
  /** @returns Undefined: another process has it. */
  take(key: string, ms: number): Promise<Lease | undefined>;
}

/**
 * A database's way to compare and set. `key` and `owner` hold no character that SQL or a script would have to quote.
 */
interface Commands {
  /** Sets the owner if there is none. */
  take(key: string, owner: string, ms: number): Promise<boolean>;
  renew(key: string, owner: string, ms: number): Promise<boolean>;
  release(key: string, owner: string): Promise<unknown>;
}

/** An answer with rows, or, from MySQL after a change, how many rows were met. */
type Query = (sql: string) => Promise<unknown>;

/**
 * The leases of a store that can set a value only if there is none: Redis and Valkey, PostgreSQL, MySQL and MariaDB,
 * SQLite, by their Keyv adapters.
 *
 * @param store - A Keyv, version 4 to 6, or a storage adapter.
 * @returns Undefined: it is none of these.
 */
export function leasesOf(store: object): Leases | undefined {
  for (const adapter of adaptersIn(store)) {
    const commands = redisCommands(adapter) ?? ioredisCommands(adapter) ?? sqlCommands(adapter);
    if (commands) return { take: (key, ms) => take(commands, leaseKey(namespaceOf(store), key), ms) };
  }
  return undefined;
}

async function take(commands: Commands, key: string, ms: number): Promise<Lease | undefined> {
  const owner = randomUUID();
  if (!(await commands.take(key, owner, ms))) return undefined;
  return {
    renew: (longer) => commands.renew(key, owner, longer),
    release: async () => {
      await commands.release(key, owner);
    },
  };
}

/**
 * Hashed, so that it is short and needs no quotes. It begins with no namespace, so that a store which lists its keys by
 * namespace does not meet it.
 */
function leaseKey(namespace: string, key: string): string {
  return `fb-lease:${createHash('sha256').update(`${namespace}\n${key}`).digest('base64url')}`;
}

/** Keyv 4 keeps its adapter in `opts.store`, 5 in `store`, 6 in `store.store`. */
function adaptersIn(store: object): object[] {
  const { opts, store: inner } = store as { opts?: { store?: unknown }; store?: { store?: unknown } };
  return [store, opts?.store, inner, inner?.store].filter((value): value is object => isRecord(value));
}

function namespaceOf(store: object): string {
  const { namespace, opts } = store as { namespace?: unknown; opts?: { namespace?: unknown } };
  const found = namespace ?? opts?.namespace;
  return typeof found === 'string' ? found : '';
}

/** Lua, because Redis compares and sets in a script only. */
const IF_OWNER = "if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end";
const RENEW = `${IF_OWNER} return redis.call('pexpire', KEYS[1], ARGV[2])`;
const RELEASE = `${IF_OWNER} return redis.call('del', KEYS[1])`;

/** The client of @keyv/redis 4 and 5: node-redis, alone, as a cluster or by sentinels. */
interface NodeRedis {
  set(key: string, value: string, options: { NX: true; PX: number }): Promise<unknown>;
  eval(script: string, options: { keys: string[]; arguments: string[] }): Promise<unknown>;
}

function redisCommands(adapter: object): Commands | undefined {
  const { client, getClient } = adapter as { client?: Partial<NodeRedis>; getClient?: unknown };
  if (typeof client?.set !== 'function' || typeof client.eval !== 'function') return undefined;
  // Connects if need be.
  const connected = async (): Promise<NodeRedis> =>
    typeof getClient === 'function' ? ((await getClient.call(adapter)) as NodeRedis) : (client as NodeRedis);
  const run = async (script: string, key: string, ...args: string[]): Promise<unknown> =>
    (await connected()).eval(script, { keys: [key], arguments: args });
  return {
    take: async (key, owner, ms) =>
      isGiven(await (await connected()).set(key, toValue(owner), { NX: true, PX: ms })),
    renew: async (key, owner, ms) => (await run(RENEW, key, toValue(owner), `${ms}`)) === 1,
    release: (key, owner) => run(RELEASE, key, toValue(owner)),
  };
}

/** The client of @keyv/redis 2 and 3 and of @keyv/valkey: ioredis and its kin. */
interface IORedis {
  set(key: string, value: string, px: 'PX', ms: number, nx: 'NX'): Promise<unknown>;
  eval(script: string, keys: number, ...args: string[]): Promise<unknown>;
}

function ioredisCommands(adapter: object): Commands | undefined {
  const { redis } = adapter as { redis?: Partial<IORedis> };
  if (typeof redis?.set !== 'function' || typeof redis.eval !== 'function') return undefined;
  const client = redis as IORedis;
  return {
    take: async (key, owner, ms) => isGiven(await client.set(key, toValue(owner), 'PX', ms, 'NX')),
    renew: async (key, owner, ms) => (await client.eval(RENEW, 1, key, toValue(owner), `${ms}`)) === 1,
    release: (key, owner) => client.eval(RELEASE, 1, key, toValue(owner)),
  };
}

/** As Keyv would write it, because a Keyv without a namespace lists it among its own. */
function toValue(owner: string): string {
  return `{"value":"${owner}"}`;
}

interface SqlAdapter {
  readonly query: Query;
  readonly opts: { readonly dialect?: unknown; readonly table?: unknown; readonly schema?: unknown };
}

/** The tables of these adapters have a key and a value, so the end stands in the value, by the database's clock. */
function sqlCommands(adapter: object): Commands | undefined {
  const { query, opts } = adapter as Partial<SqlAdapter>;
  if (typeof query !== 'function' || typeof opts?.table !== 'string') return undefined;
  const { table, schema } = opts;
  switch (opts.dialect) {
    case 'postgres':
      return returningCommands(query, typeof schema === 'string' ? `${schema}.${table}` : table, POSTGRES);
    case 'mysql':
      return mysqlCommands(
        query,
        table
          .split('.')
          .map((part) => `\`${part.replaceAll('`', '``')}\``)
          .join('.'),
      );
    case 'sqlite':
      return returningCommands(retryingWhileBusy(query), table, SQLITE);
    default:
      return undefined;
  }
}

/** How a database tells the time, and writes and reads the two fields of a lease in JSON. */
interface Dialect {
  /** Milliseconds since 1970. */
  readonly now: string;
  readonly toRecord: (owner: string, expires: string) => string;
  readonly owner: string;
  readonly expires: string;
  /** A condition that always holds, and keeps a change from waiting for the disk. */
  readonly unsynced: string;
}

const POSTGRES: Dialect = {
  now: 'floor(extract(epoch from clock_timestamp()) * 1000)::bigint',
  toRecord: (owner, expires) => `json_build_object('value', '${owner}', 'expires', ${expires})::text`,
  owner: "lease.value::json->>'value'",
  expires: "(lease.value::json->>'expires')::bigint",
  // Of this change alone. A lease that is lost when the database crashes costs one upload.
  // https://www.postgresql.org/docs/current/wal-async-commit.html
  unsynced: "set_config('synchronous_commit', 'off', true) = 'off'",
};

/** As of SQLite 3.35. */
const SQLITE: Dialect = {
  now: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
  toRecord: (owner, expires) => `json_object('value', '${owner}', 'expires', ${expires})`,
  owner: "json_extract(lease.value, '$.value')",
  expires: "json_extract(lease.value, '$.expires')",
  unsynced: 'true',
};

/** For databases that give the rows which they change. */
function returningCommands(query: Query, table: string, dialect: Dialect): Commands {
  const { now, toRecord, owner: ownerOf, expires, unsynced } = dialect;
  const isOwn = (key: string, owner: string): string =>
    `lease.key = '${key}' AND ${ownerOf} = '${owner}' AND ${unsynced}`;
  return {
    take: async (key, owner, ms) =>
      hasRows(
        await query(
          `INSERT INTO ${table} AS lease (key, value) ` +
            `SELECT '${key}', ${toRecord(owner, `${now} + ${ms}`)} WHERE ${unsynced} ` +
            `ON CONFLICT (key) DO UPDATE SET value = excluded.value WHERE ${expires} <= ${now} RETURNING key`,
        ),
      ),
    renew: async (key, owner, ms) =>
      hasRows(
        await query(
          `UPDATE ${table} AS lease SET value = ${toRecord(owner, `${now} + ${ms}`)} ` +
            `WHERE ${isOwn(key, owner)} RETURNING key`,
        ),
      ),
    release: (key, owner) => query(`DELETE FROM ${table} AS lease WHERE ${isOwn(key, owner)}`),
  };
}

/** MySQL and MariaDB give no rows of what they change, only how many they met. */
function mysqlCommands(query: Query, table: string): Commands {
  const now = 'CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS UNSIGNED)';
  const value = (owner: string, ms: number): string =>
    `CONCAT('{"value":"${owner}","expires":', ${now} + ${ms}, '}')`;
  const isOwn = (key: string, owner: string): string => `id = '${key}' AND value LIKE '{"value":"${owner}"%'`;
  const change = async (sql: string): Promise<boolean> => countChanged(await query(sql)) > 0;
  return {
    take: async (key, owner, ms) =>
      (await change(`INSERT IGNORE INTO ${table} (id, value) VALUES ('${key}', ${value(owner, ms)})`)) ||
      change(
        `UPDATE ${table} SET value = ${value(owner, ms)} ` +
          `WHERE id = '${key}' AND JSON_EXTRACT(value, '$.expires') <= ${now}`,
      ),
    renew: (key, owner, ms) =>
      change(`UPDATE ${table} SET value = ${value(owner, ms)} WHERE ${isOwn(key, owner)}`),
    release: (key, owner) => query(`DELETE FROM ${table} WHERE ${isOwn(key, owner)}`),
  };
}

/** How often a busy SQLite file is asked again, and the milliseconds between, at most. */
const BUSY_ATTEMPTS = 5;
const BUSY_PAUSE = 40;

/** The adapter sets no busy timeout: while another process writes, SQLite refuses at once. */
function retryingWhileBusy(query: Query): Query {
  return async (sql) => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await query(sql);
      } catch (error) {
        if (attempt === BUSY_ATTEMPTS || (error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
        await new Promise((resolve) => setTimeout(resolve, Math.random() * BUSY_PAUSE));
      }
    }
  };
}

function hasRows(answer: unknown): boolean {
  return Array.isArray(answer) && answer.length > 0;
}

function countChanged(answer: unknown): number {
  const { affectedRows } = answer as { affectedRows?: unknown };
  return typeof affectedRows === 'number' ? affectedRows : 0;
}
