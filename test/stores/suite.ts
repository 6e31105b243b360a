import { promisesOnFaults } from './faults';
import { promisesOnIds } from './ids';
import { KINDS, type StoreKind } from './kinds';
import { promisesOnListing } from './listing';
import { promisesOnProcesses } from './processes';
import { storeScene, type MakeDispatcher } from './scene';

/** What a store of any kind does for bots. */
export function describeStore(kind: StoreKind, makeDispatcher?: MakeDispatcher): void {
  describe(kind.name, function () {
    this.timeout(120_000);
    const scene = storeScene(kind, makeDispatcher);
    promisesOnIds(kind, scene);
    // Another process opens a store by its name.
    if (kind.isShared && KINDS.includes(kind)) promisesOnProcesses(scene);
    if (kind.address !== undefined) promisesOnFaults(kind.address, scene);
    promisesOnListing(kind, scene);
  });
}
