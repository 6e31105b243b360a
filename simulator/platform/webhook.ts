import { createHmac, randomBytes } from 'node:crypto';
import { type Agent, fetch } from 'undici';
import { InputError } from '../base/check';
import { type Delivery, type Page, type ThreadMessage } from './model';
import { type Platform } from './platform';

const TIMEOUT = 20_000;

export interface WebhookOptions {
  url: string;
  verifyToken?: string | undefined;
}

export interface SaidMessage extends Delivery {
  mid: string;
}

/** What a user does in a thread. */
export interface UserMessage {
  page: string;
  user: string;
  text: string;
  /** Of the quick reply or button that the user tapped. */
  payload?: string | undefined;
  /** The user tapped a button, not a quick reply. */
  postback?: boolean | undefined;
}

/** The bot's webhook, called and signed as the platform does it. */
export class Webhook {
  #options: WebhookOptions | undefined;
  #last: Delivery | undefined;
  readonly #platform: Platform;
  readonly #agent: Agent;
  readonly #closing: AbortSignal;

  constructor(platform: Platform, agent: Agent, closing: AbortSignal) {
    this.#platform = platform;
    this.#agent = agent;
    this.#closing = closing;
  }

  set(webhook: string | WebhookOptions): void {
    const options = typeof webhook === 'string' ? { url: webhook } : webhook;
    const protocol = URL.canParse(options.url) && new URL(options.url).protocol;
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw new InputError(`Expected the webhook's url to be an http or https address, got "${options.url}"`);
    }
    this.#options = options;
    this.#last = undefined;
  }

  /** Puts it into the thread and tells the bot. Resolves when the bot has answered, or could not. */
  async say(page: Page, { user, text, payload, postback }: UserMessage): Promise<SaidMessage> {
    const message = this.#platform.addMessage(page, user, {
      from: 'user',
      text,
      attachments: [],
      ...(payload !== undefined && { payload }),
    });
    const event = postback ? postbackEvent(message) : messageEvent(message);
    const delivery = await this.#deliver(page, {
      sender: { id: user },
      recipient: { id: page.id },
      timestamp: message.at,
      ...event,
    });
    this.#platform.setDelivery(page, user, message, delivery);
    return { mid: message.mid, ...delivery };
  }

  /** The handshake that the platform makes when a webhook is set up: the bot must send the challenge back. */
  async verify(): Promise<Delivery> {
    const challenge = String(randomBytes(4).readUInt32BE());
    const query = {
      'hub.mode': 'subscribe',
      'hub.verify_token': this.#options?.verifyToken ?? '',
      'hub.challenge': challenge,
    };
    const { delivery, text } = await this.#call({ method: 'GET' }, query);
    if (!delivery.delivered || text === challenge) return delivery;
    return { ...delivery, delivered: false, error: 'The bot did not send the challenge back' };
  }

  /** Without what an address may carry of tokens and passwords. */
  state(): { url: string; last?: Delivery } | undefined {
    if (!this.#options) return undefined;
    const { origin, pathname } = new URL(this.#options.url);
    return { url: origin + pathname, ...(this.#last && { last: this.#last }) };
  }

  async #deliver(page: Page, messaging: Record<string, unknown>): Promise<Delivery> {
    const body = JSON.stringify({
      object: 'page',
      entry: [{ id: page.id, time: this.#platform.now(), messaging: [messaging] }],
    });
    const headers = { 'content-type': 'application/json', ...(page.secret && signatures(page.secret, body)) };
    const { delivery } = await this.#call({ method: 'POST', headers, body });
    this.#last = delivery;
    return delivery;
  }

  /** A bot that is down or answers with an error is a result, too: it must not bring the platform down. */
  async #call(
    request: { method: string; headers?: Record<string, string>; body?: string },
    query: Record<string, string> = {},
  ): Promise<{ delivery: Delivery; text?: string }> {
    if (!this.#options) return { delivery: { delivered: false, error: 'No webhook is set' } };
    const url = new URL(this.#options.url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    try {
      const response = await fetch(url, {
        ...request,
        dispatcher: this.#agent,
        signal: AbortSignal.any([AbortSignal.timeout(TIMEOUT), this.#closing]),
      });
      const text = await response.text();
      const { ok, status } = response;
      return {
        delivery: { delivered: ok, status, ...(!ok && { error: `The bot answered ${status}` }) },
        text,
      };
    } catch (error) {
      return { delivery: { delivered: false, error: reasonOf(error) } };
    }
  }
}

function messageEvent({ mid, text, payload }: ThreadMessage): Record<string, unknown> {
  return { message: { mid, text, ...(payload !== undefined && { quick_reply: { payload } }) } };
}

function postbackEvent({ mid, text, payload = text }: ThreadMessage): Record<string, unknown> {
  return { postback: { mid, title: text, payload } };
}

function signatures(secret: string, body: string): Record<string, string> {
  const sign = (algorithm: string) => createHmac(algorithm, secret).update(body).digest('hex');
  return { 'x-hub-signature': `sha1=${sign('sha1')}`, 'x-hub-signature-256': `sha256=${sign('sha256')}` };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
