import { type SimulatorOperations, type UserAction } from '../control/operations';
import { type Transcript, transcriptOf } from '../control/transcript';
import { type Delivery, type Thread, type ThreadMessage } from '../platform/model';
import { type UserMessage } from '../platform/person-actions';
import { type FileSource, readSource } from './files';
import { getStartedOf, iceBreakerOf, menuItemOf } from './entry-points';
import { replay, type ReplayOptions } from './replay';
import { buttonOf, lastOfPage, lastOfPerson, loginOf, quickReplyOf } from './taps';
import { Turn, type WaitOptions } from './turn';

export interface PersonOptions extends Omit<WaitOptions, 'atLeast'> {
  /** The page that the person writes to. May be left out if the simulator has no other. */
  page?: string | undefined;
}

/** What a person says, without who it is. */
type Said = Omit<UserMessage, 'page' | 'user'>;
type Act = UserAction extends infer A ? (A extends UserAction ? Omit<A, 'page' | 'user'> : never) : never;

/**
 * A person in a conversation with a bot. Each method does what the person would do, and resolves with all that the bot
 * sent for it, when the bot is done: it has answered its webhook, no call of it is under way, and it has been quiet for
 * `quietTime`. A bot may answer before or after its webhook does.
 *
 * They reject with a `ConversationError` when the webhook was not taken in time, when the bot sends less than `atLeast`
 * messages within `timeout`, and when there is nothing of that name to tap.
 */
export class Person {
  /** Of digits, as the bot sees it. */
  readonly id: string;
  readonly page: string;
  readonly #operations: SimulatorOperations;
  readonly #options: PersonOptions;

  constructor(operations: SimulatorOperations, id: string, page: string, options: PersonOptions) {
    this.#operations = operations;
    this.id = id;
    this.page = page;
    this.#options = options;
  }

  says(
    text: string,
    options: WaitOptions & { replyTo?: ThreadMessage | undefined } = {},
  ): Promise<ThreadMessage[]> {
    const { replyTo, ...wait } = options;
    return this.#say({ text, replyTo: replyTo?.mid }, `"${text}"`, wait);
  }

  /** Taps a quick reply below the last message, by its title. */
  async tapsQuickReply(title: string, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#say(quickReplyOf(this.thread(), title), `the quick reply "${title}"`, options);
  }

  /** Taps a button by its title, the youngest if there are several; `card` names the card that it is on. */
  async tapsButton(title: string, options: WaitOptions & { card?: string } = {}): Promise<ThreadMessage[]> {
    const { card, ...wait } = options;
    const tap = buttonOf(this.thread(), title, card);
    return this.#say({ ...tap, postback: true }, `the button "${title}"`, wait);
  }

  sendsImage(source: FileSource, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#sendFile('image', source, options);
  }

  sendsAudio(source: FileSource, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#sendFile('audio', source, options);
  }

  sendsVideo(source: FileSource, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#sendFile('video', source, options);
  }

  sendsFile(source: FileSource, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#sendFile('file', source, options);
  }

  /** By default the thumb. */
  sendsSticker(id = '369239263222822', options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#say({ sticker: id }, `the sticker ${id}`, options);
  }

  sendsLocation(
    location: { lat: number; long: number; title?: string },
    options: WaitOptions = {},
  ): Promise<ThreadMessage[]> {
    return this.#say({ location }, 'a location', options);
  }

  /** Taps Get started, which the bot has set up; with `ref`, after a link such as `https://m.me/PAGE?ref=…`. */
  async getsStarted(options: WaitOptions & { ref?: string } = {}): Promise<ThreadMessage[]> {
    const { ref, ...wait } = options;
    const tap = getStartedOf(this.#profile(), this.id);
    const referral = ref === undefined ? undefined : { ref };
    return this.#say({ ...tap, postback: true, referral }, 'Get started', wait);
  }

  /** Taps an item of the persistent menu, by its title. */
  async tapsMenu(title: string, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    const tap = menuItemOf(this.#profile(), this.id, title);
    return this.#say({ ...tap, postback: true }, `the menu's "${title}"`, options);
  }

  /** Taps one of the questions that the page offers before a conversation. */
  async tapsIceBreaker(question: string, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    const tap = iceBreakerOf(this.#profile(), this.id, question);
    return this.#say({ ...tap, postback: true }, `the ice breaker "${question}"`, options);
  }

  /** Reacts with an emoji to a message, by default to the page's last one. Bots need not answer: `atLeast` is 0. */
  async reacts(emoji: string, options: WaitOptions & { to?: ThreadMessage } = {}): Promise<ThreadMessage[]> {
    const { to = lastOfPage(this.thread()), ...wait } = options;
    return this.#act({ type: 'react', mid: to.mid, emoji }, `the reaction ${emoji}`, wait);
  }

  /** Takes a reaction back, by default that to the page's last message. `atLeast` is 0. */
  async removesReaction(options: WaitOptions & { from?: ThreadMessage } = {}): Promise<ThreadMessage[]> {
    const { from = lastOfPage(this.thread()), ...wait } = options;
    return this.#act({ type: 'unreact', mid: from.mid }, 'the removed reaction', wait);
  }

  /** Reads everything so far. `atLeast` is 0. */
  reads(options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#act({ type: 'read' }, 'a read receipt', options);
  }

  /** Takes back a message of their own, by default the last one. `atLeast` is 0. */
  async unsends(options: WaitOptions & { message?: ThreadMessage } = {}): Promise<ThreadMessage[]> {
    const { message = lastOfPerson(this.thread()), ...wait } = options;
    return this.#act({ type: 'unsend', mid: message.mid }, 'the unsent message', wait);
  }

  /** Comes back by a link such as `https://m.me/PAGE?ref=…`; with `adId`, by an ad. */
  followsLink(ref: string, options: WaitOptions & { adId?: string } = {}): Promise<ThreadMessage[]> {
    const { adId, ...wait } = options;
    return this.#act({ type: 'referral', ref, adId }, `the link with ref "${ref}"`, { atLeast: 1, ...wait });
  }

  /** Taps "Send to Messenger" on a web page. */
  optsIn(ref: string, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#act({ type: 'optin', ref }, `the opt-in with ref "${ref}"`, { atLeast: 1, ...options });
  }

  /**
   * What the youngest Log In button opens: the bot's own address, with `redirect_uri` and `account_linking_token`. Once
   * something has opened it and followed the bot's redirect, the account is linked: `receives(() =>
   * fetch(loginAddress()))`.
   */
  loginAddress(): string {
    const url = loginOf(this.thread());
    return this.#operations.loginAddress({ page: this.page, user: this.id, url });
  }

  /** Has logged in where the bot's Log in button leads to; the code is the one that this page passes on. */
  linksAccount(authorizationCode: string, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#act({ type: 'link_account', authorizationCode }, 'the linked account', {
      atLeast: 1,
      ...options,
    });
  }

  unlinksAccount(options: WaitOptions = {}): Promise<ThreadMessage[]> {
    return this.#act({ type: 'unlink_account' }, 'the unlinked account', { atLeast: 1, ...options });
  }

  /** An agent passes the thread back that the bot has passed on (`/me/pass_thread_control`). `atLeast` is 0. */
  returnsToBot(options: WaitOptions & { metadata?: string } = {}): Promise<ThreadMessage[]> {
    const { metadata, ...wait } = options;
    return this.#act({ type: 'hand_back', metadata }, 'the returned thread', wait);
  }

  /** What the bot sends unasked: while `work` is done, and after it. */
  receives(work: () => unknown = () => undefined, options: WaitOptions = {}): Promise<ThreadMessage[]> {
    const done = async (): Promise<Delivery> => {
      await work();
      return { delivered: true };
    };
    return this.#during(done, 'the start of the wait', options);
  }

  /** What the person sees, as plain data. */
  thread(): Thread {
    return this.#operations.thread(this.page, this.id);
  }

  /**
   * The thread without what differs from run to run: for a runner's snapshots, and to be replayed.
   *
   * @param options.content Keeps what the person sent, in Base64, so that it can be sent again. Default: false
   */
  transcript({ content = false }: { content?: boolean } = {}): Transcript {
    const contentOf = (sha256: string) => this.#operations.content(sha256)?.bytes;
    return transcriptOf(this.thread(), content ? contentOf : undefined);
  }

  /**
   * Does what the person does in a transcript, and compares what the bot sends with what it sent then. The person must
   * not have written yet.
   *
   * @returns The transcript of this time.
   * @throws ConversationError with the code `transcript_differs` and the difference, at the first answer that is
   * another.
   */
  replays(transcript: Transcript, options: ReplayOptions = {}): Promise<Transcript> {
    const who = { operations: this.#operations, page: this.page, user: this.id };
    return replay(who, transcript, { ...this.#options, ...options });
  }

  async #sendFile(
    type: 'image' | 'audio' | 'video' | 'file',
    source: FileSource,
    options: WaitOptions,
  ): Promise<ThreadMessage[]> {
    const file = await readSource(type, source);
    return this.#say({ attachments: [file] }, `${type} ${file.name}`, options);
  }

  #say(said: Said, what: string, options: WaitOptions): Promise<ThreadMessage[]> {
    const { page, id: user } = this;
    return this.#during(() => this.#operations.say({ page, user, ...said }), what, options);
  }

  #act(action: Act, what: string, options: WaitOptions): Promise<ThreadMessage[]> {
    const { page, id: user } = this;
    return this.#during(() => this.#operations.act({ page, user, ...action }), what, {
      atLeast: 0,
      ...options,
    });
  }

  #during(work: () => Promise<Delivery>, what: string, options: WaitOptions): Promise<ThreadMessage[]> {
    const turn = new Turn(this.#operations.events, this.page, this.id);
    return turn.end(work(), what, { ...this.#options, ...options });
  }

  #profile(): Record<string, unknown> {
    return this.#operations.messengerProfile(this.page);
  }
}
