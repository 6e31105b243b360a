import assert from 'node:assert/strict';
import { fromRecord, keyOf, toRecord } from '../../../src/cache/saved-id';
import { addressKey, contentKey } from '../../../src/source/asset-key';
import { savedId } from '../../support/stores/saved-id';
import { sha256 } from '../../support/checks/sha256';

const KEY = keyOf('1001', 'image:DIGEST');

const RECORD = {
  v: 1,
  id: '11',
  uploadedAt: 1_767_225_600_000,
  page: '1001',
  type: 'image',
  asset: 'image "tom.png"',
  bytes: 100,
};

describe('keyOf', () => {
  it('is versioned, and of one page', () => {
    assert.equal(keyOf('1001', 'image:DIGEST'), 'fb-attachment:1:1001:image:DIGEST');
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
    const saved = savedId('11', { uploadedAt: RECORD.uploadedAt });
    assert.deepEqual(toRecord(saved), RECORD);
    assert.deepEqual(fromRecord(KEY, RECORD), saved);
  });

  it('has no bytes of a web address', () => {
    const saved = savedId('11', { bytes: undefined });
    assert.equal('bytes' in toRecord(saved), false);
    assert.deepEqual(fromRecord(KEY, JSON.parse(JSON.stringify(toRecord(saved)))), saved);
  });

  it('may hold more than we know of', () => {
    assert.equal(fromRecord(KEY, { ...RECORD, note: 'mine' })?.id, '11');
  });

  it('may hold odd bytes, which count as unknown', () => {
    assert.equal(fromRecord(KEY, { ...RECORD, bytes: '100' })?.bytes, undefined);
  });

  const junk: [what: string, value: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['text', '11'],
    ['a number', 11],
    ['a list', []],
    ['an empty object', {}],
    ['no version', { ...RECORD, v: undefined }],
    ['another version', { ...RECORD, v: 2 }],
    ['a version that is text', { ...RECORD, v: '1' }],
    ['no ID', { ...RECORD, id: undefined }],
    ['an empty ID', { ...RECORD, id: '' }],
    ['an ID that is a number', { ...RECORD, id: 11 }],
    ['no time', { ...RECORD, uploadedAt: undefined }],
    ['a time that is text', { ...RECORD, uploadedAt: '2026-01-01' }],
    ['a time that is no number', { ...RECORD, uploadedAt: NaN }],
    ['an endless time', { ...RECORD, uploadedAt: Infinity }],
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
    ["another version's", KEY.replace(':1:', ':2:')],
    ['nobody’s', ''],
    ['a longer one', `mine:${KEY}`],
  ];
  for (const [what, key] of keys) {
    it(`counts as none under a key that is ${what}`, () => {
      assert.equal(fromRecord(key, RECORD), undefined);
    });
  }

  it('counts as none with a type that is a number, though the key has the same', () => {
    assert.equal(fromRecord(keyOf('1001', '1:DIGEST'), { ...RECORD, type: 1 }), undefined);
  });

  it('counts under every key of its page and type', () => {
    assert.equal(fromRecord(keyOf('1001', 'image:url:OTHER'), RECORD)?.id, '11');
  });
});
