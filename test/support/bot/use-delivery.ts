import sinon from 'sinon';
import { Agent, type Dispatcher } from 'undici';
import type { Simulator } from 'messenger-platform-simulator';
import { AssetIds } from '../../../src/delivery/asset-ids';
import { IdCache } from '../../../src/cache/id-cache';
import { IdStore } from '../../../src/cache/id-store';
import type { KeyvStorageLike } from '../../../src/cache/keyv-client';
import { Deadline } from '../../../src/delivery/deadline';
import { Delivery } from '../../../src/delivery/delivery';
import type { OutgoingMessage } from '../../../src/delivery/outgoing-call';
import { GraphClient } from '../../../src/graph/client';
import { Connections } from '../../../src/graph/connections';
import { findAttachmentSlots } from '../../../src/message/attachment-slots';
import { Sources } from '../../../src/source/sources';
import { Fleet } from '../../../src/delivery/fleet';
import { Uploads } from '../../../src/delivery/uploads';
import { recordEvents } from '../checks/event-recorder';
import { ASSETS, readAsset } from '../files/assets';
import { PAGE } from '../platform/pages';
import { useSimulator, type SimulatorFixture } from './use-simulator';

/** A picture, as a message holds it. */
export const TOM = { type: 'image', payload: { url: 'cats/tom.jpg' } };

/** What its record keeps, and every event tells. */
export const TOM_ASSET = {
  page: PAGE.id,
  type: 'image',
  asset: 'image "cats/tom.jpg"',
  bytes: readAsset('cats/tom.jpg').length,
} as const;

/** What every event about a message with it tells. */
export const ABOUT_TOM = { ...TOM_ASSET, recipient: { id: '7001' } } as const;

/** The platform is busy: an upload may be tried again. */
export const BUSY = { error: { code: 2 } };

export interface DeliverySetting {
  readonly root?: string;
  readonly save?: 'upload' | 'send';
  readonly attempts?: number;
  /** What several processes share. */
  readonly records?: KeyvStorageLike;
  readonly dispatcher?: Dispatcher;
  readonly refreshAhead?: number;
}

export interface OpenedDelivery {
  readonly delivery: Delivery;
  readonly cache: IdCache;
  readonly ids: AssetIds;
  readonly reports: ReturnType<typeof recordEvents>;
  /** A message with an attachment, to `user`, from the page that `page` names; undefined: nobody says which. */
  readonly messageWith: (
    attachment: unknown,
    to?: { user?: string; page?: string | undefined; path?: string },
  ) => OutgoingMessage;
  readonly send: (...args: Parameters<OpenedDelivery['messageWith']>) => ReturnType<Delivery['send']>;
  readonly close: () => Promise<void>;
}

const DAY = 24 * 60 * 60 * 1000;

/** A Delivery and what it needs, for the simulator, without Botkit. */
function openDelivery(sim: Simulator, setting: DeliverySetting = {}): OpenedDelivery {
  const { root = ASSETS, save = 'upload', attempts = 3, records, refreshAhead = 0 } = setting;
  const agent = new Agent({ connect: { ca: sim.ca } });
  const reports = recordEvents();
  const { report } = reports;
  const store = new IdStore({
    store: records ?? new Map(),
    ttl: 89 * DAY,
    timeout: 500,
    maxUnsaved: 100,
    onError: (error) => {
      report('error', error);
    },
  });
  const cache = new IdCache({ store, ttl: 89 * DAY, refreshAhead, memory: 100 });
  const uploads = new Uploads({ concurrency: 4, attempts, report, fleet: new Fleet(cache) });
  const ids = new AssetIds({ cache, uploads, report });
  const sources = new Sources({ root, cacheKey: (url) => url.href });
  const delivery = new Delivery({ sources, ids, save, typing: false, concurrency: 4, report });
  const account = { host: sim.host, version: 'v25.0', token: PAGE.token, secret: PAGE.secret };
  const client = new GraphClient(account, new Connections(setting.dispatcher ?? agent));
  const messageWith: OpenedDelivery['messageWith'] = (attachment, to = {}) => {
    const { user = '7001', page, path = '/me/messages' } = { page: PAGE.id, ...to };
    const params = { recipient: { id: user }, message: { text: '', attachment } };
    const slots = findAttachmentSlots(params);
    if (!slots) throw new Error('Expected an attachment that needs an ID');
    return { client, page, path, params, slots, deadline: new Deadline(10_000) };
  };
  return {
    delivery,
    cache,
    ids,
    reports,
    messageWith,
    send: (...args) => delivery.send(messageWith(...args)),
    close: async () => {
      await ids.idle();
      await store.close();
      await agent.close();
    },
  };
}

/** For a `describe`: `useSimulator`, short pauses between attempts, and as many deliveries as a test opens. */
export function useDelivery(): Pick<SimulatorFixture, 'sim' | 'closeAfterTest'> & {
  readonly open: (setting?: DeliverySetting) => OpenedDelivery;
  /** The one ID that the platform has given. */
  readonly onlyId: () => string;
} {
  const platform = useSimulator();
  beforeEach(() => {
    // How long they are is tested with `retry`.
    sinon.stub(Math, 'random').returns(0.01);
  });
  afterEach(() => {
    sinon.restore();
  });
  return {
    get sim() {
      return platform.sim;
    },
    closeAfterTest: (thing) => platform.closeAfterTest(thing),
    open: (setting) => platform.closeAfterTest(openDelivery(platform.sim, setting)),
    onlyId: () => {
      const [only, ...more] = platform.sim.assets();
      if (only && more.length === 0) return only.id;
      throw new Error(`Expected one ID, got ${platform.sim.assets().length}`);
    },
  };
}
