import assert from 'node:assert/strict';
import { setTimeout as wait } from 'node:timers/promises';
import { parseAnswer, readWithin } from '../../../src/graph/answer';

describe('readWithin', () => {
  it('waits for an answer as long as it takes, if nobody says how long', async () => {
    for (const timeout of [undefined, null, 0]) {
      const answer = { text: () => wait(50, 'late'), destroy: () => assert.fail('it was broken off') };
      assert.equal(await readWithin(answer as unknown as Parameters<typeof readWithin>[0], timeout), 'late');
    }
  });
});

describe('parseAnswer', () => {
  for (const text of ['{"id":"1001"}', '{}', '[{"code":200}]']) {
    it(`understands ${text}`, () => {
      assert.deepEqual(parseAnswer(text), JSON.parse(text));
    });
  }

  for (const text of ['null', '"ok"', '200', 'true', '', '{"id":', '<html>Bad Gateway</html>']) {
    it(`does not take ${JSON.stringify(text)} for an answer`, () => {
      assert.equal(parseAnswer(text), undefined);
    });
  }
});
