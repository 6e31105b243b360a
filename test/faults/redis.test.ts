import assert from 'node:assert/strict';
import KeyvRedis from '@keyv/redis';
import Keyv from 'keyv';
import { image, StoreError } from '../../src';
import { countUploads, arrived } from '../support/platform/received';
import { until } from '../support/checks/waiting';
import { hasRedis, openRedis, type Redis } from '../support/stores/redis';
import { useSimulator } from '../support/bot/use-simulator';
import { readAsset } from '../support/files/assets';
import { sha256 } from '../support/checks/sha256';
import { PAGE } from '../support/platform/pages';
import { ARRIVES, sendAgain, useMatrix } from './matrix/cell';
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
          assert.ok(botkit.errors.length <= 1, `reported: ${botkit.errors.join('; ')}`);
          assert.ok(botkit.errors.every((error) => error instanceof StoreError));
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

  it('that is not there when the bot starts costs one upload, in a Keyv of the author’s own too', async () => {
    await redis.kill();
    for (const store of [connect(), new Keyv(connect())]) {
      platform.sim.reset();
      const client = platform.openPlainAdapter({ store, storeTimeout: STORE_TIMEOUT });
      for (const user of ['7001', '7001', '7001']) await client.send(user, image('paw.png'));
      assert.equal(arrived(platform.sim).length, 3);
      assert.equal(countUploads(platform.sim), 1);
      assert.deepEqual(
        client.errors.map(({ name }) => name),
        ['StoreError'],
      );
    }
    await redis.start();
  });
});
