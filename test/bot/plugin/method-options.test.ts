import assert from 'node:assert/strict';
import { image } from '../../../src/message/builders';
import { useSimulator } from '../../support/bot/use-simulator';
import { PAGE } from '../../support/platform/pages';
import { calls } from '../../support/platform/received';
import type { PageClient, SendOptions } from '../../../src/adapter/connect';
import type { WarmAsset, WarmOptions } from '../../../src/delivery/warm';
import type { FacebookAttachmentCache } from '../../../src/plugin';

const TOM = image('cats/tom.jpg');

/** A call as JavaScript can write it. */
type Call = (target: {
  readonly plugin: FacebookAttachmentCache;
  readonly page: PageClient;
}) => Promise<unknown>;

const warm =
  (options: unknown): Call =>
  ({ plugin }) =>
    plugin.warm([TOM], options as WarmOptions);
const warmPage =
  (options: unknown): Call =>
  ({ page }) =>
    page.warm([TOM], options as WarmOptions);
const list =
  (options: unknown): Call =>
  ({ plugin }) =>
    plugin.list(options as { page: string });
const listPage =
  (...options: unknown[]): Call =>
  ({ page }) =>
    page.list(...(options as []));
const forget =
  (options: unknown): Call =>
  ({ plugin }) =>
    plugin.forget(TOM, options as { page: string });
const forgetPage =
  (...options: unknown[]): Call =>
  ({ page }) =>
    page.forget(TOM, ...(options as []));
const send =
  (options: unknown): Call =>
  ({ page }) =>
    page.send('7001', TOM, options as SendOptions);

const INVALID = 'ERR_OPTION_INVALID';
const UNKNOWN = 'ERR_OPTION_UNKNOWN';
const ARGUMENT = 'ERR_ARGUMENT_INVALID';

const id = (got: string): string => `Expected \`page\` to be the ID of a page as a string, got ${got}`;
const whole = (got: string): string => `Expected \`concurrency\` to be a whole number from 1, got ${got}`;
const signal = (got: string): string => `Expected \`signal\` to be an AbortSignal, got ${got}`;
const record = (got: string): string => `Expected \`options\` to be an object, got ${got}`;
const names = (method: string, known: string, got: string): string =>
  `Expected each option of \`${method}\` to be one of ${known}, got ${got}`;
const none = (method: string, got: string): string =>
  `Expected no option of \`${method}\`, got \`${got}\`: the access token determines the page`;
const ALL = 'page, concurrency, onProgress, signal, dryRun';
const ALL_OF_PAGE = 'concurrency, onProgress, signal, dryRun';

const BAD: [what: string, call: Call, code: string, message: string, name?: 'RangeError'][] = [
  ['warm', warm({ dryrun: true }), UNKNOWN, names('warm', ALL, '`dryrun`; did you mean "dryRun"?')],
  ['warm', warm(null), INVALID, record('null')],
  ['warm', warm({ page: 1001 }), INVALID, id('1001')],
  ['warm', warm({ page: '' }), INVALID, id('""')],
  ['warm', warm({ concurrency: 0 }), INVALID, whole('0'), 'RangeError'],
  ['warm', warm({ concurrency: '4' }), INVALID, whole('"4"'), 'RangeError'],
  ['warm', warm({ onProgress: true }), INVALID, 'Expected `onProgress` to be a function, got true'],
  ['warm', warm({ signal: new AbortController() }), INVALID, signal('an object')],
  ['warm', warm({ dryRun: 'yes' }), INVALID, 'Expected `dryRun` to be a boolean, got "yes"'],
  [
    'warm of a page’s client',
    warmPage({ dryrun: true }),
    UNKNOWN,
    names('warm', ALL_OF_PAGE, '`dryrun`; did you mean "dryRun"?'),
  ],
  [
    'warm of a page’s client',
    warmPage({ page: PAGE.id }),
    UNKNOWN,
    names('warm', ALL_OF_PAGE, '`page`: the access token determines the page'),
  ],
  ['warm of a page’s client', warmPage({ concurrency: 0 }), INVALID, whole('0'), 'RangeError'],
  ['list', list({ pge: '1' }), UNKNOWN, names('list', 'page', '`pge`; did you mean "page"?')],
  ['list', list('1001'), INVALID, record('a string')],
  ['list', list({ page: 1001 }), INVALID, id('1001')],
  ['list of a page’s client', listPage({ page: PAGE.id }), UNKNOWN, none('list', 'page')],
  ['list of a page’s client', listPage('1001'), INVALID, record('a string')],
  ['forget', forget({ pge: '1' }), UNKNOWN, names('forget', 'page', '`pge`; did you mean "page"?')],
  ['forget', forget({ page: 1001 }), INVALID, id('1001')],
  ['forget', forget(0), INVALID, record('0')],
  ['forget of a page’s client', forgetPage({ page: PAGE.id }), UNKNOWN, none('forget', 'page')],
  ['send', send({ signal: {} }), INVALID, signal('an object')],
  ['send', send({ signal: null }), INVALID, signal('null')],
  ['send', send({ sginal: 1 }), UNKNOWN, names('send', 'signal', '`sginal`; did you mean "signal"?')],
  ['send', send(null), INVALID, record('null')],
];

const LIST = 'a list of attachments, messages, paths or web addresses';
const ONE = 'an attachment, a message, a path, a web address or an entry of `list`';
const assets =
  (value: unknown): Call =>
  ({ plugin }) =>
    plugin.warm(value as WarmAsset[]);
const assetsOfPage =
  (value: unknown): Call =>
  ({ page }) =>
    page.warm(value as WarmAsset[]);
const BAD_ASSETS: typeof BAD = [
  ['warm', assets(undefined), ARGUMENT, `Expected \`assets\` to be ${LIST}, got undefined`],
  ['warm', assets(TOM), ARGUMENT, `Expected \`assets\` to be ${LIST}, got an object`],
  [
    'warm of a page’s client',
    assetsOfPage(undefined),
    ARGUMENT,
    `Expected \`assets\` to be ${LIST}, got undefined`,
  ],
  [
    'forget',
    ({ plugin }) => plugin.forget(undefined as unknown as WarmAsset),
    ARGUMENT,
    `Expected \`asset\` to be ${ONE}, got undefined`,
  ],
  [
    'forget of a page’s client',
    ({ page }) => page.forget([TOM] as unknown as WarmAsset),
    ARGUMENT,
    `Expected \`asset\` to be ${ONE}, got an array`,
  ],
];

describe('a method rejects before anything is called or stored', () => {
  const platform = useSimulator();

  for (const [what, call, code, message, name = 'TypeError'] of [...BAD, ...BAD_ASSETS]) {
    it(`${what}: ${message}`, async () => {
      const store = new Map<string, unknown>();
      const { plugin } = await platform.openBotkit({ store });
      const page = plugin.connect({
        accessToken: PAGE.token,
        appSecret: PAGE.secret,
        apiHost: platform.sim.host,
      });
      await assert.rejects(call({ plugin, page }), { name, code, message });
      assert.deepEqual([calls(platform.sim), store.size], [[], 0]);
    });
  }

  it('but takes options that are undefined', async () => {
    const { plugin } = await platform.openBotkit();
    const page = plugin.connect({
      accessToken: PAGE.token,
      appSecret: PAGE.secret,
      apiHost: platform.sim.host,
    });
    const nothing = { concurrency: undefined, onProgress: undefined, signal: undefined, dryRun: undefined };
    const target = { plugin, page };
    for (const call of [
      warm({ ...nothing, page: undefined }),
      warmPage(nothing),
      list({ page: undefined }),
      listPage(undefined),
      forget({ page: undefined }),
      forgetPage({}),
      send({ signal: undefined }),
    ]) {
      await call(target);
    }
    assert.equal(plugin.stats.uploads, 2);
  });
});
