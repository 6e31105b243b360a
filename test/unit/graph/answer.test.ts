import assert from 'node:assert/strict';
import { parseAnswer } from '../../../src/graph/answer';

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
