import assert from 'node:assert/strict';
import { checkSize } from '../../../src/source/limits';
import { expectedAttachmentError } from '../../support/checks/sample-errors';

describe('checkSize', () => {
  for (const bytes of [1, 26_214_400]) {
    it(`allows ${bytes} bytes`, () => {
      assert.doesNotThrow(() => {
        checkSize(bytes, 'file "it"');
      });
    });
  }

  it('refuses what is empty', () => {
    assert.throws(
      () => {
        checkSize(0, 'file "it"');
      },
      expectedAttachmentError('ERR_ATTACHMENT_EMPTY', 'file "it"', 'it has no content'),
    );
  });

  it('refuses one byte more than 25 MB', () => {
    assert.throws(
      () => {
        checkSize(26_214_401, 'file "it"');
      },
      expectedAttachmentError(
        'ERR_ATTACHMENT_TOO_LARGE',
        'file "it"',
        'it has 26214401 bytes, but Facebook accepts at most 25 MB (26214400 bytes)',
      ),
    );
  });
});
