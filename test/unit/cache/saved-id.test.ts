import assert from 'node:assert/strict';
import sinon from 'sinon';
import { fromRecord, keyOf, toRecord } from '../../../src/cache/saved-id';
import { addressKey, contentKey } from '../../../src/source/asset-key';
import { fakeTime } from '../../support/checks/fake-time';
import { savedId } from '../../support/stores/saved-id';
import { sha256 } from '../../support/checks/sha256';

const KEY = keyOf('1001', 'image:DIGEST');

const RECORD = {
  v: 2,
  key: KEY,
  id: '11',
  uploadedAt: 1_767_225_600_000,
  page: '1001',
  type: 'image',
  asset: 'image "tom.png"',
  source: { path: 'tom.png' },
  bytes: 100,
};

describe('keyOf', () => {
  it('is versioned, and of one page', () => {
    assert.equal(keyOf('1001', 'image:DIGEST'), 'fb-attachment:2:1001:image:DIGEST');
  });

  it('is short ASCII, whatever the asset, so that every database takes it', () => {
    const keys = [
      contentKey('file', sha256('content'), 'Ein Kätzchen '.repeat(50)),
      addressKey('image', `https://example.com/${'ä'.repeat(2000)}?sig=S`),
    ];
    for (const key of keys) assert.match(keyOf('1'.repeat(20), key), /^[\x21-\x7e]{1,128}$/);
  });
});

describe('A record in the store', () => {
  it('is an ID and its version', () => {
    const saved = savedId('11', { uploadedAt: RECORD.uploadedAt, source: { path: 'tom.png' } });
    assert.deepEqual(toRecord(KEY, saved), RECORD);
    assert.deepEqual(fromRecord(KEY, RECORD), saved);
  });

  it('tells as which type the asset is sent, if that is another one', () => {
    const saved = savedId('11', { sentAs: 'file' });
    assert.deepEqual(fromRecord(KEY, toRecord(KEY, saved)), saved);
    assert.equal(fromRecord(KEY, { ...toRecord(KEY, saved), sentAs: 'sticker' })?.sentAs, undefined);
  });

  it('has no field that is undefined', () => {
    const saved = savedId('11', { bytes: undefined });
    assert.deepEqual(Object.keys(toRecord(KEY, { ...saved, source: undefined })).sort(), [
      'asset',
      'id',
      'key',
      'page',
      'type',
      'uploadedAt',
      'v',
    ]);
    assert.deepEqual(fromRecord(KEY, toRecord(KEY, saved)), saved);
  });

  const sources: [what: string, source: unknown, kept: unknown][] = [
    ['a path', { path: 'tom.png' }, { path: 'tom.png' }],
    ['a path and a file name', { path: 'a/1', filename: 'tom.png' }, { path: 'a/1', filename: 'tom.png' }],
    ['a path and an odd file name', { path: 'tom.png', filename: 7 }, { path: 'tom.png' }],
    ['an address', { url: 'https://example.com/tom.png' }, { url: 'https://example.com/tom.png' }],
    ['more than we know of', { path: 'tom.png', root: '/' }, { path: 'tom.png' }],
    ['no source', undefined, undefined],
    ['null', null, undefined],
    ['text', 'tom.png', undefined],
    ['a list', ['tom.png'], undefined],
    ['nothing in it', {}, undefined],
    ['an odd path', { path: 7 }, undefined],
    ['an odd address', { url: {} }, undefined],
  ];
  for (const [what, source, kept] of sources) {
    it(`may say what it was made from: with ${what}, that is ${kept ? JSON.stringify(kept) : 'unknown'}`, () => {
      assert.deepEqual(fromRecord(KEY, { ...RECORD, source })?.source, kept);
    });
  }

  it('may come from a clock that is five minutes ahead, and not from one that is further ahead', () => {
    const uploadedAt = Date.now() + 5 * 60_000;
    const clock = fakeTime(uploadedAt - 5 * 60_000);
    assert.equal(fromRecord(KEY, { ...RECORD, uploadedAt })?.uploadedAt, uploadedAt);
    assert.equal(fromRecord(KEY, { ...RECORD, uploadedAt: uploadedAt + 1 }), undefined);
    clock.restore();
    sinon.restore();
  });

  it('has an ID of 255 characters at most', () => {
    assert.equal(fromRecord(KEY, { ...RECORD, id: '1'.repeat(255) })?.id.length, 255);
    assert.equal(fromRecord(KEY, { ...RECORD, id: '1'.repeat(256) }), undefined);
  });

  for (const type of ['image', 'audio', 'video', 'file']) {
    it(`may be of the type ${type}`, () => {
      const key = keyOf('1001', `${type}:DIGEST`);
      assert.equal(fromRecord(key, { ...RECORD, key, type })?.type, type);
    });
  }

  it('is of no other type', () => {
    const key = keyOf('1001', 'sticker:DIGEST');
    assert.equal(fromRecord(key, { ...RECORD, key, type: 'sticker' }), undefined);
  });

  it('may hold more than we know of', () => {
    assert.equal(fromRecord(KEY, { ...RECORD, note: 'mine' })?.id, '11');
  });

  it('may hold odd bytes, which count as unknown', () => {
    for (const bytes of ['100', -1, 0.5, 1e300, null]) {
      assert.equal(fromRecord(KEY, { ...RECORD, bytes })?.bytes, undefined);
    }
    assert.equal(fromRecord(KEY, { ...RECORD, bytes: 0 })?.bytes, 0);
  });

  const junk: [what: string, value: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['text', '11'],
    ['a number', 11],
    ['a list', []],
    ['an empty object', {}],
    ['no version', { ...RECORD, v: undefined }],
    ['another version', { ...RECORD, v: 1 }],
    ['a version that is text', { ...RECORD, v: '2' }],
    ['no ID', { ...RECORD, id: undefined }],
    ['an empty ID', { ...RECORD, id: '' }],
    ['an ID that is a number', { ...RECORD, id: 11 }],
    ['no time', { ...RECORD, uploadedAt: undefined }],
    ['a time that is text', { ...RECORD, uploadedAt: '2026-01-01' }],
    ['a time that is no number', { ...RECORD, uploadedAt: NaN }],
    ['an endless time', { ...RECORD, uploadedAt: Infinity }],
    ['a time at the end of all times', { ...RECORD, uploadedAt: 1e300 }],
    ['a time before 1970', { ...RECORD, uploadedAt: -1 }],
    ['a time between milliseconds', { ...RECORD, uploadedAt: RECORD.uploadedAt + 0.5 }],
    ['no page', { ...RECORD, page: undefined }],
    ['a page that is a number', { ...RECORD, page: 1001 }],
    ['no type', { ...RECORD, type: undefined }],
    ['a type that is a number', { ...RECORD, type: 1 }],
    ['no asset', { ...RECORD, asset: undefined }],
    ['an asset that is an object', { ...RECORD, asset: {} }],
  ];
  for (const [what, value] of junk) {
    it(`counts as none with ${what}`, () => {
      assert.equal(fromRecord(KEY, value), undefined);
    });
  }

  const keys: [what: string, key: string][] = [
    ["another page's", keyOf('1002', 'image:DIGEST')],
    ['a page’s whose ID begins alike', keyOf('10011', 'image:DIGEST')],
    ["another type's", keyOf('1001', 'video:DIGEST')],
    ["a type's whose name begins alike", keyOf('1001', 'images:DIGEST')],
    ["another version's", KEY.replace(':2:', ':1:')],
    ['nobody’s', ''],
    ['a longer one', `mine:${KEY}`],
  ];
  for (const [what, key] of keys) {
    it(`counts as none under a key that is ${what}`, () => {
      assert.equal(fromRecord(key, { ...RECORD, key }), undefined);
    });
  }

  it('counts as none under a key that is another asset’s of its page and type', () => {
    assert.equal(fromRecord(keyOf('1001', 'image:OTHER'), RECORD), undefined);
  });

  it('counts as none with a type that is a number, though the key has the same', () => {
    const key = keyOf('1001', '1:DIGEST');
    assert.equal(fromRecord(key, { ...RECORD, key, type: 1 }), undefined);
  });

  it('counts under every key of its page and type', () => {
    const key = keyOf('1001', 'image:url:OTHER');
    assert.equal(fromRecord(key, { ...RECORD, key })?.id, '11');
  });
});
