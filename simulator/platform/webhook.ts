import { createHmac, randomBytes } from 'node:crypto';
import { type OutgoingCalls } from '../base/outgoing-calls';
import { InputError } from '../base/check';
import { fetchProblemOf } from '../base/thrown';
import { type Delivery, type Page } from './model';
import { type Platform } from './platform';
import { standbyEvent, WEBHOOK_FIELDS, type WebhookEvent, type WebhookField } from './webhook-events';

/** Milliseconds. Meta's FAQ, and jgorset/facebook-messenger#46 */
const TIMEOUT = 20_000;

/** Events about each message that the bot sends are off, unless they are subscribed by name. */
const DEFAULT_FIELDS = WEBHOOK_FIELDS.filter(
  (field) => field !== 'message_deliveries' && field !== 'message_echoes',
);

export interface WebhookOptions {
  url: string;
  verifyToken?: string | undefined;
  /**
   * What the webhook is told of, by the names of the fields that an app subscribes to. Default: what the bot has
   * subscribed its page to (`/me/subscribed_apps`), or else all but `message_deliveries` and `message_echoes`
   */
  fields?: readonly WebhookField[] | undefined;
  /**
   * Whether an event is delivered once more if it was not answered in time with a status of success. The platform
   * repeats it for hours (graph-api/webhooks/getting-started), so that a slow bot answers twice. Default: false
   */
  redeliver?: boolean | undefined;
  /** Milliseconds in which the bot must answer. Default: 20,000, as on the platform */
  timeout?: number | undefined;
}

/** The bot's webhook, called and signed as the platform does it. */
export class Webhook {
  #options: WebhookOptions | undefined;
  #last: Delivery | undefined;
  readonly #platform: Platform;
  readonly #calls: OutgoingCalls;
  readonly #closing: AbortSignal;

  constructor(platform: Platform, calls: OutgoingCalls, closing: AbortSignal) {
    this.#platform = platform;
    this.#calls = calls;
    this.#closing = closing;
  }

  set(webhook: string | WebhookOptions): void {
    const options = typeof webhook === 'string' ? { url: webhook } : webhook;
    const protocol = URL.canParse(options.url) && new URL(options.url).protocol;
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw new InputError(`Expected the webhook's url to be an http or https address, got "${options.url}"`);
    }
    const unknown = options.fields?.find((field) => !WEBHOOK_FIELDS.includes(field));
    if (unknown !== undefined) {
      throw new InputError(
        `Expected the webhook's fields to be among ${WEBHOOK_FIELDS.join(', ')}; got "${unknown}"`,
      );
    }
    this.#options = options;
    this.#last = undefined;
  }

  isSubscribedTo(page: Page, field: WebhookField): boolean {
    const fields: readonly string[] = this.#options?.fields ?? page.subscribedFields ?? DEFAULT_FIELDS;
    return this.#options !== undefined && fields.includes(field);
  }

  /** Tells the bot of an event between a page and a person. Resolves when the bot has answered, or could not. */
  async deliver(page: Page, user: string, at: number, told: WebhookEvent): Promise<Delivery> {
    const isPassedOn = this.#platform.ownerOf(page, user) !== undefined;
    const { field, content } = (isPassedOn ? standbyEvent(told) : undefined) ?? told;
    if (this.#options && !this.isSubscribedTo(page, field)) {
      return { delivered: false, error: `The webhook is not subscribed to ${field}` };
    }
    const [person, ownPage] = [{ id: user }, { id: page.id }];
    const isEcho = told.field === 'message_echoes';
    const event = {
      sender: isEcho ? ownPage : person,
      recipient: isEcho ? person : ownPage,
      timestamp: at,
      ...content,
    };
    const body = JSON.stringify({
      object: 'page',
      entry: [
        {
          id: page.id,
          time: this.#platform.now(),
          [field === 'standby' ? 'standby' : 'messaging']: [event],
        },
      ],
    });
    const headers = { 'content-type': 'application/json', ...(page.secret && signatures(page.secret, body)) };
    const deliverOnce = async () =>
      (this.#last = (await this.#call({ method: 'POST', headers, body })).delivery);
    const delivery = await deliverOnce();
    return !delivery.delivered && this.#options?.redeliver ? deliverOnce() : delivery;
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

  /** A bot that is down or answers with an error is a result, too: it must not bring the platform down. */
  async #call(
    request: { method: string; headers?: Record<string, string>; body?: string },
    query: Record<string, string> = {},
  ): Promise<{ delivery: Delivery; text?: string }> {
    if (!this.#options) return { delivery: { delivered: false, error: 'No webhook is set' } };
    const url = new URL(this.#options.url);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    try {
      const response = await this.#calls.fetch(url, {
        ...request,
        signal: AbortSignal.any([AbortSignal.timeout(this.#options.timeout ?? TIMEOUT), this.#closing]),
      });
      const text = await response.text();
      const { ok, status } = response;
      return {
        delivery: { delivered: ok, status, ...(!ok && { error: `The bot answered ${status}` }) },
        text,
      };
    } catch (error) {
      return { delivery: { delivered: false, error: fetchProblemOf(error) } };
    }
  }
}

function signatures(secret: string, body: string): Record<string, string> {
  const sign = (algorithm: string) => createHmac(algorithm, secret).update(body).digest('hex');
  return { 'x-hub-signature': `sha1=${sign('sha1')}`, 'x-hub-signature-256': `sha256=${sign('sha256')}` };
}
