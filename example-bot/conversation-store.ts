import { type Storage, type StoreItems } from 'botbuilder';
import type Keyv from 'keyv';

/** Keeps conversations in Keyv, so that after a restart they go on where they were. */
export class ConversationStore implements Storage {
  readonly #keyv: Keyv;

  constructor(keyv: Keyv) {
    this.#keyv = keyv;
  }

  async read(keys: string[]): Promise<StoreItems> {
    const items = await Promise.all(
      keys.map(async (key) => [key, await this.#keyv.get<unknown>(key)] as const),
    );
    return Object.fromEntries(items.filter(([, item]) => item !== undefined));
  }

  async write(changes: StoreItems): Promise<void> {
    await Promise.all(Object.entries(changes).map(([key, item]) => this.#keyv.set<unknown>(key, item)));
  }

  async delete(keys: string[]): Promise<void> {
    await Promise.all(keys.map((key) => this.#keyv.delete(key)));
  }
}
