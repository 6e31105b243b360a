import type { SinonFakeTimers } from 'sinon';
import { IdStore, type IdStoreOptions } from '../../../src/cache/id-store';
import { keyOf } from '../../../src/cache/saved-id';
import { StoreError, type StoreOperation } from '../../../src/base/errors';
import { fakeTime } from '../checks/fake-time';
import { FaultyStore, throws, type StoreBehavior } from './faulty-store';
import { savedId } from './saved-id';

/** An IdStore over a store that fails when a test says so, in time that stands still until a test moves it on. */
export class IdStoreHarness {
  readonly clock: SinonFakeTimers = fakeTime();
  readonly inner = new FaultyStore();
  readonly errors: StoreError[] = [];
  /** What waits to be written in `openUnwritable`. */
  readonly waiting = { key: keyOf('1001', 'image:WAITING'), saved: savedId('10') };

  readonly #opened: IdStore[] = [];

  open(options: Partial<IdStoreOptions> = {}): IdStore {
    const onError = (error: StoreError): void => void this.errors.push(error);
    const store = new IdStore({
      store: this.inner,
      ttl: 1e9,
      timeout: 500,
      maxUnsaved: 100,
      onError,
      ...options,
    });
    this.#opened.push(store);
    return store;
  }

  /** An IdStore that has just found out that its store cannot be read. Writing is still to be tried. */
  async openUnreadable(options?: Partial<IdStoreOptions>): Promise<IdStore> {
    const store = this.open(options);
    this.failAll(throws());
    await store.get(keyOf('1001', 'image:ANY'));
    await this.settle();
    return store;
  }

  /** An IdStore that has just found out that its store cannot be written: one ID waits. */
  async openUnwritable(options?: Partial<IdStoreOptions>): Promise<IdStore> {
    const store = this.open(options);
    this.inner.fail({ set: throws() });
    void store.put(this.waiting.key, this.waiting.saved);
    await this.settle();
    return store;
  }

  /** Where time is real, what is not closed goes on in later tests. */
  async close(): Promise<void> {
    await Promise.all(this.#opened.splice(0).map((store) => store.close()));
  }

  failAll(course: StoreBehavior): void {
    this.inner.fail({ get: course, set: course, delete: course });
  }

  /** Lets what can end now end. */
  async settle(): Promise<void> {
    await this.clock.tickAsync(0);
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
