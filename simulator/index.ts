import { setMaxListeners } from 'node:events';
import { isIPv6 } from 'node:net';
import { InputError } from './base/check';
import { OutgoingCalls } from './base/outgoing-calls';
import { checkOptions } from './config/schema';
import { type BotUnderTest } from './control/bot-under-test';
import { EventStream } from './control/event-stream';
import { createOperations, type SimulatorOperations } from './control/operations';
import { type Rules } from './graph/send-schema';
import { BodyBudget } from './graph/body-budget';
import { type RateLimits, SendRates } from './graph/rate-limits';
import { type FetchTimeouts, urlFetcher } from './graph/fetch-url';
import { CallLog } from './platform/call-log';
import { ContentStore } from './platform/content';
import { Faults } from './platform/faults';
import { DEMO_PAGE, isId, type PageOptions } from './platform/model';
import { PersonActions } from './platform/person-actions';
import { People, type PersonProfile } from './platform/people';
import { Platform } from './platform/platform';
import { Webhook, type WebhookOptions } from './platform/webhook';
import { type WindowRule } from './platform/windows';
import { createApp } from './server/app';
import { Connections } from './server/connections';
import { startServers } from './server/servers';
import { Person, type PersonOptions } from './testing/person';

export { InputError } from './base/check';
export type { SimulatorConfig } from './config/schema';
export type { BotAsset, BotUnderTest } from './control/bot-under-test';
export type { CallOutline } from './control/call-outline';
export type { Changes, Snapshot } from './control/event-model';
export type { SimulatorOperations, SimulatorState, UserAction, UserReachability } from './control/operations';
export type {
  Transcript,
  TranscriptEntry,
  TranscriptEvent,
  TranscriptFile,
  TranscriptMessage,
} from './control/transcript';
export type { FetchTimeouts } from './graph/fetch-url';
export type { RateLimits } from './graph/rate-limits';
export type { CallPurpose, CallTotals, GraphCall } from './platform/call-log';
export type { Fault, PendingFault } from './platform/faults';
export { DEMO_PAGE } from './platform/model';
export type {
  Asset,
  AttachmentType,
  Clock,
  Delivery,
  PageOptions,
  PersonEvent,
  Referral,
  Thread,
  ThreadAttachment,
  ThreadEvent,
  ThreadMessage,
} from './platform/model';
export type { PersonProfile } from './platform/people';
export type { SaidMessage, SentFile, UserMessage } from './platform/person-actions';
export type { WebhookOptions } from './platform/webhook';
export type { WebhookField } from './platform/webhook-events';
export { ConversationError, type ConversationProblem } from './testing/errors';
export type { FileSource } from './testing/files';
export type { Person, PersonOptions } from './testing/person';
export type { ReplayOptions } from './testing/replay';
export type { WaitOptions } from './testing/turn';
export { type Certificate, certificateFor } from './server/certificate';

/** Bytes of all bodies that are read at once. */
const MAX_BODIES = 256 * 1024 * 1024;

export interface SimulatorOptions {
  /** Default: `DEMO_PAGE` */
  pages?: PageOptions[] | undefined;
  /** People with a name. Everyone else with an ID of digits is there, too. */
  people?: PersonProfile[] | undefined;
  /** For HTTPS. Default: 0, any free port */
  port?: number | undefined;
  /** For HTTP. Default: 0, any free port */
  httpPort?: number | undefined;
  /** The address to listen at. Default: 127.0.0.1, which no other machine reaches */
  host?: string | undefined;
  /**
   * Names besides this machine's own by which clients call, such as a container's, or `graph.facebook.com` for a client
   * that knows no other. The certificate names them. Calls by any other name are refused, as are those of web sites.
   */
  allowHosts?: string[] | undefined;
  /** The bot's webhook. Can be set later, too. */
  webhook?: string | WebhookOptions | undefined;
  /** The simulator's time when it starts, such as '2026-01-31T09:00:00Z'; it passes from then on. Default: now */
  clock?: string | number | Date | undefined;
  /** A clock of your own instead, in ms, to which `advanceDays` adds. Default: Date.now */
  now?: (() => number) | undefined;
  /** Milliseconds that a URL gets. Default: 75,000 for a video, 10,000 for all others */
  fetchTimeouts?: FetchTimeouts | undefined;
  /** PEM of an authority to trust when a URL is fetched or the webhook is called. Default: those that Node trusts */
  fetchCa?: string | undefined;
  /** Bytes of attachments to keep. Default: 256 MB */
  keepContent?: number | undefined;
  /** What the UI and the control API may do to the bot itself. Default: nothing */
  bot?: BotUnderTest | undefined;
  /**
   * Whom a page may write to. `platform`: who has written in the last 24 hours, by the simulator's clock; `HUMAN_AGENT`
   * has 7 days. When the simulator starts, people 1 to 9 and those in `people` have just written; `openWindow` opens
   * more. `open`: everyone, always, for tests that are not about it. Default: platform
   */
  windows?: WindowRule | undefined;
  /**
   * Whether `message.attachments` takes an `attachment_id`, which is documented for Instagram only. Default: refused
   */
  idsInAttachments?: Rules['idsInAttachments'] | undefined;
  /**
   * Refuses what a page sends too fast with 80006: by default over 300 messages a second, or 10 of audio and video.
   * Default: false
   */
  rateLimits?: RateLimits | boolean | undefined;
  /** Calls to keep in the log. Default: 10,000 */
  keepCalls?: number | undefined;
}

export interface Simulator extends SimulatorOperations {
  /** For the Facebook adapter's `api_host`; the adapter speaks nothing but HTTPS. */
  readonly host: string;
  readonly url: string;
  readonly httpUrl: string;
  /** PEM of the authority to trust for `url`. */
  readonly ca: string;
  /**
   * A person to talk to the bot with, for tests.
   *
   * @param id Of digits, as the bot will see it.
   */
  person(id: string, options?: PersonOptions): Person;
  /** Ends everything at once, calls that hang too. */
  close(): Promise<void>;
}

/** Starts the Messenger Platform on this machine. Rejects with an `InputError` that names each option that is wrong. */
export async function startSimulator(given: SimulatorOptions = {}): Promise<Simulator> {
  const options: SimulatorOptions = checkOptions(given);
  const {
    pages = [DEMO_PAGE],
    host = '127.0.0.1',
    now = clockFrom(options.clock),
    keepContent = 256 * 1024 * 1024,
    windows = 'platform',
  } = options;
  const { port = 0, httpPort = 0, keepCalls = 10_000, fetchCa, fetchTimeouts, bot } = options;
  // Of what the bot fetches from here. By HTTP, for which it need not trust this simulator's certificate.
  let origin = '';
  const platform = new Platform({
    pages,
    people: new People(options.people ?? [], () => origin),
    clock: now,
    calls: new CallLog(keepCalls),
    content: new ContentStore(keepContent),
    windows,
  });
  const faults = new Faults();
  const rates = new SendRates(rateLimitsOf(options.rateLimits), () => platform.now());
  platform.on('reset', () => {
    rates.clear();
  });
  const connections = new Connections();
  const closing = new AbortController();
  // Each call that waits listens to it, and they may be many.
  setMaxListeners(0, closing.signal);
  const calls = new OutgoingCalls(fetchCa);
  const webhook = new Webhook(platform, calls, closing.signal);
  const name = nameOf(host);
  const actions = new PersonActions({ platform, webhook, origin: () => origin });
  const operations = createOperations({ platform, faults, webhook, actions });
  if (options.webhook !== undefined) operations.setWebhook(options.webhook);
  const names = (options.allowHosts ?? []).map((name) => name.toLowerCase());
  const app = createApp({
    allowed: { listeningAt: host, names },
    operations,
    eventStream: new EventStream({ platform, faults, webhook, bot }),
    bot,
    graph: {
      platform,
      faults,
      resetConnection: (socket) => {
        connections.reset(socket);
      },
      fetchUrl: urlFetcher(calls, closing.signal, fetchTimeouts),
      rules: { idsInAttachments: options.idsInAttachments ?? 'refused' },
      limits: rates,
      budget: new BodyBudget(MAX_BODIES),
      closing: closing.signal,
    },
  });

  const servers = await startServers(app, connections, { host, port, httpPort, names }).catch(
    async (error: unknown) => {
      await calls.close();
      throw error;
    },
  );
  origin = `http://${names[0] ?? name}:${servers.httpPort}`;
  return {
    ...operations,
    host: `${name}:${servers.port}`,
    url: `https://${name}:${servers.port}`,
    httpUrl: `http://${name}:${servers.httpPort}`,
    ca: servers.ca,
    person: (id, options = {}) => {
      const page = options.page ?? onlyPageOf(pages);
      if (!isId(id)) throw new InputError(`Expected a person's id to be a string of digits, got "${id}"`);
      operations.thread(page, id); // Throws if there is no such page.
      return new Person(operations, id, page, options);
    },
    close: async () => {
      closing.abort();
      await Promise.all([servers.close(), calls.close()]);
    },
  };
}

function clockFrom(start: SimulatorOptions['clock'] = Date.now()): () => number {
  const ahead = new Date(start).getTime() - Date.now();
  return () => Date.now() + ahead;
}

function rateLimitsOf(limits: RateLimits | boolean | undefined): RateLimits | undefined {
  if (typeof limits === 'object') return limits;
  return limits ? {} : undefined;
}

function onlyPageOf(pages: readonly PageOptions[]): string {
  const [page, other] = pages;
  if (page && !other) return page.id;
  const ids = pages.map(({ id }) => id);
  throw new InputError(`Expected "page" to be one of ${ids.join(', ')}, for a person; got nothing`);
}

/** How clients on this machine call the address that the servers listen at. */
function nameOf(host: string): string {
  if (['127.0.0.1', '0.0.0.0', '::'].includes(host)) return 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}
