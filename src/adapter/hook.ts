import { isRecord } from '../base/records';
import { withDroppedAttachments, type ActivityLike, type MessageActivity } from './bot-framework';
import { hookSendActivities, keepTurnError, markCall, type SendingAdapter } from './results';
import type { FailedMessage } from '../events/events';
import type { GraphAccount, GraphParams } from '../graph/client';

/** `FacebookAPI.callAPI` of the adapter. */
export type CallAPI = (path: string, method?: string, payload?: unknown) => Promise<unknown>;

/** One API client that the adapter made: whose it is, and what it would have done. */
export interface HookedClient {
  readonly account: GraphAccount;
  readonly page: string | undefined;
  readonly callAPI: CallAPI;
  /** Gives a message up, as long as its call has not begun. */
  readonly signal?: AbortSignal | undefined;
}

/** What is put in the adapter's way. */
export interface AdapterHooks {
  /** Takes the place of each client's `callAPI`. */
  callAPI(client: HookedClient, ...call: Parameters<CallAPI>): Promise<unknown>;
  /** Hears of a message for which the adapter could make no client. */
  onNoClient(error: Error, message: FailedMessage): void;
}

const SEND = /^\/(me|\d+)\/messages\/?$/;

/** Is it a call of the Send API? */
export function isSend(path: string, method = 'POST'): boolean {
  return SEND.test(path) && method.toUpperCase() === 'POST';
}

/** Marks a hooked `getAPI`, also for another copy of this package. */
const HOOKED = Symbol.for('botkit-plugin-facebook-attachments.hooked');

/** Where a hooked client keeps who it is. */
const CLIENT = Symbol('client');

interface HookedAPI {
  [CLIENT]?: HookedClient;
}

/**
 * Puts `hooks` in the way of every call of the API clients that the adapter makes. That is where all messages come
 * by, however they were sent: `bot.say`, scripts, prompts, `context.sendActivity`, `bot.api`. The attachments that the
 * adapter drops when it makes a call of an activity are put into that call.
 *
 * @returns The hooks that are in place: these, or those of whoever came first. Undefined: it is not a Facebook adapter, and
 * nothing was done.
 */
export function hookAdapter(adapter: unknown, hooks: AdapterHooks): AdapterHooks | undefined {
  if (!isFacebookAdapter(adapter)) return undefined;
  if (HOOKED in adapter.getAPI) return adapter.getAPI[HOOKED] as AdapterHooks;
  hookActivityToFacebook(adapter);
  hookSendActivities(adapter, hooks.onNoClient.bind(hooks));
  const original = adapter.getAPI.bind(adapter);
  const getAPI: GetAPI = async (activity) => {
    const api = await original(activity).catch((error: unknown) => {
      keepTurnError(activity, error);
      throw error;
    });
    if (isRecord(api) && !(CLIENT in api)) hookClient(api, pageOf(activity), hooks);
    return api;
  };
  adapter.getAPI = Object.assign(getAPI, { [HOOKED]: hooks });
  return hooks;
}

/** The client that a hooked adapter has for an activity. Undefined: the adapter is not hooked. */
export async function askClient(adapter: unknown, activity: unknown): Promise<HookedClient | undefined> {
  if (!isFacebookAdapter(adapter)) return undefined;
  const api = await adapter.getAPI(activity as ActivityLike | undefined);
  return isRecord(api) ? (api as HookedAPI)[CLIENT] : undefined;
}

function hookActivityToFacebook(adapter: FacebookAdapterLike): void {
  const original = adapter.activityToFacebook?.bind(adapter);
  if (!original) return;
  adapter.activityToFacebook = (activity) =>
    markCall(withDroppedAttachments(original(activity), activity), activity);
}

/** A client is made for each message and belongs to nobody else, so it is changed and not copied. */
function hookClient(api: object, page: string | undefined, hooks: AdapterHooks): void {
  const { callAPI } = api as { callAPI?: unknown };
  const account = accountOf(api);
  if (typeof callAPI !== 'function' || !account) return;
  const client: HookedClient = { account, page, callAPI: callAPI.bind(api) as CallAPI };
  const hooked: CallAPI = (...call) => hooks.callAPI(client, ...call);
  Object.assign(api, { callAPI: hooked, [CLIENT]: client });
}

/** They are private in the adapter's types only. Its own defaults stand for what is missing. */
function accountOf(api: object): GraphAccount | undefined {
  const { token, secret, api_host: host, api_version: version } = api as Record<string, unknown>;
  if (typeof token !== 'string' || typeof host !== 'string' || typeof version !== 'string') return undefined;
  return { host, version, token, secret: typeof secret === 'string' ? secret : undefined };
}

/** In an echo, the page is the sender. */
function pageOf(activity: ActivityLike | undefined): string | undefined {
  const { message } = (activity?.channelData ?? {}) as { message?: { is_echo?: unknown } };
  const id: unknown = message?.is_echo === true ? activity?.from?.id : activity?.recipient?.id;
  // JSON of a bot's own may have it as a number, and records have none.
  if (typeof id === 'number') return String(id);
  return typeof id === 'string' ? id : undefined;
}

type GetAPI = (activity: ActivityLike | undefined) => Promise<unknown>;

interface FacebookAdapterLike extends SendingAdapter {
  getAPI: GetAPI;
  /** Private in the adapter's types only. */
  activityToFacebook?(activity: MessageActivity): GraphParams;
}

/** By its name, or by its class's, for a subclass may have another. Slack's adapter has a `getAPI` too. */
function isFacebookAdapter(adapter: unknown): adapter is FacebookAdapterLike {
  if (!isRecord(adapter)) return false;
  const { name, getAPI } = adapter as { name?: unknown; getAPI?: unknown };
  return (
    typeof getAPI === 'function' && (name === 'Facebook Adapter' || isSubclass(adapter, 'FacebookAdapter'))
  );
}

function isSubclass(instance: object, className: string): boolean {
  for (let type = Object.getPrototypeOf(instance) as object | null; type;) {
    if (type.constructor.name === className) return true;
    type = Object.getPrototypeOf(type) as object | null;
  }
  return false;
}
