import assert from 'node:assert/strict';
import type { GraphAccount } from '../../../src/graph/client';
import { Pages } from '../../../src/adapter/pages';

const ACCOUNT: GraphAccount = {
  host: 'graph.facebook.com',
  version: 'v25.0',
  token: 'EAAB',
  secret: 'SECRET',
};

describe('Pages', () => {
  it('keeps the client of an account, which knows its page', () => {
    const pages = new Pages(undefined);
    assert.equal(pages.clientOf({ ...ACCOUNT }), pages.clientOf({ ...ACCOUNT }));
  });

  const others: [what: string, other: Partial<GraphAccount>][] = [
    ['host', { host: 'graph.example.com' }],
    ['version', { version: 'v26.0' }],
    ['token', { token: 'EAAC' }],
    ['secret', { secret: 'CHANGED' }],
    ['secret, if it has none', { secret: undefined }],
  ];
  for (const [what, other] of others) {
    it(`has another client for another ${what}`, () => {
      const pages = new Pages(undefined);
      assert.notEqual(pages.clientOf({ ...ACCOUNT, ...other }), pages.clientOf(ACCOUNT));
    });
  }
});
