import { compareManyWithFew, rowsLike } from '../stores/many-assets';
import type { Row } from '../row';

/** Memory is at its bound, with a store behind it that holds a hundred times as much. */
export const row: Row = (bench) =>
  compareManyWithFew(bench, {
    name: 'a Map, by memory',
    memory: 10_000,
    sent: 1_000,
    open: () => {
      const store = new Map<string, string>();
      return Promise.resolve({
        store,
        fill: (count) => {
          const [first] = store;
          if (!first) throw new Error('Expected a row to copy');
          for (const [key, value] of rowsLike(...first, count)) store.set(key, value);
          return Promise.resolve();
        },
        close: () => Promise.resolve(),
      });
    },
  });
