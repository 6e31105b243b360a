import { EventEmitter } from 'node:events';
import { image } from '../../src';
import { KEY_PREFIX } from '../../src/cache/saved-id';
import { openPlainAdapter } from '../support/bot/plain-adapter';
import { until } from '../support/checks/waiting';
import { workbench } from './support';

/** As KeyvRedis is by default: it tells of a failure by an event, and answers as if there were none. */
class EventfulAdapter extends EventEmitter {
  readonly records = new Map<string, string>();
  isFull = false;

  get(key: string): string | undefined {
    return this.records.get(key);
  }

  set(key: string, value: string): void {
    if (this.isFull) this.emit('error', new Error('out of memory'));
    else this.records.set(key, value);
  }

  delete(key: string): boolean {
    return this.records.delete(key);
  }

  clear(): void {
    this.records.clear();
  }
}

describe('A store that the bot shares with the tool', () => {
  const bench = workbench();

  it('gets an ID later that it could not take, also if it told so by an event alone', async () => {
    const store = new EventfulAdapter();
    const client = bench.closeAfterTest(openPlainAdapter(bench.sim, { store }));
    store.isFull = true;
    await client.send('7001', image('cats/tom.jpg'));
    await until('the failure is noticed', () => client.errors.length > 0);
    store.isFull = false;
    const isWritten = (): boolean => [...store.records.keys()].some((key) => key.includes(KEY_PREFIX));
    await until('the ID is written', isWritten, 15_000);
  });
});
