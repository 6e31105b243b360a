import type { SinonFakeTimers } from 'sinon';
import { IdStore, type IdStoreOptions } from '../../../src/cache/id-store';
import { keyOf } from '../../../src/cache/saved-id';
import { StoreError, type StoreOperation } from '../../../src/base/errors';
import { fakeTime } from '../checks/fake-time';
import { FaultyStore, throws, type StoreBehavior, type StoreAction } from './faulty-store';

/** An IdStore over a store that fails when a test says so, in time that stands still until a test moves it on. */
export class IdStoreHarness {
  readonly clock: SinonFakeTimers = fakeTime();
  readonly inner = new FaultyStore();
  readonly errors: StoreError[] = [];

  open(options: Partial<IdStoreOptions> = {}): IdStore {
    const onError = (error: StoreError): void => void this.errors.push(error);
    return new IdStore({ store: this.inner, ttl: 1e9, timeout: 500, maxUnsaved: 100, onError, ...options });
  }

  /** An IdStore that has just found its store broken. */
  async openDown(options?: Partial<IdStoreOptions>): Promise<IdStore> {
    const store = this.open(options);
    this.failAll(throws());
    await store.get(keyOf('1001', 'image:ANY'));
    return store;
  }

  failAll(course: StoreBehavior): void {
    this.inner.fail({ get: course, set: course, delete: course });
  }

  /** How often the store was asked so. */
  countCalls(asked: StoreAction): number {
    return this.inner.calls.filter(({ action }) => action === asked).length;
  }

  /** The messages of what was reported. */
  get errorMessages(): string[] {
    return this.errors.map(({ message }) => message);
  }
}

/** What a StoreError says, with the reason that the store gave. */
export function storeErrorMessage(reason: string, operation: StoreOperation = 'read'): string {
  return new StoreError(operation, reason).message;
}
