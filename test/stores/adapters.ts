import type { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import type * as Undici from 'undici';
import type { KeyvLike, KeyvStorageLike } from '../../src';

/** Packages that this folder's package.json names are there only once its runner has installed them. */
const load = createRequire(__filename);

/** `@keyv/sqlite`, `@keyv/postgres` and `@keyv/mysql`, as far as they are alike. */
export interface SqlAdapter extends KeyvStorageLike {
  /** `iterationLimit`: how many rows are read at a time when keys are listed. */
  readonly opts: { iterationLimit?: number };
  query(sql: string): Promise<Record<string, unknown>[]>;
  disconnect(): Promise<void>;
}

type SqlAdapterClass = new (options: { uri: string; table: string }) => SqlAdapter;

export function loadSqlAdapter(name: '@keyv/sqlite' | '@keyv/postgres' | '@keyv/mysql'): SqlAdapterClass {
  if (name === '@keyv/postgres' && !isListening) listenToPools();
  return (load(name) as { default: SqlAdapterClass }).default;
}

/** The client of the adapters below: ioredis, or its kin for Valkey. */
export interface IORedisClient {
  get(key: string): Promise<string>;
  pttl(key: string): Promise<number>;
  unlink(...keys: string[]): Promise<number>;
  scanStream(options: { match: string; count: number }): AsyncIterable<string[]>;
}

/** `@keyv/valkey`, and `@keyv/redis` up to its version 3. */
export interface IORedisAdapter extends KeyvStorageLike {
  readonly redis: IORedisClient;
  disconnect(): Promise<void>;
}

type IORedisAdapterClass = new (url: string) => IORedisAdapter;

export function loadIORedisAdapter(name: '@keyv/valkey' | 'keyv-redis-3'): IORedisAdapterClass {
  return (load(name) as { default: IORedisAdapterClass }).default;
}

let isListening = false;

/** The recipe of docs/scaling.md: nobody else listens, and then a connection that breaks ends the process. */
function listenToPools(): void {
  isListening = true;
  const pg = load('pg') as { Pool: new (options: object) => EventEmitter };
  const { Pool } = pg;
  pg.Pool = class extends Pool {
    constructor(options: object) {
      super(options);
      this.on('error', () => undefined);
    }
  };
}

/** Keyv 4 and 6, as far as they are used here. */
export type OtherKeyvClass = new (options: { store: KeyvStorageLike; namespace: string }) => KeyvLike;

export function loadKeyv4(): OtherKeyvClass {
  return load('keyv-4') as OtherKeyvClass;
}

export function loadKeyv6(): OtherKeyvClass {
  return (load('keyv-6') as { default: OtherKeyvClass }).default;
}

/** undici 8, whose Agent is to do what this project's does. */
export function loadUndici8(): typeof Undici {
  return load('undici-8') as typeof Undici;
}
