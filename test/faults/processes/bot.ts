import { setImmediate as nextTurn } from 'node:timers/promises';
import { Botkit } from 'botkit';
import { MemoryStorage } from 'botbuilder';
import { FacebookAdapter } from 'botbuilder-adapter-facebook';
import KeyvFile from 'keyv-file';
import { FacebookAttachmentCache, image } from '../../../src';
import type { Bot } from '../../support/bot/botkit';

/** What a bot in a process of its own is to do. */
export interface Orders {
  readonly host: string;
  readonly page: { readonly id: string; readonly token: string; readonly secret: string };
  readonly root: string;
  /** A folder: each ID is a file in it. */
  readonly store: string;
  /** A path inside `root`. */
  readonly picture: string;
  readonly users: readonly string[];
  /** How many messages are on their way at a time. */
  readonly atATime?: number;
  /** Milliseconds before an ID's end from which it is refreshed. */
  readonly refreshAhead?: number;
  /** What it does at its end. Default: nothing at all. */
  readonly atTheEnd?: 'close' | 'shutdown';
}

const orders = JSON.parse(process.argv[2] ?? '') as Orders;

/** Node's own, and the pipes to whoever started this. */
const atStart = process.getActiveResourcesInfo();

const { host, page, root, picture, users, atATime = 1, refreshAhead, atTheEnd } = orders;
const adapter = new FacebookAdapter({
  verify_token: 'verify',
  access_token: page.token,
  app_secret: page.secret,
  api_host: host,
  api_version: 'v25.0',
});
const controller = new Botkit({
  adapter,
  disable_webserver: true,
  disable_console: true,
  storage: new MemoryStorage(),
});
// It refreshes at the first moment of the time for that, and not at a random one.
const { random } = Math;
if (refreshAhead !== undefined) Math.random = () => 0;
const plugin = new FacebookAttachmentCache({
  root,
  store: new KeyvFile({ filename: orders.store, separatedFile: true }),
  ...(refreshAhead !== undefined && { refreshAhead }),
});
Math.random = random;
controller.usePlugin(plugin);

const waiting = [...users];
void Promise.all(Array.from({ length: atATime }, serve)).then(async () => {
  if (atTheEnd === 'close') await plugin.close();
  if (atTheEnd === 'shutdown') await controller.shutdown();
  // What has just been closed is still listed.
  await nextTurn();
  const open = process.getActiveResourcesInfo().filter((name) => !atStart.includes(name));
  console.log(`open: ${open.join(', ') || 'nothing'}`);
});

/** Sends to one user after the other, and says to whom it has. */
async function serve(): Promise<void> {
  for (let user = waiting.shift(); user !== undefined; user = waiting.shift()) {
    const bot = (await controller.spawn(page.id)) as Bot;
    await bot.startConversationWithUser(user);
    const sent = (await bot.say(image(picture))) as { id?: string } | undefined;
    if (sent?.id !== undefined) console.log(`sent ${user}`);
  }
}
