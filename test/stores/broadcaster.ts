/** One of several bots in a broadcast: sends pictures to its people, and tells what that took. */
import KeyvRedis from '@keyv/redis';
import type { PageOptions } from 'messenger-platform-simulator';
import { image } from '../../src';
import { openPageBot } from '../support/bot/page-bot';

export interface BroadcasterOrders {
  readonly redis: string;
  /** Of the platform. */
  readonly host: string;
  readonly page: PageOptions;
  readonly root: string;
  readonly pictures: readonly string[];
  /** How many of the pictures each gets: the first by who it is, and those after that one. */
  readonly each: number;
  /** Its people: from this one on, up to before that one. */
  readonly from: number;
  readonly to: number;
}

export interface BroadcasterReport {
  readonly sends: number;
  readonly uploads: number;
  readonly seconds: number;
  /** Of the whole process, from its start. */
  readonly cpuSeconds: number;
  /** IDs that were asked for, and calls of the store for that. */
  readonly storeReads: number;
  readonly readCalls: number;
  readonly storeWrites: number;
  readonly errors: readonly string[];
}

const AT_A_TIME = 16;

/** The mark by which the plugin sees that a store has lost its content: read once a minute, not for a message. */
const MARK = 'fb-attachment:mark';

/** Counts what is asked of Redis for IDs. */
class CountingRedis extends KeyvRedis<string> {
  reads = 0;
  calls = 0;
  writes = 0;

  override get<T = string>(key: string): Promise<T | undefined> {
    if (!key.endsWith(MARK)) this.#count(1);
    return super.get<T>(key);
  }

  override getMany<T = string>(keys: string[]): Promise<(T | undefined)[]> {
    this.#count(keys.length);
    return super.getMany<T>(keys);
  }

  override set(key: string, value: string, ttl?: number): Promise<void> {
    if (!key.endsWith(MARK)) this.writes += 1;
    return super.set(key, value, ttl);
  }

  #count(keys: number): void {
    this.reads += keys;
    this.calls += 1;
  }
}

async function broadcast(orders: BroadcasterOrders): Promise<BroadcasterReport> {
  const { redis, host, page, root, pictures, each, from, to } = orders;
  const store = new CountingRedis(redis);
  const client = openPageBot(host, { store, page, root });
  const begun = performance.now();
  let next = from;
  const worker = async (): Promise<void> => {
    while (next < to) {
      const person = next++;
      for (let n = 0; n < each; n++) {
        await client.send(userOf(person), image(pictures[(person + n) % pictures.length] ?? ''));
      }
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  const seconds = (performance.now() - begun) / 1000;
  await client.close();
  await store.disconnect();
  const { user, system } = process.cpuUsage();
  const { sends, uploads } = client.plugin.stats;
  const { reads: storeReads, calls: readCalls, writes: storeWrites } = store;
  const cpuSeconds = (user + system) / 1e6;
  return {
    sends,
    uploads,
    seconds,
    cpuSeconds,
    storeReads,
    readCalls,
    storeWrites,
    errors: client.errors.map(String),
  };
}

export function userOf(index: number): string {
  return String(70_000 + index);
}

if (require.main === module) {
  void broadcast(JSON.parse(process.argv[2] ?? '') as BroadcasterOrders).then((report) => {
    console.log(JSON.stringify(report));
  });
}
