import assert from 'node:assert/strict';
import { isAggregateError, isError } from '../../../src/base/is-error';
import { aggregateOfOtherRealm, errorOfOtherRealm } from '../../support/checks/other-realm';

describe('isError', () => {
  const subclass = class extends Error {};
  const cases: [what: string, thrown: unknown, isError: boolean][] = [
    ['an error', new Error('x'), true],
    ['an error of a class', new subclass('x'), true],
    ['an error of another realm', errorOfOtherRealm('x'), true],
    ['the reason of an aborted signal', AbortSignal.abort().reason, true],
    ['an object that inherits from Error', Object.create(Error.prototype), true],
    ['an object that looks like one', { name: 'Error', message: 'x', stack: 'x' }, false],
    ['text', 'x', false],
    ['nothing', undefined, false],
    ['null', null, false],
  ];
  for (const [what, thrown, expected] of cases) {
    it(`${expected ? 'knows' : 'does not take for one'}: ${what}`, () => {
      assert.equal(isError(thrown), expected);
    });
  }
});

describe('isAggregateError', () => {
  it('knows those of another realm, and no other errors', () => {
    assert.equal(isAggregateError(new AggregateError([])), true);
    assert.equal(isAggregateError(aggregateOfOtherRealm([])), true);
    assert.equal(isAggregateError(Object.assign(new Error('x'), { errors: [] })), false);
    assert.equal(isAggregateError({ name: 'AggregateError', errors: [] }), false);
  });
});
