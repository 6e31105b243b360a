import assert from 'node:assert/strict';
import Keyv from 'keyv';
import { image } from '../../src';
import { FaultyStore, hangs, throws } from '../support/stores/faulty-store';
import { openPlainAdapter } from '../support/bot/plain-adapter';
import { countUploads, arrived } from '../support/platform/received';
import { until } from '../support/checks/waiting';
import { useSimulator } from '../support/bot/use-simulator';
import { PAGE } from '../support/platform/pages';
import { ARRIVES, sendAgain, useMatrix } from './matrix/cell';
import { assertToldOnce, holdsRecord, STORE_FAULTS } from './matrix/store-faults';
import { FILE_WAYS, FIRST, RECOVERY, WARM_STORE } from './matrix/ways';

/** Long enough for a slow store on a busy machine. */
const STORE_TIMEOUT = 250;

const PICTURES = ['paw.png', 'cats/tom.jpg', 'cats/mia.jpg'];

describe('A store', () => {
  const { cell } = useMatrix();

  for (const way of FILE_WAYS) {
    describe(`in ${way.name}`, () => {
      for (const { name, courses, isOutage } of STORE_FAULTS) {
        cell(`that ${name}: the message arrives`, () => ({
          way,
          options: () => ({ storeTimeout: STORE_TIMEOUT }),
          fault: ({ store }) => {
            store.fail(courses);
          },
          outcome: ARRIVES,
          check: ({ botkit, sim }) => {
            assertToldOnce(botkit.errors);
            if (!isOutage) assert.deepEqual(botkit.errors, []);
            assert.ok(countUploads(sim) <= 2, 'its content goes up twice at most');
          },
        }));
      }
    });
  }

  cell('that holds the ID of a video under the key of a picture: the message arrives', () => ({
    way: FIRST,
    fault: async ({ sim, store }) => {
      const other = openPlainAdapter(sim);
      await other.send('7000', { attachment: { type: 'video', payload: { url: 'night.mp4' } } });
      await other.close();
      const [video] = sim.assets();
      store.fail({ get: holdsRecord({ id: video?.id, type: 'video' }) });
    },
    outcome: ARRIVES,
  }));

  for (const way of [FIRST, RECOVERY]) {
    for (const { name, courses, isOutage } of STORE_FAULTS) {
      if (!isOutage) continue;
      cell(`that ${name} in ${way.name}, and then works: the ID reaches it`, () => ({
        way,
        options: () => ({ storeTimeout: STORE_TIMEOUT }),
        fault: ({ store }) => {
          store.fail(courses);
        },
        outcome: ARRIVES,
        check: async ({ sim, botkit, store, source }) => {
          await sendAgain(botkit, source);
          store.heal();
          const alive = sim.assets().find((asset) => asset.alive);
          await until('the ID is in the store', () => store.ids().some(([, id]) => id === alive?.id));
        },
      }));
    }
  }

  for (const [how, course] of [
    ['fails', throws()],
    ['hangs', hangs],
  ] as const) {
    cell(`that ${how} is waited for once: the next messages do not ask it`, () => ({
      way: WARM_STORE,
      options: () => ({ storeTimeout: STORE_TIMEOUT }),
      fault: ({ store }) => {
        store.fail({ get: course, set: course });
      },
      outcome: ARRIVES,
      check: async ({ botkit, store, sim }) => {
        for (const source of ['paw.png', 'other.png', 'other.png']) await sendAgain(botkit, source);
        assert.equal(store.countCalls('get'), 2, 'one by the process that warmed it, one by this one');
        assert.equal(countUploads(sim), 2, 'one for each asset');
      },
    }));
  }
});

describe('A store', () => {
  const platform = useSimulator();

  const openOn = (store: FaultyStore | Keyv) =>
    platform.openPlainAdapter({ store, storeTimeout: STORE_TIMEOUT });

  it('that is down costs one upload an asset, however many messages wait', async () => {
    const store = new FaultyStore();
    store.fail({ get: hangs, set: hangs });
    const client = openOn(store);
    const sends = Array.from({ length: 90 }, (_, at) =>
      client.send(String(9000 + at), image(PICTURES[at % PICTURES.length] ?? '')),
    );
    await Promise.all(sends);
    assert.equal(countUploads(platform.sim), PICTURES.length);
    assertToldOnce(client.errors);
    store.heal();
    await until('all IDs are in the store', () => store.ids().length === PICTURES.length);
  });

  it('that disconnects between two messages loses neither, nor the IDs that are known', async () => {
    const store = new FaultyStore();
    const client = openOn(store);
    await client.send('7001', image('paw.png'));
    store.fail({ get: throws(), set: throws(), delete: throws() });
    for (const picture of [...PICTURES, ...PICTURES]) await client.send('7001', image(picture));
    assert.equal(arrived(platform.sim).length, 1 + 2 * PICTURES.length);
    assert.equal(countUploads(platform.sim), PICTURES.length, 'one for each, all but one while it was down');
    store.heal();
    await until('the IDs that it missed are in it', () => store.ids().length === PICTURES.length);
  });

  it('that fills up keeps what it has: each asset goes up once all the same', async () => {
    const store = new FaultyStore();
    const client = openOn(store);
    const isFull = throws('ENOSPC: no space left on device, write');
    store.fail({ set: (carryOut, key) => (store.records.size < 1 ? carryOut() : isFull(carryOut, key)) });
    for (const picture of [...PICTURES, ...PICTURES]) await client.send('7001', image(picture));
    assert.equal(arrived(platform.sim).length, 2 * PICTURES.length);
    assert.equal(countUploads(platform.sim), PICTURES.length);
    assert.equal(store.ids().length, 1);
    assert.deepEqual(
      client.errors.map(({ name }) => name),
      ['StoreError'],
    );
  });

  it('that tells of a failure by its event alone is down, and its answer is not taken for a miss', async () => {
    const store = new FaultyStore();
    const keyv = new Keyv({ store });
    store.fail({
      get: () => {
        keyv.emit('error', new Error('The connection is gone'));
        return undefined;
      },
    });
    const client = openOn(keyv);
    for (const picture of PICTURES) await client.send('7001', image(picture));
    assert.equal(store.countCalls('get'), 1, 'the next messages do not ask it');
    assert.deepEqual(
      client.errors.map(({ name }) => name),
      ['StoreError'],
    );
  });

  it('that cannot delete says so to whoever asks it to, and messages go on', async () => {
    const store = new FaultyStore();
    const client = openOn(store);
    await client.send('7001', image('paw.png'));
    store.fail({ delete: throws() });
    await assert.rejects(client.plugin.forget(image('paw.png'), { page: PAGE.id }), { name: 'StoreError' });
    await client.send('7001', image('paw.png'));
    assert.equal(arrived(platform.sim).length, 2);
  });
});
