import assert from 'node:assert/strict';
import sinon from 'sinon';
import type { GraphAccount } from '../../../src/graph/client';
import { Pages } from '../../../src/adapter/pages';
import { Connections } from '../../../src/graph/connections';

const ACCOUNT: GraphAccount = {
  host: 'graph.facebook.com',
  version: 'v25.0',
  token: 'EAAB',
  secret: 'SECRET',
};

describe('Pages', () => {
  afterEach(() => {
    sinon.restore();
  });

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

  it('ends the connections that are its own', async () => {
    const close = sinon.stub(Connections.prototype, 'close').resolves();
    await new Pages(undefined).close();
    sinon.assert.calledOnce(close);
  });

  it('says that no adapter is attached, with no other error behind it', async () => {
    await assert.rejects(new Pages(undefined).find('1001'), (error: Error) => {
      assert.match(error.message, /got 1001: no adapter is attached\./);
      assert.equal(error.cause, undefined);
      return true;
    });
  });
});
