import assert from 'node:assert/strict';
import { identifyAddress, WebAddresses, type CacheKey } from '../../../src/source/web-address';
import { addressKey } from '../../../src/source/asset-key';
import { expectedAttachmentError } from '../../support/checks/sample-errors';
import { contentOf, factsOf } from '../../support/files/asset-content';

const whole: CacheKey = (url) => url.href;

describe('identifyAddress', () => {
  it('makes an asset of an address, and fetches nothing', async () => {
    const address = 'https://tom:secret@nowhere.invalid:8443/cats/tom.png?sig=S#top';
    const asset = identifyAddress('image', address, whole);
    assert.deepEqual(factsOf(asset), {
      type: 'image',
      label: 'image https://nowhere.invalid:8443/cats/tom.png',
      key: addressKey('image', address),
      bytes: undefined,
    });
    assert.deepEqual(await contentOf(asset), { url: address });
  });

  it('takes two spellings of an address for one asset', () => {
    const one = identifyAddress('image', 'https://EXAMPLE.com:443/a/../tom.png', whole);
    const other = identifyAddress('image', 'https://example.com/tom.png', whole);
    assert.equal(one.key, other.key);
  });

  it('gives Facebook the address as the author wrote it', async () => {
    const asset = identifyAddress('image', 'https://EXAMPLE.com/a b.png', whole);
    assert.deepEqual(await contentOf(asset), {
      url: 'https://EXAMPLE.com/a b.png',
    });
  });

  it('has the author say what makes two addresses the same', () => {
    const withoutQuery: CacheKey = (url) => url.origin + url.pathname;
    const one = identifyAddress('image', 'https://example.com/tom.png?sig=1', withoutQuery);
    const other = identifyAddress('image', 'https://example.com/tom.png?sig=2', withoutQuery);
    assert.equal(one.key, addressKey('image', 'https://example.com/tom.png'));
    assert.equal(other.key, one.key);
    const third = identifyAddress('image', 'https://example.com/tom.png?sig=1', whole);
    assert.notEqual(third.key, one.key);
  });

  it('takes an address for another asset in an attachment of another type', () => {
    const address = 'https://example.com/tom';
    assert.notEqual(
      identifyAddress('image', address, whole).key,
      identifyAddress('file', address, whole).key,
    );
  });

  it('is uploaded in the same way only by the very same address', () => {
    const attemptOf = (address: string): string => identifyAddress('image', address, () => 'tom').attempt;
    assert.match(attemptOf('https://example.com/tom.png?sig=1'), /^[\w-]{43}$/);
    assert.equal(
      attemptOf('https://example.com/tom.png?sig=1'),
      attemptOf('https://example.com/tom.png?sig=1'),
    );
    assert.notEqual(
      attemptOf('https://example.com/tom.png?sig=1'),
      attemptOf('https://example.com/tom.png?sig=2'),
    );
  });

  it('can be built again from its address', () => {
    assert.deepEqual(identifyAddress('image', 'https://EXAMPLE.com/tom.png', whole).source, {
      url: 'https://example.com/tom.png',
    });
  });

  const secrets = {
    'a query': 'https://example.com/tom.png?sig=S',
    'a user': 'https://tom@example.com/tom.png',
    'a password': 'https://:secret@example.com/tom.png',
    'a fragment': 'https://example.com/tom.png#secret',
  };
  for (const [what, address] of Object.entries(secrets)) {
    it(`cannot be built again from an address with ${what}, which may be secret`, () => {
      assert.equal(identifyAddress('image', address, whole).source, undefined);
      const strip: CacheKey = (url) => {
        [url.search, url.username, url.password, url.hash] = ['', '', '', ''];
        return url.href;
      };
      assert.equal(identifyAddress('image', address, strip).source, undefined);
    });
  }

  for (const address of ['https://', 'http:///', 'https://exa mple.com/', 'https://example.com:99999/']) {
    it(`refuses ${address}`, () => {
      assert.throws(
        () => identifyAddress('image', address, whole),
        expectedAttachmentError(
          'ERR_ATTACHMENT_BAD_SOURCE',
          'image from a web address',
          'its `url` is not valid',
        ),
      );
    });
  }

  const bad: [what: string, cacheKey: () => unknown][] = [
    [
      'throws',
      () => {
        throw new Error('Bad https://example.com/tom.png?sig=S');
      },
    ],
    ['gives nothing', () => undefined],
    ['gives an empty text', () => ''],
    ['gives a number', () => 7],
    ['gives a promise', () => Promise.resolve('key')],
  ];
  for (const [what, cacheKey] of bad) {
    it(`refuses a cacheKey that ${what}, without a word of the address's secrets`, () => {
      assert.throws(
        () => identifyAddress('image', 'https://example.com/tom.png?sig=S', cacheKey as CacheKey),
        expectedAttachmentError(
          'ERR_ATTACHMENT_BAD_SOURCE',
          'image https://example.com/tom.png',
          'the option `cacheKey` threw or did not return a string for this address',
        ),
      );
    });
  }
});

describe('WebAddresses', () => {
  it('remembers what an address stands for, by type, and asks cacheKey once', () => {
    const asked: string[] = [];
    const addresses = new WebAddresses(({ href }) => {
      asked.push(href);
      return href;
    });
    const asset = addresses.identify('image', 'https://example.com/tom.png');
    assert.equal(addresses.identify('image', 'https://example.com/tom.png'), asset);
    assert.deepEqual(asked, ['https://example.com/tom.png']);
    assert.equal(addresses.identify('file', 'https://example.com/tom.png').type, 'file');
    assert.notEqual(addresses.identify('image', 'https://example.com/tom.png?v=2').key, asset.key);
  });
});
