import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import KeyvRedis from '@keyv/redis';
import Keyv from 'keyv';
import { image, isStoreError } from '../../src';
import { countUploads, arrived } from '../support/platform/received';
import { until } from '../support/checks/waiting';
import { hasRedis, openRedis, type Redis } from '../support/stores/redis';
import { useSimulator } from '../support/bot/use-simulator';
import { useFolder } from '../support/files/folder';
import { readAsset } from '../support/files/assets';
import { sha256 } from '../support/checks/sha256';
import { PAGE } from '../support/platform/pages';
import { ARRIVES, sendAgain, useMatrix } from './matrix/cell';
import { assertToldOnce } from './matrix/store-faults';
import { FILE_WAYS, FIRST, RECOVERY } from './matrix/ways';

const STORE_TIMEOUT = 250;

/** What is done to the server, and how it is undone. */
interface RedisFault {
  readonly name: string;
  readonly happens: (redis: Redis) => unknown;
  readonly ends: (redis: Redis) => unknown;
}

const FAULTS: readonly RedisFault[] = [
  {
    name: 'is stopped',
    happens: (redis) => {
      redis.stop();
    },
    ends: (redis) => {
      redis.resume();
    },
  },
  { name: 'is killed', happens: (redis) => redis.kill(), ends: (redis) => redis.start() },
  {
    name: 'is killed, and comes back empty',
    happens: (redis) => redis.kill().then(() => redis.start()),
    ends: () => undefined,
  },
  {
    name: 'is full',
    happens: (redis) => redis.ask('CONFIG SET maxmemory 1'),
    ends: (redis) => redis.ask('CONFIG SET maxmemory 0'),
  },
];

// Where stores are required, a machine without Redis fails.
const suite = hasRedis() || process.env.REQUIRE_STORES ? describe : describe.skip;

suite(hasRedis() ? 'A Redis' : 'A Redis (there is no redis-server on this machine)', () => {
  let redis: Redis;
  const clients: KeyvRedis<unknown>[] = [];
  const { cell } = useMatrix();
  const platform = useSimulator();
  const folder = useFolder();

  const connect = () => {
    const client = new KeyvRedis<unknown>(redis.url);
    clients.push(client);
    return client;
  };

  before(async () => {
    redis = await openRedis();
  });
  beforeEach(() => redis.ask('FLUSHALL'));
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.disconnect(true);
  });
  after(() => redis.close());

  for (const { name, happens, ends } of FAULTS) {
    for (const way of FILE_WAYS) {
      cell(`that ${name}, in ${way.name}: the message arrives`, () => ({
        way,
        options: () => ({ storeTimeout: STORE_TIMEOUT }),
        store: connect,
        fault: () => happens(redis),
        outcome: ARRIVES,
        check: async ({ botkit, sim }) => {
          assertToldOnce(botkit.errors);
          assert.ok(countUploads(sim) <= 2);
          await ends(redis);
        },
      }));
    }

    for (const way of [FIRST, RECOVERY]) {
      // Of its own, because a client that was cut off may still write what it could not before.
      const content = Buffer.concat([readAsset('paw.png'), Buffer.from(`${name}, ${way.name}`)]);
      cell(`that ${name} in ${way.name}, and then works: the ID reaches it`, () => ({
        way,
        content,
        options: () => ({ storeTimeout: STORE_TIMEOUT }),
        store: connect,
        fault: () => happens(redis),
        outcome: ARRIVES,
        check: async ({ botkit, sim, source, shared }) => {
          await sendAgain(botkit, source);
          await ends(redis);
          const alive = sim.assets().find((one) => one.alive);
          const reader = new Keyv({ store: shared, namespace: 'facebook-attachments' });
          const key = `fb-attachment:2:${PAGE.id}:image:${sha256(content)}`;
          const read = async () => (await reader.get<{ id: string }>(key))?.id;
          await until('the ID is in Redis', async () => alive !== undefined && (await read()) === alive.id);
        },
      }));
    }
  }

  /** Uploads so many files by a process of its own, which is gone afterwards. */
  const warmUp = async (count: number): Promise<string[]> => {
    const names = Array.from({ length: count }, (_, at) => `${at}.png`);
    for (const name of names) await folder.write(name, `${name} ${folder.path}`);
    const client = platform.openPlainAdapter({ store: connect(), root: folder.path });
    const { failed } = await client.plugin.warm(names.map((name) => image(name)));
    assert.equal(failed, 0);
    await client.plugin.close();
    return names;
  };

  const savedKeys = async (): Promise<string[]> => {
    const keyv = new Keyv({ store: connect(), namespace: 'facebook-attachments' });
    const keys: string[] = [];
    for await (const [key] of keyv.iterator?.({}) ?? [])
      if (String(key).includes(':image:')) keys.push(String(key));
    return keys.sort();
  };

  const READS_ONLY: [how: string, begins: string, ends: string][] = [
    ['is a read-only replica', 'REPLICAOF 127.0.0.1 1', 'REPLICAOF NO ONE'],
    ['is full', 'CONFIG SET maxmemory 1', 'CONFIG SET maxmemory 0'],
  ];
  for (const [how, begins, ends] of READS_ONLY) {
    it(`that ${how} goes on giving the 300 IDs that are in it, after it has refused to write`, async () => {
      const names = await warmUp(300);
      const client = platform.openPlainAdapter({ store: connect(), root: folder.path });
      await redis.ask(begins);
      try {
        await folder.write('new.png', `new ${folder.path}`);
        await client.send('7001', image('new.png'));
        await until('the write is refused', () => client.errors.length > 0);
        const before = countUploads(platform.sim);
        await Promise.all(names.map((name) => client.send('7001', image(name))));
        assert.equal(countUploads(platform.sim) - before, 0);
        assert.deepEqual(
          client.errors.map((error) => isStoreError(error) && [error.operation, error.code]),
          [['write', 'ERR_STORE_UNAVAILABLE']],
        );
      } finally {
        await redis.ask(ends);
      }
      await until('the new ID is in Redis, too', async () => (await savedKeys()).length === 301);
    });

    it(`that ${how} gives the IDs that are in it, while others are being written`, async () => {
      const names = await warmUp(50);
      const client = platform.openPlainAdapter({ store: connect(), root: folder.path });
      const fresh = names.map((name) => `new-${name}`);
      for (const name of fresh) await folder.write(name, `${name} ${folder.path}`);
      await redis.ask(begins);
      try {
        const before = countUploads(platform.sim);
        await Promise.all([...fresh, ...names].map((name) => client.send('7001', image(name))));
        assert.equal(countUploads(platform.sim) - before, fresh.length);
        assertToldOnce(client.errors);
      } finally {
        await redis.ask(ends);
      }
    });
  }

  it('that stops answering holds up the first message for `storeTimeout`, and for no second time', async () => {
    const client = platform.openPlainAdapter({ store: connect(), root: folder.path });
    await folder.write('before.png', 'before');
    await folder.write('after.png', 'after');
    await client.send('7001', image('before.png'));
    redis.stop();
    const begun = performance.now();
    await client.send('7001', image('after.png'));
    const took = performance.now() - begun;
    redis.resume();
    assert.ok(took < 900, `${took} ms`);
    assert.equal(arrived(platform.sim).length, 2);
  });

  it('that answers reads only holds up the first message for `storeTimeout`, and those in the queue for four times that', async () => {
    const client = platform.openPlainAdapter({ store: connect(), root: folder.path });
    const names = Array.from({ length: 10 }, (_, n) => `queued-${n}.png`);
    for (const name of ['before.png', 'after.png', ...names]) await folder.write(name, name);
    await client.send('7001', image('before.png'));
    const time = async (name: string): Promise<number> => {
      const begun = performance.now();
      await client.send('7001', image(name));
      return performance.now() - begun;
    };
    await redis.ask('CLIENT PAUSE 3000 WRITE');
    const first = await time('after.png');
    assert.ok(first < 900, `${first} ms`);
    await redis.ask('CLIENT UNPAUSE');
    // Its checks are answered.
    await wait(1_500);
    await redis.ask('CLIENT PAUSE 6000 WRITE');
    const longest = Math.max(...(await Promise.all(names.map(time))));
    assert.ok(longest < 3_500, `${longest} ms`);
    await redis.ask('CLIENT UNPAUSE');
  });

  it('has bots that warm the same assets at the same time share the work', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `warm-${index}.png`);
    for (const name of names) await folder.write(name, `${name} of ${folder.path}`);
    platform.sim.addFaults({ purpose: 'upload-file', delayMs: 100, times: Infinity });
    const bots = [1, 2, 3].map(() => platform.openPlainAdapter({ store: connect(), root: folder.path }));
    const reports = await Promise.all(bots.map(({ plugin }) => plugin.warm(names)));
    for (const { results } of reports) {
      assert.deepEqual(
        results.map(({ error }) => error),
        names.map(() => undefined),
      );
    }
    assert.equal(countUploads(platform.sim), names.length);
  });

  it('that is flushed gets back what the bot knows, once the bot misses an ID', async () => {
    const names = await warmUp(20);
    const client = platform.openPlainAdapter({ store: connect(), root: folder.path });
    for (const name of names) await client.send('7001', image(name));
    const saved = await savedKeys();
    await redis.ask('FLUSHALL');
    assert.deepEqual(await savedKeys(), []);
    await until('they are back', async () => {
      // The mark is read every five seconds at most.
      await wait(1_000);
      await folder.write('missed.png', `${Math.random()}`);
      await client.send('7001', image('missed.png'));
      const now = await savedKeys();
      return saved.every((key) => now.includes(key));
    });
    assert.deepEqual(client.errors, []);
  });

  it('that comes back just before the end gets the IDs that it missed', async () => {
    const client = platform.openPlainAdapter({ store: connect(), root: folder.path });
    await redis.kill();
    await folder.write('late.png', `late ${folder.path}`);
    await client.send('7001', image('late.png'));
    await until('the write has failed', () =>
      client.errors.some((error) => isStoreError(error) && error.operation === 'write'),
    );
    await redis.start();
    await client.plugin.close();
    assert.equal((await savedKeys()).length, 1);
  });

  it('with a record that nobody can read is well, and gets the ID in its place', async () => {
    const [name = ''] = await warmUp(1);
    const adapter = connect();
    const redisClient = (await adapter.getClient()) as unknown as {
      keys(pattern: string): Promise<string[]>;
      set(key: string, value: string): Promise<unknown>;
    };
    const [key = ''] = await redisClient.keys('*:image:*');
    await redisClient.set(key, '['.repeat(100_000) + ']'.repeat(100_000));
    const client = platform.openPlainAdapter({ store: new Keyv({ store: connect() }), root: folder.path });
    const own = platform.openPlainAdapter({ store: connect(), root: folder.path });
    for (const bot of [client, own]) {
      await bot.send('7001', image(name));
      assert.deepEqual(bot.errors, []);
    }
    await own.plugin.close();
    assert.equal((await own.plugin.list()).length, 1);
  });

  it('that is not there when the bot starts costs one upload, in a Keyv of the author’s own too', async () => {
    await redis.kill();
    for (const store of [connect(), new Keyv(connect())]) {
      platform.sim.reset();
      const client = platform.openPlainAdapter({ store, storeTimeout: STORE_TIMEOUT });
      for (const user of ['7001', '7001', '7001']) await client.send(user, image('paw.png'));
      assert.equal(arrived(platform.sim).length, 3);
      assert.equal(countUploads(platform.sim), 1);
      assertToldOnce(client.errors);
      assert.ok(client.errors.length > 0);
    }
    await redis.start();
  });
});
