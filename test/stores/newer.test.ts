import { loadKeyv6, loadUndici8 } from './adapters';
import { FILE, MEMORY, POSTGRES, REDIS, SQLITE } from './kinds';
import { inKeyv } from './other-keyvs';
import { describeStore } from './suite';

/** What needs a newer Node than the plugin does. */
describe('With a newer Node, IDs in', () => {
  const keyv6 = { name: 'Keyv 6', Keyv: loadKeyv6(), separator: '::' };
  for (const kind of [MEMORY, FILE, REDIS, SQLITE, POSTGRES]) describeStore(inKeyv(keyv6, kind));
});

describe('With undici 8, IDs in', () => {
  const { Agent } = loadUndici8();
  describeStore(MEMORY, (ca) => new Agent({ connect: { ca } }));
});
