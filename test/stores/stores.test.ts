import { loadKeyv4 } from './adapters';
import { FILE, KINDS, MEMORY, SQLITE } from './kinds';
import { inKeyv } from './other-keyvs';
import { describeStore } from './suite';

describe('IDs in', () => {
  for (const kind of KINDS) describeStore(kind);
  const keyv4 = { name: 'Keyv 4', Keyv: loadKeyv4(), separator: ':' };
  for (const kind of [MEMORY, FILE, SQLITE]) describeStore(inKeyv(keyv4, kind));
});
