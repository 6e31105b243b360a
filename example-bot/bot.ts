import { once } from 'node:events';
import https from 'node:https';
import path from 'node:path';
import { FacebookAdapter } from 'botbuilder-adapter-facebook';
import { Botkit } from 'botkit';
import Keyv from 'keyv';
import KeyvFile from 'keyv-file';
import { Agent } from 'undici';
import { FacebookAttachmentCache } from 'botkit-plugin-facebook-attachments';
import { ConfigError, readConfig, type Config, type Facebook } from './config';
import { ConversationStore } from './conversation-store';
import { simulateFacebook } from './simulated-facebook';
import { createWebserver, listen, portOf, stop } from './webserver';

export interface Bot {
  readonly controller: Botkit;
  readonly attachments: FacebookAttachmentCache;
  /** Where Messenger delivers what people write. */
  readonly webhook: string;
  /** Answers what it has heard already, and ends. */
  close(): Promise<void>;
}

export interface BotOptions extends Config {
  facebook: Facebook;
  /** The folder of what the bot sends. Default: the one beside this file */
  assets?: string;
  /** Where attachment IDs live. Default: files in the data folder */
  ids?: Keyv;
}

/** The bot: what `npm start`, the tour and the tests run. */
export async function createBot(options: BotOptions): Promise<Bot> {
  const { facebook, dataFolder, port, host, assets = path.join(__dirname, 'assets') } = options;
  const { tokens, appSecret, verifyToken, apiHost, ca } = facebook;

  // The adapter's own client has no option for it: it trusts whom Node's agent trusts.
  if (ca !== undefined) https.globalAgent.options.ca = ca;
  const adapter = new FacebookAdapter({
    app_secret: appSecret,
    verify_token: verifyToken,
    api_host: apiHost,
    api_version: 'v25.0', // The adapter's default is a version that Facebook has long retired.
    ...(typeof tokens === 'string'
      ? { access_token: tokens }
      : { getAccessTokenForPage: (page: string) => Promise.resolve(tokens.get(page) ?? '') }),
  });

  const conversations = openStore(dataFolder, 'conversations');
  const webserver = createWebserver(appSecret);
  const controller = new Botkit({
    adapter,
    webserver,
    storage: new ConversationStore(conversations),
    disable_console: true,
  });

  const { ids = openStore(dataFolder, 'attachment-ids') } = options;
  const dispatcher = ca === undefined ? undefined : new Agent({ connect: { ca } });
  const attachments = new FacebookAttachmentCache({
    store: ids,
    root: assets,
    ...(dispatcher && { dispatcher }),
  });
  controller.usePlugin(attachments);

  // The ending of this very file: the features are .ts beside bot.ts, and .js once they are compiled.
  controller.loadModules(path.join(__dirname, 'features'), [path.extname(__filename)]);

  const server = await listen(webserver, port, host);
  return {
    controller,
    attachments,
    webhook: `http://${host ?? 'localhost'}:${portOf(server)}/api/messages`,
    close: async () => {
      await stop(server);
      await controller.shutdown();
      await attachments.close();
      await Promise.all([ids.disconnect(), conversations.disconnect(), dispatcher?.close()]);
    },
  };
}

/** A file for each entry: then `set` resolves when it is on the disk, not some time before. */
function openStore(folder: string, name: string): Keyv {
  const files = new KeyvFile({ filename: path.join(folder, name), separatedFile: true });
  return new Keyv({ store: files }).on('error', console.error);
}

async function main(): Promise<void> {
  // Botkit rethrows what a turn throws, where nobody can catch it. One person's turn must not end the bot for all.
  process.on('unhandledRejection', (error) => {
    console.error('A turn failed:', error);
  });
  const config = readConfig(process.env);
  if (config.facebook) {
    const bot = await createBot({ ...config, facebook: config.facebook });
    await runUntilTold(
      bot,
      `The bot listens at ${bot.webhook} and sends through ${config.facebook.apiHost}.`,
    );
    return;
  }
  const simulated = await simulateFacebook();
  try {
    // The simulator is on this machine: nobody else need reach the bot.
    const bot = await createBot({ host: '127.0.0.1', ...config, facebook: simulated.facebook });
    await runUntilTold(bot, simulated.connect(bot.webhook));
  } finally {
    await simulated.close();
  }
}

/** Runs the bot until a signal comes, or until whoever has started it as a child process lets go of it. */
async function runUntilTold(bot: Bot, greeting: string): Promise<void> {
  const waiting = new AbortController();
  const ends = ['SIGINT', 'SIGTERM', 'disconnect'].map((event) => once(process, event, waiting));
  console.log(greeting);
  process.send?.({ webhook: bot.webhook });
  await Promise.race(ends);
  waiting.abort(); // Takes the other listeners away, which would keep the process running.
  await bot.close();
}

if (require.main === module) {
  main().catch((error: unknown) => {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exitCode = 1;
  });
}
