import assert from 'node:assert/strict';
import { isAttachmentType } from '../../../src/source/asset';
import { addressKey, attemptKey, contentKey } from '../../../src/source/asset-key';
import { sha256 } from '../../support/checks/sha256';

describe('contentKey', () => {
  for (const type of ['image', 'audio', 'video'] as const) {
    it(`of an ${type} is its type and content, whatever its name`, () => {
      assert.equal(contentKey(type, 'DIGEST', 'tom.png'), `${type}:DIGEST`);
    });
  }

  it('of a file has its name too, because it is shown', () => {
    assert.equal(contentKey('file', 'DIGEST', 'menu.pdf'), `file:DIGEST:${sha256('menu.pdf').slice(0, 16)}`);
  });
});

describe('addressKey', () => {
  it('is the type and a digest, so that it is short and holds no secret', () => {
    const address = `https://example.com/${'a'.repeat(2000)}?sig=S`;
    assert.equal(addressKey('video', address), `video:url:${sha256(address)}`);
  });
});

describe('attemptKey', () => {
  it('is another one when a letter moves from one part to the next', () => {
    assert.equal(attemptKey('path', '/cats/tom'), attemptKey('path', '/cats/tom'));
    assert.notEqual(attemptKey('path', '/cats/tom'), attemptKey('path/', 'cats/tom'));
  });
});

describe('isAttachmentType', () => {
  it('knows the four types and no other', () => {
    assert.deepEqual(['image', 'audio', 'video', 'file'].filter(isAttachmentType).length, 4);
    assert.deepEqual(['template', 'Image', '', undefined, null, 1, {}].filter(isAttachmentType), []);
  });
});
