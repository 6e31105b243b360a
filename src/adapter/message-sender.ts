import { toError, withContext } from '../base/errors';
import { isError } from '../base/is-error';
import { isRecord } from '../base/records';
import { failedMessage } from '../delivery/outgoing-call';
import { sendChannel } from '../events/tracing';
import { labelOfPart } from '../message/label';
import { errorOfAdapterClient, withoutSecretsOf, type CallAPI } from './adapter-client';
import { isSend, type HookedClient } from './hook';
import { deadlineOf, keepError } from './results';
import type { Engine, SendCall } from '../delivery/engine';
import type { FailedMessage } from '../events/events';
import type { GraphAccount, GraphClient } from '../graph/client';
import type { GraphParams } from '../graph/request';
import type { Pages } from './pages';

/** Hears of each message that was not sent, or may not have been. */
type OnFailure = (error: unknown, message: FailedMessage) => void;

/**
 * Makes the calls of hooked clients: a message with attachments goes through the engine, and everything else as it would
 * without this plugin.
 */
export class MessageSender {
  readonly #engine: Engine;
  readonly #pages: Pages;
  readonly #onFailure: OnFailure;

  constructor(engine: Engine, pages: Pages, onFailure: OnFailure) {
    this.#engine = engine;
    this.#pages = pages;
    this.#onFailure = onFailure;
  }

  callAPI(client: HookedClient, ...call: Parameters<CallAPI>): Promise<unknown> {
    const [path, method] = call;
    if (!isSend(path, method)) return client.callAPI(...call);
    return sendChannel.hasSubscribers ? this.#sendTraced(client, call) : this.#send(client, call);
  }

  #send(client: HookedClient, call: Parameters<CallAPI>): Promise<unknown> {
    return this.#engine.inFlight.run(() => this.#sendOrLetSend(client, call));
  }

  async #sendOrLetSend(client: HookedClient, call: Parameters<CallAPI>): Promise<unknown> {
    const [path, , params] = call;
    const { account, page, signal } = client;
    const deadline = deadlineOf(params);
    const send: SendCall = {
      client: this.#clientOf(account, page, params),
      page,
      path,
      params,
      signal,
      deadline,
    };
    try {
      const answer = await this.#engine.send(send);
      if (answer) return answer;
    } catch (error) {
      throw this.#notSent(error, params, failedMessage(send));
    }
    // It has no attachment, so it goes as it would without this plugin.
    try {
      return await client.send(...call);
    } catch (error) {
      this.#notSent(errorOfAdapterClient(error, params, account), params, failedMessage(send));
      throw withoutSecretsOf(error, params, account);
    }
  }

  /** Subscribers get an error without secrets; the caller gets the one that was thrown. */
  async #sendTraced(client: HookedClient, call: Parameters<CallAPI>): Promise<unknown> {
    const [path, , params] = call;
    const { page, recipient } = failedMessage({ client: {}, page: client.page, path, params });
    const trace = { page, recipient, asset: labelOfPart((params ?? {}) as GraphParams) };
    let thrown: unknown;
    const send = async (): Promise<unknown> => {
      try {
        return await this.#send(client, call);
      } catch (error) {
        thrown = error;
        throw withContext(errorOfAdapterClient(error, params, client.account), trace);
      }
    };
    try {
      return await sendChannel.tracePromise(send, trace);
    } catch {
      throw thrown;
    }
  }

  /** Settings with which no call can be made are reported as the message's failure. */
  #clientOf(account: GraphAccount, page: string | undefined, params: unknown): GraphClient {
    try {
      return this.#pages.clientOf(account);
    } catch (error) {
      const recipient = isRecord(params) ? params.recipient : undefined;
      throw this.#notSent(error, params, { page, recipient });
    }
  }

  #notSent(error: unknown, params: unknown, message: FailedMessage): unknown {
    const own = isError(error) ? withContext(error, message) : error;
    keepError(params, toError(own));
    this.#onFailure(own, message);
    return own;
  }
}
