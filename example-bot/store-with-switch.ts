import { EventEmitter } from 'node:events';

/** A store in memory that can be taken down, to see what becomes of messages while it is. */
export class StoreWithSwitch extends EventEmitter {
  readonly opts = {};
  readonly #values = new Map<string, unknown>();
  #isUp = true;

  isUp(): boolean {
    return this.#isUp;
  }

  setUp(up: boolean): void {
    this.#isUp = up;
  }

  get<Value>(key: string): Promise<Value | undefined> {
    return this.#asked(() => this.#values.get(key) as Value | undefined);
  }

  set(key: string, value: unknown): Promise<boolean> {
    return this.#asked(() => Boolean(this.#values.set(key, value)));
  }

  delete(key: string): Promise<boolean> {
    return this.#asked(() => this.#values.delete(key));
  }

  clear(): Promise<void> {
    return this.#asked(() => {
      this.#values.clear();
    });
  }

  #asked<T>(work: () => T): Promise<T> {
    return this.#isUp ? Promise.resolve(work()) : Promise.reject(new Error('The store is down'));
  }
}
