import type { Simulator } from 'messenger-platform-simulator';
import { image, type AttachmentCacheOptions, type KeyvStorageLike } from '../../../src';
import { openPlainAdapter } from '../../support/bot/plain-adapter';
import type { FaultyStore } from '../../support/stores/faulty-store';
import type { Bot, RunningBotkit } from '../../support/bot/botkit';

/** What a way starts from. */
export interface Setting {
  readonly sim: Simulator;
  readonly botkit: RunningBotkit;
  readonly store: FaultyStore;
  /** The store that is in use: `store`, or a real one. */
  readonly shared: KeyvStorageLike;
  /** What is sent: as it stands in `url`. */
  readonly source: string;
  /** The folder that `source` lies in. */
  readonly root: string;
}

/** A way for a message to go. */
export interface Way {
  readonly name: string;
  readonly options?: AttachmentCacheOptions;
  readonly from: 'file' | 'web';
  readonly message: (source: string) => object;
  readonly isTemplate?: true;
  /** Everything before the message in question. */
  readonly prepare?: (setting: Setting) => Promise<void>;
  /** How many sends of it the platform refuses for a dead ID, before the one that counts. */
  readonly refused: 0 | 1;
  /** The send that counts carries the content itself. */
  readonly inOneStep?: true;
  /**
   * `needed`: it uploads before it can send. `behind`: it uploads in the background. `none`: it has an ID, or the send
   * itself saves.
   */
  readonly upload: 'needed' | 'behind' | 'none';
}

const sendOnce = async ({ botkit: botkit, source }: Setting): Promise<void> => {
  await say(await botkit.bot('7000'), image(source));
};

const sendOnceAndRevoke = async (setting: Setting): Promise<void> => {
  await sendOnce(setting);
  setting.sim.revokeAll();
};

const sendElsewhere = async ({ sim, shared, root, source }: Setting): Promise<void> => {
  const other = openPlainAdapter(sim, { store: shared, root });
  await other.send('7000', image(source));
  await other.close();
};

/** With `url` in its element: the plugin puts an ID there. */
export const mediaTemplate = (url: string) => ({
  attachment: {
    type: 'template',
    payload: { template_type: 'media', elements: [{ media_type: 'image', url }] },
  },
});

const ordinary = { from: 'file', message: image, refused: 0 } as const;
const template = { from: 'file', message: mediaTemplate, isTemplate: true, upload: 'needed' } as const;

const CACHED: Way = { ...ordinary, name: 'a cached send', prepare: sendOnce, upload: 'none' };
export const FIRST: Way = { ...ordinary, name: 'a first send by upload', upload: 'needed' };
export const SAVING: Way = {
  ...ordinary,
  name: "a first send by save: 'send'",
  options: { save: 'send' },
  inOneStep: true,
  upload: 'none',
};
export const RECOVERY: Way = {
  ...ordinary,
  name: 'a recovery',
  prepare: sendOnceAndRevoke,
  refused: 1,
  inOneStep: true,
  upload: 'behind',
};
export const TEMPLATE: Way = { ...template, name: 'a media template', refused: 0 };
export const TEMPLATE_RECOVERY: Way = {
  ...template,
  name: 'the recovery of a media template',
  prepare: sendOnceAndRevoke,
  refused: 1,
};
export const WARM_STORE: Way = {
  ...ordinary,
  name: 'a send from a warm store',
  prepare: sendElsewhere,
  upload: 'none',
};
const COLD_STORE: Way = {
  ...ordinary,
  name: 'a send from a cold store',
  prepare: async ({ sim, shared, root }) => {
    // It holds something, and nothing of this.
    const other = openPlainAdapter(sim, { store: shared, root });
    await other.send('7000', image('other.png'));
    await other.close();
  },
  upload: 'needed',
};
const WEB: Way = { ...ordinary, name: 'a first send from the web', from: 'web', upload: 'needed' };
const WEB_RECOVERY: Way = {
  ...RECOVERY,
  name: 'a recovery from the web',
  from: 'web',
};

export const FILE_WAYS = [
  CACHED,
  FIRST,
  SAVING,
  RECOVERY,
  TEMPLATE,
  TEMPLATE_RECOVERY,
  WARM_STORE,
  COLD_STORE,
] as const;

export const ALL_WAYS: readonly Way[] = [...FILE_WAYS, WEB, WEB_RECOVERY];

/** Botkit's types know no attachments in messages. */
export async function say(bot: Bot, message: object): Promise<void> {
  await bot.say(message);
}
