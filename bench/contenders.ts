import https from 'node:https';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Agent, type Dispatcher } from 'undici';
import type { FacebookAdapter } from 'botbuilder-adapter-facebook';
import type { Botkit } from 'botkit';
import type * as Package from '../src';
import type { AttachmentCacheOptions, FacebookAttachmentCache } from '../src';
import type { Scene } from './row';

/*
 * Each process loads only what it measures: botkit and its adapter take a second, and there are dozens of processes.
 */

const TOKEN = 'TOKEN-OF-THE-PAGE';
const SECRET = 'SECRET-OF-THE-APP';
export const PAGE = '1001';
const VERSION = 'v25.0';

/** More than are ever under way when sends wait for their turn. */
export const CONNECTIONS = 128;

/** An ID that the stand-in has not declared dead. */
const KNOWN_ID = '1857777774821032';

/** Sends one message to one person. */
export type Send = (recipient: string, attachment: Attachment) => Promise<unknown>;

export interface Attachment {
  readonly type: 'image' | 'video';
  readonly payload: { readonly url: string } | { readonly attachment_id: string };
}

export interface Message {
  readonly recipient: { readonly id: string };
  readonly message: { readonly attachment: Attachment };
}

export const PICTURE: Attachment = { type: 'image', payload: { url: 'tom.png' } };
export const BY_ID: Attachment = { type: 'image', payload: { attachment_id: KNOWN_ID } };

export type ApiClient = { callAPI(path: string, method: string, payload: unknown): Promise<unknown> };

/** Without a bound, a pause of the machine makes it open connections by the hundred, whoever sends. */
export function openAgent(ca: string): Agent {
  return new Agent({ connect: { ca }, connections: CONNECTIONS });
}

/** The floor: the same request, with nothing around it. */
export function rawUndici({ platform: { host, ca } }: Scene): {
  readonly send: Send;
  readonly post: (path: string, body: NonNullable<Dispatcher.RequestOptions['body']>) => Promise<unknown>;
} {
  const agent = openAgent(ca);
  const origin = `https://${host}`;
  const query = `access_token=${TOKEN}&appsecret_proof=${'0'.repeat(64)}`;
  return {
    send: async (recipient, attachment) => {
      const { body } = await agent.request({
        origin,
        path: `/${VERSION}/me/messages?${query}`,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(messageTo(recipient, attachment)),
      });
      return body.json();
    },
    post: async (path, form) => {
      const options = { origin, path: `/${VERSION}${path}?${query}`, method: 'POST', body: form } as const;
      return (await agent.request(options)).body.json();
    },
  };
}

/** Botkit's adapter as it comes. */
export async function createAdapter({ platform: { host, ca } }: Scene): Promise<FacebookAdapter> {
  const { FacebookAdapter } = await import('botbuilder-adapter-facebook');
  // The adapter's own client trusts whom Node's agent trusts.
  https.globalAgent.options.ca = ca;
  return new FacebookAdapter({
    verify_token: 'verify',
    app_secret: SECRET,
    access_token: TOKEN,
    api_host: host,
    api_version: VERSION,
  });
}

export async function adapterClient(adapter: FacebookAdapter): Promise<Send> {
  const api = (await adapter.getAPI({ recipient: { id: PAGE } } as never)) as unknown as ApiClient;
  return (recipient, attachment) => api.callAPI('/me/messages', 'POST', messageTo(recipient, attachment));
}

export async function messengerClient({ platform: { host, ca } }: Scene): Promise<Send> {
  const { MessengerClient } = await import('messaging-api-messenger');
  https.globalAgent.options.ca = ca;
  const client = new MessengerClient({
    accessToken: TOKEN,
    appSecret: SECRET,
    origin: `https://${host}`,
    version: VERSION.slice(1),
  });
  return (recipient) => client.sendImage(recipient, { attachmentId: KNOWN_ID });
}

/** The built package, on an adapter of its own; by its API client. */
export async function pluginClient(
  scene: Scene,
  options: AttachmentCacheOptions = {},
): Promise<{ readonly send: Send; readonly plugin: FacebookAttachmentCache }> {
  const plugin = createPlugin(scene, options);
  const adapter = await createAdapter(scene);
  plugin.attach(adapter);
  return { send: await adapterClient(adapter), plugin };
}

export function createPlugin(scene: Scene, options: AttachmentCacheOptions = {}): FacebookAttachmentCache {
  const built = createRequire(__filename)(path.join(scene.built, 'index.js')) as typeof Package;
  const dispatcher = openAgent(scene.platform.ca);
  return new built.FacebookAttachmentCache({ root: scene.assets, dispatcher, ...options });
}

/** A Botkit bot, with the plugin or without. */
export async function createController(scene: Scene, plugin?: FacebookAttachmentCache): Promise<Botkit> {
  const [{ Botkit }, { MemoryStorage }] = await Promise.all([import('botkit'), import('botbuilder')]);
  const controller = new Botkit({
    adapter: await createAdapter(scene),
    disable_webserver: true,
    disable_console: true,
    storage: new MemoryStorage(),
  });
  if (plugin) controller.usePlugin(plugin);
  return controller;
}

export function messageTo(recipient: string, attachment: Attachment): Message {
  return { recipient: { id: recipient }, message: { attachment } };
}
