import { Agent } from 'undici';
import type { PageOptions } from 'messenger-platform-simulator';
import {
  FacebookAttachmentCache,
  type AttachmentCacheOptions,
  type MessengerMessage,
  type SendAnswer,
} from '../../../src';
import type { Server } from './plain-adapter';

/** A bot of one page in a process of its own, without Botkit and its adapter: they take a process seconds to load. */
export interface PageBot {
  readonly plugin: FacebookAttachmentCache;
  readonly errors: Error[];
  send(user: string, message: MessengerMessage): Promise<SendAnswer>;
  close(): Promise<void>;
}

export interface PageBotOptions extends AttachmentCacheOptions {
  readonly page: PageOptions;
}

export function openPageBot(
  { host, ca }: Server,
  { page: { token, secret }, ...options }: PageBotOptions,
): PageBot {
  const dispatcher = new Agent({ connect: { ca }, connections: 50 });
  const plugin = new FacebookAttachmentCache({ dispatcher, ...options });
  const errors: Error[] = [];
  plugin.on('error', (error) => errors.push(error));
  const client = plugin.connect({ accessToken: token, appSecret: secret, apiHost: host });
  return {
    plugin,
    errors,
    send: (user, message) => client.send(user, message),
    close: async () => {
      await plugin.close();
      await dispatcher.close();
    },
  };
}
