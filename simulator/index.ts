import { once } from 'node:events';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, isIPv6 } from 'node:net';
import express from 'express';
import { Agent } from 'undici';
import { type BotControls } from './control/bot-controls';
import { CallLog } from './platform/call-log';
import { certificateFor } from './server/certificate';
import { ContentStore } from './platform/content';
import { controlApi } from './control/control-api';
import { type Controls, createControls } from './control/controls';
import { Faults } from './platform/faults';
import { Feed } from './control/feed';
import { type FetchTimeouts, urlFetcher } from './graph/fetch-url';
import { graphApi } from './graph/graph-api';
import { DEMO_PAGE, type PageOptions } from './platform/model';
import { uiRoute } from './server/ui-route';
import { Platform } from './platform/platform';
import { Sockets } from './server/sockets';
import { Webhook, type WebhookOptions } from './platform/webhook';

export type { BotAsset, BotControls } from './control/bot-controls';
export type { Changes, Snapshot } from './control/feed-model';
export type { CallPurpose, CallTotals, GraphCall } from './platform/call-log';
export type { Controls, SimulatorState, UserStanding } from './control/controls';
export type { Fault, PendingFault } from './platform/faults';
export type { FetchTimeouts } from './graph/fetch-url';
export { InputError } from './base/check';
export { type Certificate, certificateFor } from './server/certificate';
export { DEMO_PAGE } from './platform/model';
export type {
  Asset,
  AttachmentType,
  Clock,
  Delivery,
  PageOptions,
  Thread,
  ThreadAttachment,
  ThreadMessage,
} from './platform/model';
export type { SaidMessage, Utterance, WebhookOptions } from './platform/webhook';

export interface SimulatorOptions {
  /** Default: `DEMO_PAGE` */
  pages?: PageOptions[];
  /** For HTTPS. Default: 0, any free port */
  port?: number;
  /** For HTTP. Default: 0, any free port */
  httpPort?: number;
  /** The address to listen at. Default: 127.0.0.1, which no other machine reaches */
  host?: string;
  /** The bot's webhook. Can be set later, too. */
  webhook?: string | WebhookOptions;
  /** The clock that `advanceDays` adds to, in ms. Default: Date.now */
  now?: () => number;
  /** Milliseconds that a URL gets. Default: 75,000 for a video, 10,000 for all others */
  fetchTimeouts?: FetchTimeouts;
  /** PEM of an authority to trust when a URL is fetched or the webhook is called. Default: those that Node trusts */
  fetchCa?: string;
  /** Bytes of attachments to keep. Default: 256 MB */
  keepContent?: number;
  /** What the page and the control API may do to the bot itself. Default: nothing */
  bot?: BotControls;
  /** Calls to keep in the log. Default: 10,000 */
  keepCalls?: number;
}

export interface Simulator extends Controls {
  /** For the Facebook adapter's `api_host`; the adapter speaks nothing but HTTPS. */
  readonly host: string;
  readonly url: string;
  readonly httpUrl: string;
  /** PEM of the authority to trust for `url`. */
  readonly ca: string;
  /** Ends everything at once, calls that hang too. */
  close(): Promise<void>;
}

/** Starts the Messenger Platform on this machine. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const {
    pages = [DEMO_PAGE],
    host = '127.0.0.1',
    now = Date.now,
    keepContent = 256 * 1024 * 1024,
  } = options;
  const { port = 0, httpPort = 0, keepCalls = 10_000, fetchCa, fetchTimeouts, bot } = options;
  const platform = new Platform(pages, now, new CallLog(keepCalls), new ContentStore(keepContent));
  const faults = new Faults();
  const sockets = new Sockets();
  const closing = new AbortController();
  // Nothing is fetched twice, and whoever serves it must be able to close: no connection is kept.
  const agent = new Agent({ pipelining: 0, connect: fetchCa === undefined ? {} : { ca: fetchCa } });
  const webhook = new Webhook(platform, agent, closing.signal);
  if (options.webhook !== undefined) webhook.set(options.webhook);
  const controls = createControls(platform, faults, webhook);
  const fetchUrl = urlFetcher(agent, closing.signal, fetchTimeouts);

  const app = express().disable('x-powered-by').disable('etag').set('query parser', 'simple');
  const feed = new Feed({ platform, faults, webhook, bot });
  app.use(uiRoute(host));
  app.use('/_sim', controlApi({ controls, feed, bot }, host));
  app.use(graphApi({ platform, faults, sockets, fetchUrl, closing: closing.signal }));

  const { ca, cert, key } = await certificateFor(host);
  const https = createHttpsServer({ cert, key }, app);
  const http = createHttpServer(app);
  const close = async () => {
    closing.abort();
    const closed = [closeServer(https), closeServer(http), agent.destroy()];
    sockets.destroyAll();
    await Promise.all(closed);
  };
  try {
    await listen(https, sockets, port, host);
    await listen(http, sockets, httpPort, host);
  } catch (error) {
    await close();
    throw error;
  }
  const name = nameOf(host);
  return {
    ...controls,
    host: `${name}:${portOf(https)}`,
    url: `https://${name}:${portOf(https)}`,
    httpUrl: `http://${name}:${portOf(http)}`,
    ca,
    close,
  };
}

async function listen(server: Server, sockets: Sockets, port: number, host: string): Promise<void> {
  sockets.track(server);
  server.listen(port, host);
  await once(server, 'listening');
}

/** How clients on this machine call the address that the servers listen at. */
function nameOf(host: string): string {
  if (['127.0.0.1', '0.0.0.0', '::'].includes(host)) return 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  await once(server, 'close');
}
