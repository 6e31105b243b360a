import { inTime } from '../../base/in-time';
import { SECOND } from '../../base/time';
import { FacebookAttachmentCache } from '../../plugin';
import { checkStore, isMissing, openStore, type OpenStore } from '../store';
import { UsageError } from '../command-options';
import { reasonOf } from '../printer';
import { failed, ok, skipped, warning, type Check } from './check';

export interface StoreCheckOptions {
  /** Undefined: none is named. */
  readonly store: string | undefined;
  readonly namespace: string | undefined;
  readonly folder: string;
}

const NAMES = ['store read', 'store write', 'store list'] as const;

const CURE = 'Check its address and its password, and that it runs and can be reached from here.';
const WRITE_CURE = 'Check that this user may write to it, and that it is not full.';

/** Milliseconds. */
const STORE_TIMEOUT = 5 * SECOND;
const CLOSE_TIMEOUT = 2 * SECOND;

/** The store of IDs: each of what a bot and this tool do with it. */
export async function checkStoreOf({ store: url, namespace, folder }: StoreCheckOptions): Promise<Check[]> {
  const [read, write, list] = NAMES;
  if (url === undefined) {
    const cure =
      'Set the bot’s store with --store or FACEBOOK_ATTACHMENTS_STORE. If the bot has none, add one.';
    return [
      warning(read, 'no store is given; with IDs in memory, a restart uploads everything again', cure),
      skipped(write, 'there is no store'),
      skipped(list, 'there is no store'),
    ];
  }
  if (isMissing({ url, folder })) {
    const cure =
      'Check the address. If it is right, the bot or `facebook-attachments warm` creates the store.';
    return [
      warning(read, `there is no store ${url} yet`, cure),
      skipped(write, 'there is no store'),
      skipped(list, 'there is no store'),
    ];
  }
  let store: OpenStore;
  try {
    store = openStore({ url, namespace, folder });
  } catch (error) {
    return unread(reasonOf(error).message, cureOf(error));
  }
  const forced = { isNeeded: false };
  const cut = (): void => {
    forced.isNeeded = true;
  };
  // A connection that breaks while nobody waits for it.
  process.on('uncaughtException', cut);
  try {
    const checks = await checkOpenStore(store);
    if (checks.some(({ outcome }) => outcome === 'failed')) cut();
    return checks;
  } finally {
    await inTime(store.close(forced.isNeeded), CLOSE_TIMEOUT).catch(() => undefined);
    process.off('uncaughtException', cut);
  }
}

async function checkOpenStore(store: OpenStore): Promise<Check[]> {
  const [read, write, list] = NAMES;
  try {
    await checkStore(store, { writes: false });
  } catch (error) {
    return unread(reasonOf(error).message, CURE);
  }
  return [
    ok(read, store.name),
    await attempt(write, WRITE_CURE, async () => {
      await checkStore(store, { writes: true });
      return 'a test record was written, read and deleted';
    }),
    await attempt(list, CURE, async () => {
      const cache = new FacebookAttachmentCache({ store: store.keyv, storeTimeout: STORE_TIMEOUT });
      try {
        return `${(await cache.list()).length} IDs`;
      } finally {
        await cache.close();
      }
    }),
  ];
}

async function attempt(name: string, cure: string, work: () => Promise<string>): Promise<Check> {
  try {
    return ok(name, await work());
  } catch (error) {
    return failed(name, reasonOf(error).message, cure);
  }
}

function unread(detail: string, cure: string): Check[] {
  const [read, write, list] = NAMES;
  const detailOfOthers = 'it cannot be read';
  return [failed(read, detail, cure), skipped(write, detailOfOthers), skipped(list, detailOfOthers)];
}

function cureOf(error: unknown): string {
  if (error instanceof UsageError) return 'Write it as a URL: facebook-attachments --help lists them.';
  const [, command] = /(npm install \S+)/.exec(reasonOf(error).message) ?? [];
  return command ?? CURE;
}
