import { InputError, isObject } from '../base/check';
import { sha256Of } from './content';
import {
  type AttachmentType,
  type Delivery,
  type Page,
  type PersonEvent,
  type Referral,
  threadAttachment,
  type ThreadMessage,
} from './model';
import { type Platform } from './platform';
import { type Webhook } from './webhook';
import {
  accountLinkingEvent,
  deliveryEvent,
  echoEvent,
  messageEvent,
  optinEvent,
  passThreadEvent,
  postbackEvent,
  reactionEvent,
  readEvent,
  referralEvent,
  unsendEvent,
  type WebhookEvent,
} from './webhook-events';

/** What a person sends: a text, the tap of a quick reply or of a button, files, a sticker, a place. */
export interface UserMessage {
  page: string;
  user: string;
  text?: string | undefined;
  /** Of the quick reply or button that the user tapped. */
  payload?: string | undefined;
  /** The user tapped a button, not a quick reply. */
  postback?: boolean | undefined;
  /** Of a postback: how the person came to the page. */
  referral?: Referral | undefined;
  attachments?: readonly SentFile[] | undefined;
  sticker?: string | undefined;
  location?: ThreadMessage['location'] | undefined;
  /** The `mid` of the message that this one replies to. */
  replyTo?: string | undefined;
}

/** A file that a person sends. */
export interface SentFile {
  type: AttachmentType;
  name: string;
  contentType: string;
  bytes: Buffer;
}

export interface SaidMessage extends Delivery {
  mid: string;
}

interface Parts {
  platform: Platform;
  webhook: Webhook;
  /** Where the content of attachments can be fetched: what stands before `/_sim`. */
  origin: () => string;
}

/** What people do: it is put into the thread, and the bot is told. */
export class PersonActions {
  readonly #platform: Platform;
  readonly #webhook: Webhook;
  readonly #origin: () => string;

  constructor({ platform, webhook, origin }: Parts) {
    this.#platform = platform;
    this.#webhook = webhook;
    this.#origin = origin;
    platform.on('message', (message, thread) => {
      const page = message.from === 'page' ? platform.page(thread.page) : undefined;
      if (page) this.#confirm(page, thread.user, message);
    });
  }

  /** Resolves when the bot has answered, or could not. */
  async say(page: Page, said: UserMessage): Promise<SaidMessage> {
    const { user, postback, referral, sticker, location, replyTo } = said;
    const contact = this.#tappedContact(page, said);
    const { text = contact, payload = contact } = contact === undefined ? said : {};
    const files = said.attachments ?? [];
    if (text === undefined && files.length === 0 && sticker === undefined && !location) {
      throw new InputError('Expected a message to have text, attachments, sticker or location; got none');
    }
    if (referral && !postback) {
      throw new InputError(
        'Expected "referral" to come with "postback": true; for a person who only follows a link, use the action "referral"',
      );
    }
    const empty = files.find(({ bytes }) => bytes.length === 0);
    if (empty) throw new InputError(`Expected the file "${empty.name}" to have content, got none`);
    if (replyTo !== undefined) this.#mustHave(page, user, replyTo);
    const attachments = files.map(({ type, name, contentType, bytes }) =>
      threadAttachment(this.#platform.store(type, { name, contentType, bytes, sha256: sha256Of(bytes) })),
    );
    const message = this.#platform.addMessage(page, user, {
      from: 'user',
      ...(text !== undefined && { text }),
      attachments,
      ...(payload !== undefined && { payload }),
      ...(postback && { postback }),
      ...(referral && { referral }),
      ...(sticker !== undefined && { sticker_id: sticker }),
      ...(location && { location }),
      ...(replyTo !== undefined && { reply_to: replyTo }),
    });
    const event = postback ? postbackEvent(message) : messageEvent(message, this.#origin());
    const delivery = await this.#webhook.deliver(page, user, message.at, event);
    this.#platform.setDelivery(page, user, message, delivery);
    return { mid: message.mid, ...delivery };
  }

  /** What a person does beside writing. Resolves when the bot has answered, or could not. */
  async act(page: Page, user: string, action: PersonEvent): Promise<Delivery> {
    const event = this.#apply(page, user, action);
    this.#platform.addEvent(page, user, action);
    // policy/policy-overview: what counts as an interaction of the person.
    if (!['read', 'unsend', 'hand_back'].includes(action.type)) this.#platform.openWindow(page, user);
    return this.#webhook.deliver(page, user, this.#platform.now(), event);
  }

  /** identity/account-linking: what a Log In button opens, the bot's own `url` with what it needs to come back. */
  loginAddress(page: Page, user: string, url: string): string {
    const token = this.#platform.accountLinks.begin(page.id, user);
    const address = new URL(url);
    address.searchParams.set(
      'redirect_uri',
      `${this.#origin()}/_sim/account_linking?account_linking_token=${token}`,
    );
    address.searchParams.set('account_linking_token', token);
    return address.href;
  }

  #apply(page: Page, user: string, action: PersonEvent): WebhookEvent {
    switch (action.type) {
      case 'react':
        this.#change(page, user, action.mid, (message) => (message.userReaction = action.emoji));
        return reactionEvent(action.mid, action.emoji, 'react');
      case 'unreact': {
        let emoji = '';
        this.#change(page, user, action.mid, (message) => {
          emoji = message.userReaction ?? '';
          delete message.userReaction;
        });
        return reactionEvent(action.mid, emoji, 'unreact');
      }
      case 'unsend':
        this.#change(page, user, action.mid, unsend);
        return unsendEvent(action.mid);
      case 'read':
        return readEvent(this.#platform.now());
      case 'referral':
        return referralEvent(action);
      case 'optin':
        return optinEvent(action.ref);
      case 'link_account':
        return accountLinkingEvent(action.authorizationCode);
      case 'unlink_account':
        return accountLinkingEvent(undefined);
      case 'hand_back': {
        const owner = this.#platform.ownerOf(page, user);
        if (owner === undefined) {
          throw new InputError('Expected a thread that another app controls: the bot controls this thread');
        }
        this.#platform.setOwner(page, user);
        return passThreadEvent(owner, action.metadata);
      }
    }
  }

  /**
   * send-messages/quick-replies: a tap of `user_email` or `user_phone_number` sends the person's own, whatever title and
   * payload the bot gave it.
   */
  #tappedContact(page: Page, { user, text, payload, postback }: UserMessage): string | undefined {
    if (payload === undefined || postback) return undefined;
    const replies = this.#platform.thread(page, user).messages.at(-1)?.quick_replies;
    for (const reply of Array.isArray(replies) ? replies.filter(isObject) : []) {
      const { content_type: type } = reply;
      if (type !== 'user_email' && type !== 'user_phone_number') continue;
      const title = reply['title'] || type;
      const isTapped = payload === type || (payload === (reply['payload'] || title) && text === title);
      if (!isTapped) continue;
      const { people } = this.#platform;
      return type === 'user_email' ? people.emailOf(user) : people.phoneOf(user);
    }
    return undefined;
  }

  #change(page: Page, user: string, mid: string, change: (message: ThreadMessage) => void): void {
    if (!this.#platform.changeMessage(page, user, mid, change)) throw noMessage(mid);
  }

  #mustHave(page: Page, user: string, mid: string): void {
    const { messages } = this.#platform.thread(page, user);
    if (!messages.some((message) => message.mid === mid)) throw noMessage(mid);
  }

  /** What a bot sent is delivered at once, and echoed to those who want to know. */
  #confirm(page: Page, user: string, message: ThreadMessage): void {
    for (const event of [echoEvent(message, this.#origin()), deliveryEvent(message)]) {
      // A bot that does not take it is no worse than on the platform, which says nothing of it either.
      if (this.#webhook.isSubscribedTo(page, event.field))
        void this.#webhook.deliver(page, user, message.at, event);
    }
  }
}

function unsend(message: ThreadMessage): void {
  if (message.from === 'page') throw new InputError('Expected a message of the person, got one of the page');
  message.unsent = true;
}

function noMessage(mid: string): InputError {
  return new InputError(`Expected "mid" to be that of a message of this thread, got ${JSON.stringify(mid)}`);
}
