import { setTimeout as delay } from 'node:timers/promises';
import { type CallTotals, type GraphCall } from '../platform/call-log';
import { InputError } from '../base/check';
import { type Fault, type Faults, type PendingFault } from '../platform/faults';
import {
  type Asset,
  type Clock,
  type Delivery,
  isId,
  type Page,
  type PersonEvent,
  type State,
  type Thread,
} from '../platform/model';
import { type PersonProfile } from '../platform/people';
import { type Platform } from '../platform/platform';
import { loginsOf } from './sent-addresses';
import { type PersonActions, type SaidMessage, type UserMessage } from '../platform/person-actions';
import { type Webhook, type WebhookOptions } from '../platform/webhook';

/** Milliseconds that a bot has to confirm its webhook, unless somebody says so, and between two attempts. */
const WEBHOOK_TIMEOUT = 30_000;
const WEBHOOK_PAUSE = 100;

export interface SimulatorState extends State {
  webhook?: { url: string; last?: Delivery };
}

/** A user as a page sees them. */
export interface UserReachability {
  page: string;
  user: string;
  /** Default: true */
  available?: boolean | undefined;
  /** Whether the page has a thread with the user at all. Default: true */
  known?: boolean | undefined;
}

export type UserAction = PersonEvent & { page: string; user: string };

/** Looks into the simulator and steers it: the methods behind the control API. */
export interface SimulatorOperations {
  /** Emits `call`, `message`, `delivery`, `asset`, `use`, `thread`, `clock`, `changed` and `reset`. */
  readonly events: Pick<Platform, 'on' | 'once' | 'off'>;
  state(): SimulatorState;
  assets(): Asset[];
  /** Those who have a name. */
  people(): PersonProfile[];
  /** The thread of a page and a user; without messages if there were none. */
  thread(page: string, user: string): Thread;
  /** What the bot has set at /me/messenger_profile: Get started, the persistent menu, ice breakers, … */
  messengerProfile(page: string): Record<string, unknown>;
  /** The last calls, oldest first. */
  calls(): GraphCall[];
  /** Of all calls, also of those that the log no longer keeps. */
  totals(): CallTotals;
  call(number: number): GraphCall | undefined;
  clearCalls(): void;
  /** `contentType` chooses, where the same bytes came with several. */
  content(sha256: string, contentType?: string): { bytes: Buffer; contentType: string } | undefined;
  advanceDays(days: number): Clock;
  /** Makes an attachment ID invalid; says whether there was one. */
  revoke(id: string): boolean;
  /** Returns how many there were. */
  revokeAll(): number;
  addFaults(...faults: Fault[]): void;
  faults(): PendingFault[];
  clearFaults(): void;
  /** Slows every call of the Graph API down by so many milliseconds. */
  setDelay(ms: number): void;
  setUser(reachability: UserReachability): void;
  /**
   * Lets a page write to a person for 24 hours from now, as if the person had just written; without `user`, to
   * everyone. The bot's webhook is not called.
   */
  openWindow(window: { page: string; user?: string | undefined }): void;
  /**
   * The user writes, taps a quick reply (`payload`) or a button (`postback`), or sends files, a sticker or a place.
   * Resolves when the bot has answered.
   */
  say(message: UserMessage): Promise<SaidMessage>;
  /** What a user does beside writing: reacts, reads, unsends, comes by a link, … Resolves when the bot has answered. */
  act(action: UserAction): Promise<Delivery>;
  /**
   * The address that the person's browser opens for a Log In button: its `url`, with `redirect_uri` and
   * `account_linking_token`. Throws an `InputError` if the bot has sent no such button.
   */
  loginAddress(button: { page: string; user: string; url: string }): string;
  /**
   * The bot's page has led the person back; without a code, without being linked. Resolves when the bot has answered
   * the webhook, with undefined if there is no such login.
   */
  endLogin(token: unknown, authorizationCode: string | undefined): Promise<Delivery | undefined>;
  /** Sets the address of the webhook. What is left out of the other options keeps its value. */
  setWebhook(webhook: string | WebhookOptions): void;
  /** The handshake by which the platform checks a new webhook. */
  verifyWebhook(): Promise<Delivery>;
  /**
   * Waits until the bot listens and confirms its webhook. Throws an `Error` with the reason if it does not.
   *
   * @param timeout - Milliseconds. Default: 30,000.
   */
  waitForWebhook(timeout?: number): Promise<void>;
  /** Says that something has changed that the simulator itself does not see. */
  notifyChanged(): void;
  /** Forgets everything but the pages and the webhook. */
  reset(): void;
}

interface Parts {
  platform: Platform;
  faults: Faults;
  webhook: Webhook;
  actions: PersonActions;
}

export function createOperations({ platform, faults, webhook, actions }: Parts): SimulatorOperations {
  const pageOf = (id: string): Page => {
    const page = platform.page(id);
    if (page) return page;
    const ids = platform.state().pages.map((known) => known.id);
    throw new InputError(`Expected "page" to be one of ${ids.join(', ')}; got ${JSON.stringify(id)}`);
  };
  const checkUser = (id: string) => {
    if (!isId(id))
      throw new InputError(`Expected "user" to be a string of digits, got ${JSON.stringify(id)}`);
  };
  let webhookOptions: Partial<WebhookOptions> = {};
  return {
    events: platform,
    state: () => {
      const called = webhook.state();
      return { ...platform.state(), ...(called && { webhook: called }) };
    },
    assets: () => platform.assets(),
    people: () => platform.people.list(),
    thread: (page, user) => platform.thread(pageOf(page), user),
    messengerProfile: (page) => Object.fromEntries(pageOf(page).profile),
    calls: () => platform.calls.list(),
    call: (number) => platform.calls.get(number),
    totals: () => platform.calls.totals(),
    clearCalls: () => {
      platform.calls.clear();
      platform.emit('cleared');
    },
    content: (sha256, contentType) => platform.content.get(sha256, contentType),
    advanceDays: (days) => platform.advanceDays(days),
    revoke: (id) => platform.revoke(id),
    revokeAll: () => platform.revokeAll(),
    addFaults: (...added) => {
      faults.add(added);
      platform.emit('changed');
    },
    faults: () => faults.pending(),
    clearFaults: () => {
      faults.clear();
      platform.emit('changed');
    },
    setDelay: (ms) => {
      faults.delayMs = ms;
      platform.emit('changed');
    },
    setUser: ({ page, user, available = true, known = true }) => {
      checkUser(user);
      const reachability = available ? 'available' : 'unavailable';
      platform.setUser(pageOf(page), user, known ? reachability : 'unknown');
    },
    openWindow: ({ page, user }) => {
      if (user !== undefined) checkUser(user);
      platform.openWindow(pageOf(page), user);
    },
    say: async (message) => {
      checkUser(message.user);
      return actions.say(pageOf(message.page), message);
    },
    act: async ({ page, user, ...action }) => {
      checkUser(user);
      return actions.act(pageOf(page), user, action);
    },
    loginAddress: ({ page, user, url }) => {
      checkUser(user);
      const { messages } = platform.thread(pageOf(page), user);
      if (!messages.some((message) => loginsOf(message).includes(url)) || !isWebAddress(url)) {
        throw new InputError(
          `Expected "url" to be that of a Log In button in this thread, got ${JSON.stringify(url)}`,
        );
      }
      return actions.loginAddress(pageOf(page), user, url);
    },
    endLogin: async (token, authorizationCode) => {
      const login = platform.accountLinks.find(token);
      if (!login) return undefined;
      if (authorizationCode === undefined) return { delivered: true };
      return actions.act(pageOf(login.page), login.user, { type: 'link_account', authorizationCode });
    },
    setWebhook: (set) => {
      const options = typeof set === 'string' ? { url: set } : set;
      const kept = { ...webhookOptions, ...withoutUndefined(options), url: options.url };
      webhook.set(kept); // Throws if it is wrong: the previous options stay.
      webhookOptions = kept;
      platform.emit('changed');
    },
    verifyWebhook: () => webhook.verify(),
    waitForWebhook: async (timeout = WEBHOOK_TIMEOUT) => {
      const end = performance.now() + timeout;
      for (;;) {
        const { delivered, error = '' } = await webhook.verify();
        if (delivered) return;
        if (performance.now() >= end) {
          throw new Error(`The bot has not confirmed its webhook within ${timeout} ms: ${error}`);
        }
        await delay(WEBHOOK_PAUSE);
      }
    },
    notifyChanged: () => {
      platform.emit('changed');
    },
    reset: () => {
      faults.clear();
      platform.reset();
    },
  };
}

function withoutUndefined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}
