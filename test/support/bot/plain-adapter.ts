import { Agent } from 'undici';
import type { PageOptions, Simulator } from 'messenger-platform-simulator';
import { FacebookAttachmentCache, type AttachmentCacheOptions } from '../../../src/index';
import { ASSETS } from '../files/assets';
import { PAGE } from '../platform/pages';
import { createAdapter } from './botkit';

/** An adapter with the plugin, without Botkit. To the platform and the store it looks like a process of its own. */
export interface PlainAdapter {
  readonly plugin: FacebookAttachmentCache;
  readonly errors: Error[];
  /** Sends as the adapter does, and rejects as the platform or the plugin refuses. Default: by the first page. */
  send(user: string, message: object, page?: string): Promise<unknown>;
  close(): Promise<void>;
}

export interface PlainAdapterOptions extends AttachmentCacheOptions {
  readonly page?: PageOptions;
  /** Several pages, instead of one. */
  readonly pages?: readonly PageOptions[];
}

/** What is needed to reach a simulator. */
export type Server = Pick<Simulator, 'host' | 'ca'>;

export function openPlainAdapter(
  sim: Server,
  { page = PAGE, pages = [page], ...options }: PlainAdapterOptions = {},
): PlainAdapter {
  const adapter = createAdapter(sim as Simulator, pages);
  const own = options.dispatcher ? undefined : new Agent({ connect: { ca: sim.ca } });
  const plugin = new FacebookAttachmentCache({ root: ASSETS, ...(own && { dispatcher: own }), ...options });
  const errors: Error[] = [];
  plugin.on('error', (error) => errors.push(error));
  plugin.attach(adapter);
  return {
    plugin,
    errors,
    send: async (user, message, from = pages[0]?.id ?? '') => {
      const api = (await adapter.getAPI({ recipient: { id: from, name: '' } })) as {
        callAPI(path: string, method: string, payload: object): Promise<unknown>;
      };
      return api.callAPI('/me/messages', 'POST', { recipient: { id: user }, message });
    },
    close: async () => {
      await plugin.close();
      await own?.close();
    },
  };
}
