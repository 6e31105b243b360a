import assert from 'node:assert/strict';
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Dispatcher } from 'undici';
import { startSimulator, type PageOptions, type Simulator } from 'messenger-platform-simulator';
import type { AttachmentCacheOptions } from '../../src';
import { openPlainAdapter, type PlainAdapter } from '../support/bot/plain-adapter';
import { ASSETS } from '../support/files/assets';
import { isReachable, type OpenStore, type Place, type StoreKind } from './kinds';

/** Names of the same picture, that a database may stumble over. */
export const NAMES = ['Katze 😺 ñ.png', `it's "quoted" \\ %_;--.png`, `${'long'.repeat(60)}.png`];

export const PICTURES = ['paw.png', 'blink.gif'];

const SOUND = 'lullaby.mp3';

/** Each test has a page to itself, whose ID stands in its keys, and in nobody else's. */
const RUN_ID = `${Date.now()}${process.pid}`;
const PAGES = Array.from({ length: 20 }, (_, index): PageOptions => ({
  id: `${RUN_ID}${index + 10}`,
  token: `TOKEN-${index}`,
  secret: 'SECRET-OF-THE-APP',
}));

interface Closable {
  close(): Promise<unknown>;
}

/** A store, the platform, and bots between them; the page is another one in each test. */
export interface StoreFixture {
  readonly sim: Simulator;
  readonly page: PageOptions;
  readonly place: Place;
  /** The folder of `PICTURES`, `NAMES` and a sound. */
  readonly root: string;
  /** For processes of its own: they trust the platform’s certificate. */
  readonly env: NodeJS.ProcessEnv;
  /** As a process that starts does. `at`: by another way. */
  readonly openStore: (at?: string) => OpenStore;
  readonly openBot: (options?: AttachmentCacheOptions) => PlainAdapter;
  /** Has it closed after the test. */
  readonly closeAfterTest: (thing: Closable) => void;
  /** Closes it before the test's end. */
  readonly close: (thing: Closable) => Promise<void>;
  /** How many messages a user got in this test. */
  readonly arrivals: (user: string) => number;
}

export type MakeDispatcher = (ca: string) => Dispatcher;

/** For the tests of a `describe`; skips them if there is no such store on this machine. */
export function useStore(kind: StoreKind, makeDispatcher?: MakeDispatcher): StoreFixture {
  const stores: OpenStore[] = [];
  const opened: Closable[] = [];
  let running: { sim: Simulator; root: string; place: Place } | undefined;
  let page: PageOptions | undefined;
  let pages = 0;

  const now = (): { sim: Simulator; root: string; place: Place; page: PageOptions } => {
    if (running && page) return { ...running, page };
    throw new Error('The store is open only during tests');
  };

  before(async function () {
    if (!(await isReachable(kind))) {
      assert.ok(!process.env.REQUIRE_STORES, 'REQUIRE_STORES is set, and nobody listens at its address');
      console.log(`    ${kind.name} is not reachable: its tests are skipped.`);
      this.skip();
    }
    const root = await mkdtemp(path.join(tmpdir(), 'stores-'));
    for (const name of [...PICTURES, SOUND]) await copyFile(path.join(ASSETS, name), path.join(root, name));
    for (const name of NAMES) await copyFile(path.join(ASSETS, 'paw.png'), path.join(root, name));
    const place = { kind: kind.name, at: kind.address ?? root, table: `fb_test_${RUN_ID}` };
    running = { sim: await startSimulator({ pages: PAGES, windows: 'open' }), root, place };
    await writeFile(certificateOf(root), running.sim.ca);
  });
  beforeEach(() => {
    page = PAGES[pages++];
    now().sim.reset();
  });
  afterEach(async () => {
    for (const thing of opened.splice(0).reverse()) await thing.close();
  });
  after(async () => {
    if (!running) return;
    const { sim, root, place } = running;
    // In PostgreSQL's and MySQL's adapters, all of a process have one pool, which ends once.
    await Promise.allSettled(stores.map((store) => store.close()));
    await kind.clean(place, RUN_ID);
    await sim.close();
    for (const made of [root, certificateOf(root)]) await rm(made, { recursive: true, force: true });
  });

  const openStore = (at = now().place.at): OpenStore => {
    const store = kind.open({ ...now().place, at });
    stores.push(store);
    return store;
  };
  return {
    get sim() {
      return now().sim;
    },
    get page() {
      return now().page;
    },
    get place() {
      return now().place;
    },
    get root() {
      return now().root;
    },
    get env() {
      return { NODE_EXTRA_CA_CERTS: certificateOf(now().root) };
    },
    openStore,
    openBot: (options = {}) => {
      const { sim, root, page } = now();
      const own = makeDispatcher?.(sim.ca);
      if (own) opened.push(own);
      const store = options.store ?? botStore(openStore());
      const bot = openPlainAdapter(sim, { root, page, ...(own && { dispatcher: own }), ...options, store });
      opened.push(bot);
      return bot;
    },
    closeAfterTest: (thing) => {
      opened.push(thing);
    },
    close: async (thing) => {
      opened.splice(opened.indexOf(thing), 1);
      await thing.close();
    },
    arrivals: (user) => now().sim.thread(now().page.id, user).messages.length,
  };
}

/** Beside the folder, so that it is none of its files. */
function certificateOf(root: string): string {
  return `${root}.pem`;
}

/** What a bot is given. */
export function botStore({ adapter, keyv }: OpenStore): NonNullable<AttachmentCacheOptions['store']> {
  return keyv ?? adapter;
}
