import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import path from 'node:path';
import { useFolder, type Folder } from '../../support/files/folder';
import { OutsidePlatform } from '../../support/platform/outside/platform';
import type { Counts } from '../../support/platform/outside/rules';
import type { SentMessage } from './bot';
import { MeasuredBot, type BotSettings } from './measured-bot';

export const MB = 1024 * 1024;

/** Milliseconds that a message waits for an ID, by default. */
const UPLOAD_WAIT = 10_000;

/** What the one-step send takes after that, on a busy machine. */
const GRACE = 5_000;

/** After this many milliseconds a test sees what is unfinished. */
export const LIMIT = 30_000;

/** What a bot may have open on default options, whatever it sends. */
export const DESCRIPTORS = 200;

/** What the first bytes of a file must be. */
const SIGNATURES = {
  '.png': Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  '.mp4': Buffer.from('000000186674797069736f6d0000020069736f6d69736f32', 'hex'),
};

export interface StartSettings extends BotSettings {
  /** Default: one page, by `access_token`. */
  readonly pages?: readonly string[];
  /** The module that is the plugin. Default: the source. */
  readonly plugin?: string;
}

/** The platform, a folder of assets, and bots: the same in each suite of bounds. */
export interface Bounds {
  readonly platform: OutsidePlatform;
  readonly root: Folder;
  /** A picture (`.png`) or a film (`.mp4`) of random bytes. Returns its name. */
  write(name: string, bytes: number): Promise<string>;
  /** Starts a bot with default options. It ends with the test. */
  start(settings?: StartSettings): Promise<MeasuredBot>;
}

/** For a suite: one platform for all its tests, new folders and bots for each. Skipped where there is no `/proc`. */
export function useBounds(): Bounds {
  let platform: OutsidePlatform | undefined;
  const root = useFolder();
  const bots: MeasuredBot[] = [];
  before(async function () {
    if (process.platform !== 'linux') this.skip();
    platform = await OutsidePlatform.start();
  });
  after(() => platform?.close());
  afterEach(async () => {
    await Promise.all(bots.splice(0).map((bot) => bot.stop()));
    await platform?.reset();
  });
  const started = (): OutsidePlatform => {
    assert.ok(platform, 'the platform has been started');
    return platform;
  };
  return {
    get platform() {
      return started();
    },
    root,
    write: async (name, bytes) => {
      const content = randomFillSync(Buffer.allocUnsafe(bytes));
      SIGNATURES[path.extname(name) as keyof typeof SIGNATURES].copy(content);
      await root.write(name, content);
      return name;
    },
    start: async ({ pages = ['1001'], plugin = path.join(__dirname, '../../../src'), ...settings } = {}) => {
      const { host, ca } = started();
      // Beside the root, so that no path can name it.
      const file = await root.write('../ca.pem', ca);
      const bot = await MeasuredBot.start({ plugin, host, root: root.path, pages }, file, settings);
      bots.push(bot);
      return bot;
    },
  };
}

/** Each of so many people has got one message, and their senders know. */
export function assertAllArrivedOnce(sent: readonly SentMessage[], counts: Counts): void {
  const expected = sent.reduce(
    (sum, { arrived, failed, unfinished }) => sum + arrived + failed + unfinished,
    0,
  );
  const sum = (field: 'failed' | 'unfinished'): number => sent.reduce((total, one) => total + one[field], 0);
  const { messages, recipients, most, wrongSize, nonsense } = counts;
  assert.deepEqual(
    {
      failed: sum('failed'),
      unfinished: sum('unfinished'),
      errors: [...new Set(sent.flatMap(({ errors }) => errors))],
      messages,
      recipients,
      most,
      wrongSize,
      nonsense,
    },
    {
      failed: 0,
      unfinished: 0,
      errors: [],
      messages: expected,
      recipients: expected,
      most: 1,
      wrongSize: 0,
      nonsense: [],
    },
  );
}

/** Fails if a number is beyond its bound, and says which. */
export function assertAtMost(what: string, value: number, bound: number): void {
  assert.ok(value <= bound, `${what}: ${value}, at most ${bound}`);
}

/** Prints what was measured if `SHOW_BOUNDS` is set, for a table of numbers. */
export function show(what: string, values: object): void {
  if (process.env.SHOW_BOUNDS) console.log(`${what}: ${JSON.stringify(values)}`);
}

/** Each message took no longer than a message waits for an ID, and then for its send in one step. */
export function assertWaitedAtMost(sent: readonly SentMessage[], limit = UPLOAD_WAIT + GRACE): void {
  for (const { longest } of sent) assertAtMost('ms that a message took', longest, limit);
}
