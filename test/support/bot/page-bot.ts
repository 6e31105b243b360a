import type { PageOptions } from 'messenger-platform-simulator';
import {
  FacebookAttachmentCache,
  type AttachmentCacheOptions,
  type MessengerMessage,
  type SendAnswer,
} from '../../../src';

/**
 * A bot of one page in a process of its own, without Botkit and its adapter: they take a process seconds to load. Its
 * connections are the plugin's, so the process has to trust the platform by NODE_EXTRA_CA_CERTS.
 */
export interface PageBot {
  readonly plugin: FacebookAttachmentCache;
  readonly errors: Error[];
  send(user: string, message: MessengerMessage): Promise<SendAnswer>;
  close(): Promise<void>;
}

export interface PageBotOptions extends AttachmentCacheOptions {
  readonly page: PageOptions;
}

export function openPageBot(host: string, { page: { token, secret }, ...options }: PageBotOptions): PageBot {
  const plugin = new FacebookAttachmentCache(options);
  const errors: Error[] = [];
  plugin.on('error', (error) => errors.push(error));
  const client = plugin.connect({ accessToken: token, appSecret: secret, apiHost: host });
  return {
    plugin,
    errors,
    send: (user, message) => client.send(user, message),
    close: () => plugin.close(),
  };
}
