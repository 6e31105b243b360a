import assert from 'node:assert/strict';
import { findSimilarName } from '../../../src/base/similar-name';

describe('findSimilarName', () => {
  const NAMES = [
    ...['upload', 'send', 'recover', 'refresh', 'error', 'uploadWait', 'cafe\u0301'],
    ...['quick_replies', 'persona_id', 'metadata'],
  ];

  const cases: [what: string, wanted: string, found: string | undefined][] = [
    ['other case', 'UPLOAD', 'upload'],
    ['two letters swapped', 'uplaod', 'upload'],
    ['a letter too few', 'eror', 'error'],
    ['a letter too many', 'sends', 'send'],
    ['another letter', 'sent', 'send'],
    ['a slip for each five letters', 'ulpoadWiat', 'uploadWait'],
    ['other characters of Unicode for the same letter', 'café', 'cafe\u0301'],
    ['two slips in a short name', 'snet1', undefined],
    ['another word', 'delete', undefined],
    ['nothing', '', undefined],
    ['the same beginning', 'quick_reply', 'quick_replies'],
    ['a beginning', 'persona', 'persona_id'],
    ['the same beginning in other case', 'Quick_Reply', 'quick_replies'],
    ['a beginning of less than two thirds', 'metad', undefined],
    ['more than half as much again', 'metadata_more', undefined],
    ['a beginning of four characters', 'sendin', undefined],
    ['a slip at the end of a name that is longer', 'recovre', 'recover'],
    ['two thirds of a name', 'refres', 'refresh'],
  ];
  for (const [what, wanted, found] of cases) {
    it(`finds ${found ?? 'none'} for ${what}: ${wanted}`, () => {
      assert.equal(findSimilarName(wanted, NAMES), found);
    });
  }

  it('takes the name with the fewest slips', () => {
    assert.equal(findSimilarName('uploadWai', ['uploadWaitX', 'uploadWait']), 'uploadWait');
  });

  it('takes a name with slips before one with the same beginning', () => {
    assert.equal(findSimilarName('persona_di', ['persona_name', 'persona_id']), 'persona_id');
  });

  it('takes a beginning that makes up two thirds, and none that makes up less', () => {
    assert.equal(findSimilarName('abcdefzzz', ['abcdefxxx']), 'abcdefxxx');
    assert.equal(findSimilarName('abcdefzzzz', ['abcdefxxxx']), undefined);
  });

  it('takes the first of two names that begin the same', () => {
    assert.equal(findSimilarName('quick_reply', ['quick_repair', 'quick_rephrase']), 'quick_repair');
  });

  it('takes the longest of the same beginnings', () => {
    assert.equal(findSimilarName('quick_reply', ['quick_rest12', 'quick_replies']), 'quick_replies');
  });
});
