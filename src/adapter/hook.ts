import { isRecord } from '../base/records';
import { withDroppedFields, type ActivityLike, type MessageActivity } from './bot-framework';
import { hookSendActivities, keepTurnError, markCall, type SendingAdapter } from './results';
import { sendByAdapterClient, type CallAPI } from './adapter-client';
import type { InFlight } from '../base/in-flight';
import type { FailedMessage } from '../events/events';
import type { GraphAccount } from '../graph/client';
import type { GraphParams } from '../graph/request';

/** One API client that the adapter made: whose it is, and what it would have done. */
export interface HookedClient {
  readonly account: GraphAccount;
  readonly page: string | undefined;
  readonly callAPI: CallAPI;
  /** The same for a message: rejects unless the platform says that it was sent. */
  readonly send: CallAPI;
  /** Gives a message up, as long as its call has not begun. */
  readonly signal?: AbortSignal | undefined;
}

/** What is called instead of the adapter's own methods. */
export interface AdapterHooks {
  /** Counts activities from when the adapter is to send them. */
  readonly inFlight: InFlight;
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
 * Lets `hooks` intercept every call of the API clients that the adapter makes. All messages pass through these, however
 * they were sent: `bot.say`, scripts, prompts, `context.sendActivity`, `bot.api`. The attachments that the
 * adapter drops when it makes a call of an activity are put into that call.
 *
 * @returns The hooks that are in place: these, or those of the instance that came first. Undefined: it is not a
 * Facebook adapter, and nothing was done.
 */
export function hookAdapter(adapter: unknown, hooks: AdapterHooks): AdapterHooks | undefined {
  if (!isFacebookAdapter(adapter)) return undefined;
  if (HOOKED in adapter.getAPI) return adapter.getAPI[HOOKED] as AdapterHooks;
  hookActivityToFacebook(adapter);
  hookSendActivities(adapter, hooks.inFlight, hooks.onNoClient.bind(hooks));
  const original = adapter.getAPI.bind(adapter);
  const getAPI: GetAPI = async (activity) => {
    const api = await keepTurnError(activity, original(activity));
    if (isRecord(api) && !(CLIENT in api)) hookClient(api, pageOf(activity), hooks);
    return api;
  };
  adapter.getAPI = Object.assign(getAPI, { [HOOKED]: hooks });
  return hooks;
}

/** Where the Graph API is, as a Facebook adapter was told. Undefined: the adapter has a default. */
export function apiOf(adapter: unknown): { readonly host?: unknown; readonly version?: unknown } {
  if (!isFacebookAdapter(adapter) || !isRecord(adapter.options)) return {};
  const { api_host: host, api_version: version } = adapter.options;
  return { host, version };
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
    markCall(withDroppedFields(original(activity), activity), activity);
}

/** A client is made for each message and belongs to nobody else, so it is changed and not copied. */
function hookClient(api: object, page: string | undefined, hooks: AdapterHooks): void {
  const { callAPI } = api as { callAPI?: unknown };
  const account = accountOf(api);
  if (typeof callAPI !== 'function' || !account) return;
  const adapterCall = callAPI.bind(api) as CallAPI;
  const client: HookedClient = {
    account,
    page,
    callAPI: adapterCall,
    send: (...call) => sendByAdapterClient(adapterCall, ...call),
  };
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
  /** Private in the adapter's types only. */
  readonly options?: unknown;
}

/** By its name, or by its class's, for a subclass may have another. Slack's adapter has a `getAPI` too. */
export function isFacebookAdapter(adapter: unknown): adapter is FacebookAdapterLike {
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
