import assert from 'node:assert/strict';
import path from 'node:path';
import fs from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import Keyv from 'keyv';
import { Agent, MockAgent } from 'undici';
import { readOptions, type AttachmentCacheOptions } from '../../src/options';
import { useFolder } from '../support/files/folder';

const DAY = 86_400_000;
const FETCH_FROM = {
  origins: ['https://cdn.example.com', 'http://localhost:8080'],
  when: 'refused',
} as const;

/** As JavaScript may call it. */
const read = (options: unknown): ReturnType<typeof readOptions> =>
  readOptions(options as AttachmentCacheOptions);

describe('readOptions', () => {
  const folder = useFolder();

  it('take a number or a word for the version of a conversion', () => {
    for (const version of [0, 2, 'webp-1']) {
      assert.equal(read({ prepare: { version, convert: () => undefined } }).prepare?.version, version);
    }
  });

  it('fetch always, or where Facebook could not', () => {
    for (const when of ['always', 'refused'] as const) {
      assert.equal(read({ fetchFrom: { ...FETCH_FROM, when } }).fetchFrom?.when, when);
    }
  });

  describe('defaults', () => {
    for (const options of [undefined, {}, { ttl: undefined, uploads: undefined }, { uploads: {} }]) {
      it(`come with ${options ? inspect(options) : 'nothing'}`, () => {
        const { cacheKey, ...settings } = read(options);
        assert.deepEqual(settings, {
          store: undefined,
          root: undefined,
          ttl: 89 * DAY,
          refreshAhead: 7 * DAY,
          save: 'upload',
          strict: false,
          typing: false,
          uploadWait: 10_000,
          storeTimeout: 500,
          uploads: { concurrency: 4, attempts: 3 },
          fetchFrom: undefined,
          prepare: undefined,
          dispatcher: undefined,
          memory: 10_000,
        });
        assert.equal(cacheKey(new URL('https://example.com/a?b#c')), 'https://example.com/a?b#c');
      });
    }

    const aheads: [ttl: number, refreshAhead: number][] = [
      [90 * DAY, 7 * DAY],
      [71 * DAY, 7 * DAY],
      [70 * DAY, 7 * DAY],
      [69 * DAY, 6.9 * DAY],
      [10, 1],
    ];
    for (const [ttl, refreshAhead] of aheads) {
      it(`renew ${refreshAhead / DAY} days ahead with a ttl of ${ttl / DAY} days`, () => {
        assert.equal(read({ ttl }).refreshAhead, refreshAhead);
      });
    }

    it('fill up uploads', () => {
      assert.deepEqual(read({ uploads: { concurrency: 1 } }).uploads, { concurrency: 1, attempts: 3 });
      assert.deepEqual(read({ uploads: { attempts: 1 } }).uploads, { concurrency: 4, attempts: 1 });
    });
  });

  it('takes every option as it is', async () => {
    const options: AttachmentCacheOptions = {
      store: new Keyv(),
      root: folder.path,
      ttl: 60 * DAY,
      refreshAhead: 0,
      save: 'send',
      strict: true,
      typing: true,
      uploadWait: 1,
      storeTimeout: 1,
      uploads: { concurrency: 1, attempts: 1 },
      cacheKey: (url) => url.pathname,
      fetchFrom: FETCH_FROM,
      prepare: { version: 1, convert: () => undefined },
      dispatcher: new Agent(),
      memory: 1,
    };
    assert.deepEqual(read(options), { ...options, fetchFrom: FETCH_FROM });
    await options.dispatcher?.close();
  });

  const stores: [what: string, store: unknown][] = [
    ['a Keyv', new Keyv()],
    ['a Map', new Map()],
    [
      'anything with get, set, delete and clear',
      { get: () => 1, set: () => 1, delete: () => 1, clear: () => 1 },
    ],
  ];
  for (const [what, store] of stores) {
    it(`takes ${what} for a store`, () => {
      assert.equal(read({ store }).store, store);
    });
  }

  it('takes origins alone, with a slash or without, and in any case', () => {
    assert.deepEqual(
      read({ fetchFrom: ['https://CDN.example.com/', 'https://other.example:443'] }).fetchFrom,
      {
        origins: ['https://cdn.example.com', 'https://other.example'],
        when: 'always',
      },
    );
  });

  it('takes a file: URL for the path of a folder', () => {
    assert.equal(read({ root: pathToFileURL(folder.path) }).root, folder.path);
  });

  it('takes any Dispatcher, and a folder by a symlink', async () => {
    const dispatcher = new MockAgent();
    assert.equal(read({ dispatcher }).dispatcher, dispatcher);
    await dispatcher.close();
    await fs.symlink(folder.path, folder.at('link'));
    assert.equal(read({ root: folder.at('link') }).root, folder.at('link'));
  });

  const bounds: [options: AttachmentCacheOptions, what: string][] = [
    [{ ttl: 1 }, 'a ttl of 1'],
    [{ ttl: 0.5 }, 'a ttl of half a millisecond'],
    [{ ttl: 90 * DAY }, 'a ttl of 90 days'],
    [{ ttl: 5, refreshAhead: 5 }, 'a refreshAhead as long as the ttl'],
    [{ memory: 10_000_000 }, 'a memory of 10 million IDs'],
    [{ storeTimeout: 2 ** 31 - 1 }, 'the longest storeTimeout that a timer takes'],
  ];
  for (const [options, what] of bounds) {
    it(`allows ${what}`, () => {
      assert.doesNotThrow(() => readOptions(options));
    });
  }

  describe('what is refused', () => {
    const names =
      'store, root, ttl, refreshAhead, save, strict, uploadWait, typing, storeTimeout, uploads, cacheKey, fetchFrom, prepare, dispatcher, memory';
    const ttl = (got: string): string =>
      `Expected \`ttl\` to be a number of milliseconds over 0 and up to 7776000000, got ${got}`;
    const storeTimeout = (got: string): string =>
      `Expected \`storeTimeout\` to be a number of milliseconds over 0 and up to 2147483647, got ${got}`;
    const whole = (name: string, got: string): string =>
      `Expected \`${name}\` to be a whole number from 1, got ${got}`;
    const memory = (got: string): string =>
      `Expected \`memory\` to be a whole number from 1 to 10000000, got ${got}`;
    const save = (got: string): string => `Expected \`save\` to be 'upload' or 'send', got ${got}`;
    const root = (got: string): string => `Expected \`root\` to be the path of a folder, got ${got}`;
    const store = (got: string): string =>
      `Expected \`store\` to be a Keyv or a Keyv storage adapter, got ${got}`;
    const dispatcher = (got: string): string =>
      `Expected \`dispatcher\` to be an undici Dispatcher, got ${got}`;
    const noop = (): undefined => undefined;
    const inQuotes = (value: string): string => JSON.stringify(value);

    const list = (name: string, got: string): string =>
      `Expected \`${name}\` to be a list of origins such as ['https://cdn.example.com'], got ${got}`;
    const origin = (name: string, got: string): string =>
      `Expected \`${name}\` to be an origin such as https://cdn.example.com, got ${got}`;
    const CDN = 'https://cdn.example.com';
    const origins: [entry: unknown, got: string][] = [
      [`${CDN}/cats`, `"${CDN}/cats": leave out everything after the host and the port`],
      [`${CDN}/?a=b`, `"${CDN}/": leave out everything after the host and the port`],
      ['https://tom:hunter2@cdn.example.com', `"${CDN}": leave out the user and the password`],
      ['https://tom@cdn.example.com', `"${CDN}": leave out the user and the password`],
      ['https://:hunter2@cdn.example.com', `"${CDN}": leave out the user and the password`],
      ['cdn.example.com', 'a string: an origin begins with https:// (or http://)'],
      ['tom:hunter2@cdn.example.com', 'a string: an origin begins with https:// (or http://)'],
      ['ftp://cdn.example.com', 'a string: an origin begins with https:// (or http://)'],
      ['*', 'a string: an origin begins with https:// (or http://)'],
      ['https://*.example.com', '"https://*.example.com": there are no wildcards, so list each origin'],
      ['https://', '"https://": it is not a valid address'],
      ['', '"": an origin begins with https:// (or http://)'],
      [5, '5'],
    ];
    const bad: [options: unknown, message: string, kind?: 'RangeError'][] = [
      [null, 'Expected `options` to be an object, got null'],
      [[], 'Expected `options` to be an object, got an array'],
      ['assets', 'Expected `options` to be an object, got a string'],
      [{ rot: 'assets' }, `Expected each option to be one of ${names}, got \`rot\`; did you mean "root"?`],
      [{ TTL: 1 }, `Expected each option to be one of ${names}, got \`TTL\`; did you mean "ttl"?`],
      [{ folder: 'assets' }, `Expected each option to be one of ${names}, got \`folder\``],
      ...origins.map(([entry, got]): [unknown, string] => [
        { fetchFrom: [CDN, entry] },
        origin('fetchFrom[1]', got),
      ]),
      [
        { fetchFrom: { origins: ['ftp'] } },
        origin('fetchFrom.origins[0]', 'a string: an origin begins with https:// (or http://)'),
      ],
      [{ fetchFrom: CDN }, list('fetchFrom', 'a string: put brackets around it, also if it is only one')],
      [
        { fetchFrom: { origins: CDN } },
        list('fetchFrom.origins', 'a string: put brackets around it, also if it is only one'),
      ],
      [{ fetchFrom: {} }, list('fetchFrom.origins', 'undefined')],
      [{ fetchFrom: true }, 'Expected `fetchFrom` to be an object, got true'],
      [
        { fetchFrom: { origins: [], when: 'never' } },
        "Expected `fetchFrom.when` to be 'always' or 'refused', got \"never\"",
      ],
      [
        { fetchFrom: { origins: [], hosts: [] } },
        'Expected each option of `fetchFrom` to be one of origins, when, got `hosts`',
      ],
      [{ prepare: () => undefined }, 'Expected `prepare` to be an object, got a function'],
      [
        { prepare: { convert: () => undefined } },
        'Expected `prepare.version` to be a number or a string that is not empty, got undefined',
      ],
      [
        { prepare: { version: '', convert: () => undefined } },
        'Expected `prepare.version` to be a number or a string that is not empty, got ""',
      ],
      [{ prepare: { version: 1 } }, 'Expected `prepare.convert` to be a function, got undefined'],
      [{ ttl: -1 }, ttl('-1'), 'RangeError'],
      [{ ttl: 0 }, ttl('0'), 'RangeError'],
      [{ ttl: 90 * DAY + 1 }, ttl('7776000001'), 'RangeError'],
      [{ ttl: Infinity }, ttl('Infinity'), 'RangeError'],
      [{ ttl: NaN }, ttl('NaN'), 'RangeError'],
      [{ ttl: '89 days' }, ttl('"89 days"'), 'RangeError'],
      [{ ttl: null }, ttl('null'), 'RangeError'],
      [{ ttl: 5n }, ttl('5'), 'RangeError'],
      [
        { refreshAhead: -1 },
        'Expected `refreshAhead` to be a number of milliseconds from 0 and up to 7689600000, got -1',
        'RangeError',
      ],
      [
        { ttl: 5, refreshAhead: 6 },
        'Expected `refreshAhead` to be a number of milliseconds from 0 and up to 5, got 6',
        'RangeError',
      ],
      [{ uploadWait: 0 }, storeTimeout('0').replace('storeTimeout', 'uploadWait'), 'RangeError'],
      [{ storeTimeout: 0 }, storeTimeout('0'), 'RangeError'],
      [{ storeTimeout: 2 ** 31 }, storeTimeout('2147483648'), 'RangeError'],
      [{ storeTimeout: true }, storeTimeout('true'), 'RangeError'],
      [{ memory: 0 }, memory('0'), 'RangeError'],
      [{ memory: 1.5 }, memory('1.5'), 'RangeError'],
      [{ memory: 10_000_001 }, memory('10000001'), 'RangeError'],
      [{ memory: 5e9 }, memory('5000000000'), 'RangeError'],
      [{ memory: 2 ** 53 }, memory('9007199254740992'), 'RangeError'],
      [{ memory: '10' }, memory('"10"'), 'RangeError'],
      [{ uploads: { concurrency: 0 } }, whole('uploads.concurrency', '0'), 'RangeError'],
      [{ uploads: { attempts: 0 } }, whole('uploads.attempts', '0'), 'RangeError'],
      [{ uploads: { attempts: noop } }, whole('uploads.attempts', 'a function'), 'RangeError'],
      [
        { uploads: { retries: 3 } },
        'Expected each option of `uploads` to be one of concurrency, attempts, got `retries`',
      ],
      [{ uploads: 3 }, 'Expected `uploads` to be an object, got 3'],
      [{ uploads: null }, 'Expected `uploads` to be an object, got null'],
      [{ save: 'later' }, save('"later"')],
      [{ save: true }, save('true')],
      [{ strict: 'yes' }, 'Expected `strict` to be a boolean, got "yes"'],
      [{ strict: 1 }, 'Expected `strict` to be a boolean, got 1'],
      [{ cacheKey: 'url' }, 'Expected `cacheKey` to be a function, got "url"'],
      [{ cacheKey: null }, 'Expected `cacheKey` to be a function, got null'],
      [{ dispatcher: {} }, dispatcher('an object')],
      [{ dispatcher: { dispatch: noop } }, dispatcher('an object')],
      [{ dispatcher: { request: noop } }, dispatcher('an object')],
      [{ dispatcher: noop }, dispatcher('a function')],
      [{ store: {} }, store('an object')],
      [{ store: { get: noop, set: noop, delete: noop } }, store('an object')],
      [{ store: { get: noop, set: noop, clear: noop } }, store('an object')],
      [{ store: { get: noop, delete: noop, clear: noop } }, store('an object')],
      [{ store: { set: noop, delete: noop, clear: noop } }, store('an object')],
      [{ store: [] }, store('an array')],
      [{ store: null }, store('null')],
      [{ root: '' }, root('""')],
      [{ root: 7 }, root('7')],
      [{ root: null }, root('null')],
      [
        { root: new URL('https://example.com/assets') },
        root('an object: only a file: URL of this machine names a folder'),
      ],
      [{ root: 'file:///assets' }, root('"file:///assets": a file: URL has to be a URL object: new URL(…)')],
      [
        { root: new URL('file:///no/such/folder') },
        root('"/no/such/folder": there is no folder "/no/such/folder"'),
      ],
      [{ root: '/no/such/folder' }, root('"/no/such/folder": there is no folder "/no/such/folder"')],
      [
        { root: 'no/such/folder' },
        root(
          `"no/such/folder": there is no folder ${JSON.stringify(path.resolve('no/such/folder'))}; a relative path is resolved from the folder in which the process was started`,
        ),
      ],
      [{ root: __filename }, root(`${inQuotes(__filename)}: ${inQuotes(__filename)} is not a folder`)],
      [
        { root: `${__filename}/assets` },
        root(`${inQuotes(`${__filename}/assets`)}: there is no folder ${inQuotes(`${__filename}/assets`)}`),
      ],
      [{ root: '/assets\0' }, root('"/assets\\u0000": there is no folder "/assets\\u0000"')],
    ];
    for (const [options, message, kind = 'TypeError'] of bad) {
      it(message, () => {
        const code = message.startsWith('Expected each') ? 'ERR_OPTION_UNKNOWN' : 'ERR_OPTION_INVALID';
        assert.throws(() => read(options), { name: kind, code, message });
      });
    }

    it('a root that cannot be looked at', async () => {
      await fs.symlink('loop', folder.at('loop'));
      assert.throws(() => read({ root: folder.at('loop') }), {
        name: 'TypeError',
        message: root(`${inQuotes(folder.at('loop'))}: there is no folder ${inQuotes(folder.at('loop'))}`),
      });
    });

    const secrets = ['redis://bot:hunter2@cache.example.com:6379', 'http://bot:hunter2@proxy.example.com'];
    for (const secret of secrets) {
      it(`shows no password when ${new URL(secret).protocol} stands where a store or a dispatcher should`, () => {
        assert.throws(() => read({ store: secret }), { name: 'TypeError', message: store('a string') });
        assert.throws(() => read({ dispatcher: secret }), {
          name: 'TypeError',
          message: dispatcher('a string'),
        });
      });
    }
  });
});
