import { setTimeout as wait } from 'node:timers/promises';
import { PROBE_KEY } from '../../../src/cache/keyv-client';

export type StoreAction = 'get' | 'set' | 'delete';

/** What the store does with a call. `carryOut` does what was asked. */
export type StoreBehavior = (carryOut: () => unknown, key: string) => unknown;

/** A Keyv storage adapter over a Map, which fails in the ways that databases do. */
export class FaultyStore {
  readonly records = new Map<string, string>();
  /** What was asked of it, in order. */
  readonly calls: { readonly action: StoreAction; readonly key: string }[] = [];
  #courses: Partial<Record<StoreAction, StoreBehavior>> = {};

  constructor(records: Iterable<readonly [string, string]> = []) {
    this.records = new Map(records);
  }

  /** From now on, until `heal`. */
  fail(courses: Partial<Record<StoreAction, StoreBehavior>>): void {
    this.#courses = courses;
  }

  heal(): void {
    this.#courses = {};
  }

  get(key: string): unknown {
    return this.#run('get', key, () => this.records.get(key));
  }

  set(key: string, value: string): unknown {
    return this.#run('set', key, () => {
      this.records.set(key, value);
      return true;
    });
  }

  delete(key: string): unknown {
    return this.#run('delete', key, () => this.records.delete(key));
  }

  /** Keyv takes no adapter without it. */
  clear(): void {
    this.records.clear();
  }

  /** The attachment IDs that stand in it, by key. */
  ids(): [key: string, id: string][] {
    return [...this.records].flatMap(([key, record]) => {
      const id = idIn(record);
      return id === undefined ? [] : [[key, id]];
    });
  }

  /** How often it was asked so for an ID, and not to see whether it works. */
  countCalls(asked: StoreAction): number {
    return this.calls.filter(({ action, key }) => action === asked && !isHelperKey(key)).length;
  }

  /** How often it was asked so to see whether it works. */
  countProbes(asked: StoreAction): number {
    return this.calls.filter(({ action, key }) => action === asked && key.endsWith(PROBE_KEY)).length;
  }

  #run(action: StoreAction, key: string, carryOut: () => unknown): unknown {
    this.calls.push({ action, key });
    const course = this.#courses[action];
    return course ? course(carryOut, key) : carryOut();
  }
}

/** Under which a store holds no ID. */
function isHelperKey(key: string): boolean {
  return /fb-attachment:(probe|mark)$/.test(key);
}

export const throws =
  (message = 'The store is broken'): StoreBehavior =>
  () =>
    Promise.reject(new Error(message));

export const hangs: StoreBehavior = () => new Promise(() => undefined);

export const isSlow =
  (ms: number): StoreBehavior =>
  async (carryOut) => {
    await wait(ms, undefined, { ref: false });
    return carryOut();
  };

export const answers =
  (value: unknown): StoreBehavior =>
  () =>
    value;

function idIn(record: string): string | undefined {
  try {
    const { value } = JSON.parse(record) as { value?: { id?: string } };
    return value?.id;
  } catch {
    return undefined;
  }
}
