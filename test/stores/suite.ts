import { promisesOnFaults } from './faults';
import { promisesOnIds } from './ids';
import { KINDS, type StoreKind } from './kinds';
import { promisesOnLeases } from './leases';
import { promisesOnListing } from './listing';
import { promisesOnProcesses } from './processes';
import { promisesOnRefusedRecords } from './refused-records';
import { useStore, type MakeDispatcher } from './use-store';

/** What a store of any kind does for bots. */
export function describeStore(kind: StoreKind, makeDispatcher?: MakeDispatcher): void {
  describe(kind.name, function () {
    this.timeout(120_000);
    const fixture = useStore(kind, makeDispatcher);
    promisesOnIds(kind, fixture);
    // Another process opens a store by its name.
    if (kind.isShared && KINDS.includes(kind)) promisesOnProcesses(fixture);
    if (kind.canLease === true) promisesOnLeases(kind, fixture);
    if (kind.address !== undefined) promisesOnFaults(kind.address, fixture);
    promisesOnListing(kind, fixture);
    if (kind.openWithoutEmoji) promisesOnRefusedRecords(kind.openWithoutEmoji, fixture);
  });
}
