import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { image } from '../../src';
import { countUploads } from '../support/platform/received';
import { inTime, until } from '../support/checks/waiting';
import { watchProcess } from '../support/checks/process-problems';
import { openProxy, type Proxy } from './proxy';
import { botStore, type StoreFixture } from './use-store';

const FAULTS = [
  { what: 'does not answer', action: 'hold' },
  { what: 'ends all connections', action: 'cut' },
] as const;

/** A server that is down, by way of the wire to it. */
export function promisesOnFaults(address: string, fixture: StoreFixture): void {
  for (const { what, action } of FAULTS) {
    it(`stops no conversation when its server ${what}, and gets the IDs when it is back`, async () => {
      const proxy = await openProxy(address);
      const watch = watchProcess();
      try {
        await goThrough(proxy, action, fixture);
      } finally {
        // Ends the connections that are left, which is a fault too.
        await proxy.close();
        assert.deepEqual((await watch.stop()).map(String), [], 'what would have ended the process');
      }
    });
  }
}

async function goThrough(proxy: Proxy, action: 'hold' | 'cut', fixture: StoreFixture): Promise<void> {
  const bot = fixture.openBot({ store: botStore(fixture.openStore(proxy.address)), storeTimeout: 2_000 });
  await bot.send('7001', image('paw.png'));
  assert.deepEqual(bot.errors, []);
  proxy[action]();
  // Long enough for its client to see it while nothing is asked of it.
  await wait(200);
  const sending = [image('blink.gif'), image('paw.png')].map((message) => bot.send('7001', message));
  await inTime('two pictures', Promise.all(sending), 30_000);
  assert.equal(fixture.arrivals('7001'), 3);
  assert.ok(bot.errors.length > 0, 'nothing was reported');
  for (const { name, message } of bot.errors) assert.equal(name, 'StoreError', message);
  proxy.heal();
  const isThere = async (): Promise<boolean> => {
    const rows = await fixture.openStore().rows(fixture.page.id);
    return rows.length === 2;
  };
  await until('both IDs are in the store', isThere);
  assert.equal(countUploads(fixture.sim), 2);
}
