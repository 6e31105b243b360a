import { abortSignal, checkArgument, group, option, required } from '../base/check-options';
import { isRecord, pick, without, withoutUndefined } from '../base/records';
import { isSend } from './hook';
import type { Engine, SavedAsset } from '../delivery/engine';
import {
  checkAsset,
  checkAssets,
  WARM_OPTIONS,
  type WarmAsset,
  type WarmOptions,
  type WarmReport,
} from '../delivery/warm';
import { checkSent } from '../graph/sent-message';
import type { GraphAccount, GraphClient, GraphMethod } from '../graph/client';
import type { GraphAnswer } from '../graph/answer';
import type { GraphParams } from '../graph/request';
import type { CallPurpose } from '../graph/errors';
import type { Attachment, TemplateAttachment } from '../message/builders';
import type { MessageFields } from '../message/fields';
import type { CallAPI } from './adapter-client';

/** The defaults of `apiHost` and `apiVersion`, also used by the command-line tool. */
export const DEFAULT_API_HOST = 'graph.facebook.com';
export const DEFAULT_API_VERSION = 'v25.0';

/** A page and its Graph API. Unknown names are refused. */
export interface PageAccount {
  /** The page's access token. It determines the page. */
  readonly accessToken: string;
  /**
   * The app's secret. With it, each call carries a proof (`appsecret_proof`). Facebook requires the proof if the app's
   * setting "Require App Secret" is on.
   *
   * Default: none; calls carry no proof.
   */
  readonly appSecret?: string | undefined;
  /**
   * Host of the Graph API, with its port unless that is 443, and without `https://`. Calls always use HTTPS. To use the
   * simulator, set it to the host that it prints, and NODE_EXTRA_CA_CERTS to its certificate; with a command after `--`,
   * it sets both as environment variables.
   *
   * Default: `graph.facebook.com`.
   */
  readonly apiHost?: string | undefined;
  /**
   * Version of the Graph API, with the `v`.
   *
   * Default: `v25.0`.
   */
  readonly apiVersion?: string | undefined;
}

/**
 * The recipient of a message: the page-scoped ID (PSID) of a person who has written to the page, or any recipient
 * object of the Send API: `{ comment_id: '…' }`, `{ user_ref: '…' }` …
 */
export type Recipient = string | Readonly<Record<string, unknown>>;

/**
 * A message from `image`, `audio`, `video`, `file` or `media`, or any message of the Send API. Fields that the Send API
 * expects beside the message (`messaging_type`, `tag` …) are moved there.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/reference/send-api
 */
export interface MessengerMessage extends MessageFields {
  /** An attachment or a template. A picture in a media template can also be a path or bytes. */
  readonly attachment?: Attachment | TemplateAttachment | undefined;
  /** Several pictures in one message. Local files and bytes are sent as messages of their own. */
  readonly attachments?: readonly Attachment[] | undefined;
  readonly sticker_id?: string | number | undefined;
  readonly dynamic_text?: object | undefined;
  /** Facebook accepts it only without a message. */
  readonly sender_action?: 'mark_seen' | 'typing_on' | 'typing_off' | 'react' | 'unreact' | undefined;
  /** For a `sender_action` that needs one, such as `react`. */
  readonly payload?: object | undefined;
}

/** Facebook's answer when it has accepted a message. */
export interface SendAnswer {
  readonly message_id?: string;
  /** The person's ID. Absent for recipients without one, such as a `user_ref`. */
  readonly recipient_id?: string;
  readonly [field: string]: unknown;
}

/** How a page's client makes its calls: as one that an adapter made and the plugin hooked. */
interface PageClientParts {
  readonly graph: GraphClient;
  readonly engine: Engine;
  readonly callAPI: (signal: AbortSignal | undefined, ...call: Parameters<CallAPI>) => Promise<unknown>;
}

/** How to send. Unknown names are refused. */
export interface SendOptions {
  /**
   * Gives the message up, as long as its call to Facebook has not begun. `send` then rejects with the signal's reason,
   * and nothing was sent: at once if the message waits for an upload; when its turn comes if it waits for other calls.
   * Afterwards it has no effect.
   */
  readonly signal?: AbortSignal | undefined;
}

/** Fields that stand beside the message, and not in it. */
const FIELDS_BESIDE_MESSAGE = [
  'messaging_type',
  'tag',
  'notification_type',
  'persona_id',
  'reply_to',
] as const;

const CONTENT_FIELDS = ['text', 'attachment', 'attachments', 'sticker_id', 'dynamic_text'] as const;

const METHODS: readonly string[] = ['GET', 'POST', 'DELETE'] satisfies GraphMethod[];

const API_HOST = `a host such as ${DEFAULT_API_HOST} or localhost:8443, without https:// and path`;
const API_VERSION = `a version such as ${DEFAULT_API_VERSION}`;

const readPageAccount = group('option of `connect`', {
  accessToken: required('the access token of a page, without spaces', isToken, { isSecret: true }),
  appSecret: option('the secret of the app, without spaces', isToken, undefined, { isSecret: true }),
  apiHost: option(API_HOST, isApiHost, DEFAULT_API_HOST),
  apiVersion: option(API_VERSION, isApiVersion, DEFAULT_API_VERSION),
});

const readSendOptions = group('option of `send`', { signal: abortSignal });
const readWarmOptions = group('option of `warm`', WARM_OPTIONS, '', adviseOnPage);
const readListOptions = group('option of `list`', {}, '', adviseOnPage);
const readForgetOptions = group('option of `forget`', {}, '', adviseOnPage);

/** @throws {TypeError} A field is not valid. The message says what was expected and what was received. */
export function readAccount(account: PageAccount): GraphAccount {
  const { accessToken, appSecret, apiHost, apiVersion } = readPageAccount(account, 'account', {});
  return { host: apiHost, version: apiVersion, token: accessToken, secret: appSecret };
}

/**
 * Checks what an adapter was given. What is undefined has a default.
 *
 * @throws {TypeError} `ERR_OPTION_INVALID`: no call could get there.
 */
export function checkApi({ host, version }: { readonly host?: unknown; readonly version?: unknown }): void {
  option(API_HOST, isApiHost, undefined)(host, 'api_host', {});
  option(API_VERSION, isApiVersion, undefined)(version, 'api_version', {});
}

/** A page's client without Botkit, from `FacebookAttachmentCache.connect`. */
export class PageClient {
  readonly #graph: GraphClient;
  readonly #engine: Engine;
  readonly #callAPI: PageClientParts['callAPI'];

  /** @internal */
  constructor({ graph, engine, callAPI }: PageClientParts) {
    this.#graph = graph;
    this.#engine = engine;
    this.#callAPI = callAPI;
  }

  /**
   * Returns the ID of the page that the access token belongs to. The first call asks Facebook.
   *
   * @throws {GraphError | TransportError} Facebook refuses the token, or cannot be reached.
   * @example
   * console.log(await page.pageId());
   */
  async pageId(): Promise<string> {
    return this.#graph.pageId();
  }

  /**
   * Sends a message, at most once. Its attachments are uploaded if they have no ID yet, and sent by their IDs.
   *
   * @returns Facebook's answer, with the `message_id`.
   * @throws {AttachmentError | GraphError | TransportError | PartlySentError} The message was not sent, or may not have
   * been.
   * @throws {TypeError} The recipient, the message or an option is not valid.
   * @throws The reason of `signal`.
   * @example
   * const { message_id } = await page.send(person, image('cats/tom.jpg'));
   * await page.send(person, { text: 'Another one?', quick_replies: [{ title: 'Yes', payload: 'cat' }] });
   * await page.send(person, { sender_action: 'typing_on' });
   */
  async send(recipient: Recipient, message: MessengerMessage, options?: SendOptions): Promise<SendAnswer> {
    const isRecipient = (typeof recipient === 'string' && recipient !== '') || isRecord(recipient);
    checkArgument('recipient', 'a person’s ID as a string, or a recipient object', isRecipient, recipient);
    checkArgument('message', 'a message such as { text: "Hello" }', isRecord(message), message);
    const signal = options === undefined ? undefined : readSendOptions(options, 'options', {}).signal;
    const params = toSendParams(typeof recipient === 'string' ? { id: recipient } : recipient, message);
    signal?.throwIfAborted();
    return (await this.#callAPI(signal, '/me/messages', 'POST', params)) as SendAnswer;
  }

  /**
   * Makes any call of the Graph API. For a `POST` to `/me/messages`, attachments are handled as by `send`, and the
   * message is sent at most once. The payload must have the form of the Send API: only `send` fills in
   * `messaging_type` and the `content_type` of quick replies, and moves `tag`, `persona_id` and the like out of the
   * message. Any other call is made unchanged, and repeated only if no connection was established.
   *
   * @param path - For example `/me/messenger_profile`, without version and access token.
   * @param method - Default: POST.
   * @throws {GraphError} Facebook answered with an error.
   * @throws {TransportError} There was no answer, or it was not valid.
   * @throws {AttachmentError} An attachment of the message cannot be sent.
   * @throws {TypeError} Path, method or payload is not valid.
   * @example
   * await page.callAPI('/me/messenger_profile', 'POST', { get_started: { payload: 'start' } });
   */
  async callAPI(
    path: string,
    method: GraphMethod = 'POST',
    payload: Readonly<Record<string, unknown>> = {},
  ): Promise<GraphAnswer> {
    const isPath = typeof path === 'string' && /^\/[\x21-\x7e]*$/.test(path);
    checkArgument('path', 'a path such as /me/messages', isPath, path);
    checkArgument('method', `one of ${METHODS.join(', ')}`, METHODS.includes(method), method);
    checkArgument('payload', 'an object', isRecord(payload), payload);
    return (await this.#callAPI(undefined, path, method, payload)) as GraphAnswer;
  }

  /**
   * Uploads assets that have no ID, or whose ID expires soon, as `FacebookAttachmentCache.warm` does.
   *
   * @throws {TypeError | RangeError} The assets or an option are not valid.
   * @throws {GraphError | TransportError} Facebook refuses the token, or cannot be reached.
   * @example
   * const { failed } = await page.warm(['cats', 'sounds/*.mp3']);
   */
  async warm(assets: Iterable<WarmAsset>, options: Omit<WarmOptions, 'page'> = {}): Promise<WarmReport> {
    checkAssets(assets);
    const checked = readWarmOptions(options, 'options', {});
    return this.#engine.inFlight.run(async () => {
      const page = await this.pageId();
      return checked.dryRun
        ? this.#engine.check(page, assets, checked)
        : this.#engine.warm(this.#graph, page, assets, checked);
    });
  }

  /**
   * Returns the page's valid IDs, oldest first. It has no options, because the access token determines the page.
   *
   * @throws {TypeError} Options are passed.
   * @throws {StoreError} The store fails, or does not support listing.
   * @throws {GraphError | TransportError} Facebook refuses the token, or cannot be reached.
   */
  async list(...noOptions: []): Promise<SavedAsset[]> {
    // Somebody may pass a page, and get the list of another one.
    readListOptions((noOptions as readonly unknown[])[0], 'options', {});
    return this.#engine.list(await this.pageId());
  }

  /**
   * Deletes the page's ID of an asset, as `FacebookAttachmentCache.forget` does. It has no options, because the
   * access token determines the page.
   *
   * @throws {TypeError} The asset is not valid, or options are passed.
   * @throws {AttachmentError} The asset cannot be identified.
   * @throws {StoreError} The store fails.
   * @throws {GraphError | TransportError} Facebook refuses the token, or cannot be reached.
   */
  async forget(asset: WarmAsset | SavedAsset, ...noOptions: []): Promise<void> {
    checkAsset(asset);
    // Somebody may pass a page, and lose the ID of another one.
    readForgetOptions((noOptions as readonly unknown[])[0], 'options', {});
    await this.#engine.forget(await this.pageId(), asset);
  }
}

function adviseOnPage(name: string): string {
  return name === 'page' ? ': the access token determines the page' : '';
}

/** Calls that the plugin does not handle, made as the adapter's own client would make them. */
export function directCalls(graph: GraphClient, signal?: AbortSignal): CallAPI {
  return async (path, method = 'POST', payload = {}) => {
    const params = payload as GraphParams;
    if (!isSend(path, method)) return graph.callAPI(method as GraphMethod, path, params);
    const purpose: CallPurpose = { action: 'send', asset: 'a message' };
    const answer = await graph.callAPI(method as GraphMethod, path, params, purpose, signal);
    // A sender action is no message.
    return params.message === undefined ? answer : checkSent(answer, purpose);
  };
}

/** Also for the command-line tool. */
export function isApiHost(value: unknown): value is string {
  if (typeof value !== 'string' || !/^[^\s/\\?#@]*[^\s/\\?#@:]$/.test(value)) return false;
  return URL.canParse(`https://${value}`);
}

/** Also for the command-line tool. */
export function isApiVersion(value: unknown): value is string {
  return typeof value === 'string' && /^v\d+\.\d+$/.test(value);
}

/** It must be valid in a header. A final line break, as from a file, is refused here. */
function isToken(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]+$/.test(value);
}

/** A field that is undefined counts as left out, so that it takes the place of no default. */
function toSendParams(recipient: Readonly<Record<string, unknown>>, message: MessengerMessage): GraphParams {
  const fields = withoutUndefined(message);
  if (message.sender_action !== undefined) {
    const hasContent = CONTENT_FIELDS.some((field) => message[field] !== undefined);
    const expected =
      'either a `sender_action` or a message, because Facebook accepts only one of them in a call';
    checkArgument('message', expected, !hasContent, message);
    return { recipient, ...fields };
  }
  const { quick_replies: quickReplies } = message;
  return {
    recipient,
    messaging_type: message.tag === undefined ? 'RESPONSE' : 'MESSAGE_TAG',
    ...pick(fields, FIELDS_BESIDE_MESSAGE),
    message: {
      ...without(fields, FIELDS_BESIDE_MESSAGE),
      ...(Array.isArray(quickReplies) && { quick_replies: quickReplies.map(withContentType) }),
    },
  };
}

/** As Botkit's adapter has it. */
function withContentType(quickReply: unknown): unknown {
  return isRecord(quickReply) ? { content_type: 'text', ...withoutUndefined(quickReply) } : quickReply;
}
