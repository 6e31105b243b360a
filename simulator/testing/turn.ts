import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { isObject } from '../base/check';
import { type SimulatorOperations } from '../control/operations';
import { type GraphCall } from '../platform/call-log';
import { type Delivery, type Thread, type ThreadMessage } from '../platform/model';
import { ConversationError } from './errors';

/** How long a person waits for a bot. */
export interface WaitOptions {
  /** How many messages the bot sends at least; 0, if it may send none. Default: 1 */
  atLeast?: number | undefined;
  /**
   * Milliseconds without a call or a message of the bot after which it has said all that it had to say. Default: 100
   */
  quietTime?: number | undefined;
  /** Milliseconds after which the bot has answered too late. Default: 4,000 */
  timeout?: number | undefined;
}

/** Short enough that a runner's own limit, 5 s in Jest and Vitest, does not come first and hide what was missing. */
const TIMEOUT = 4000;
const QUIET_TIME = 100;
const STEP = 10;

/** What a bot does for a person, from the moment that this is made until `end`. */
export class Turn {
  readonly #events: SimulatorOperations['events'];
  readonly #page: string;
  readonly #user: string;
  readonly #messages: ThreadMessage[] = [];
  readonly #calls: GraphCall[] = [];
  readonly #inProgress = new Set<GraphCall>();
  #begun = performance.now();
  #lastSign = performance.now();
  #isTyping = false;

  constructor(events: SimulatorOperations['events'], page: string, user: string) {
    this.#events = events;
    this.#page = page;
    this.#user = user;
    events.on('begin', this.#onBegin);
    events.on('call', this.#onCall);
    events.on('message', this.#onMessage);
    events.on('thread', this.#onThread);
  }

  /**
   * Waits until the bot is done: it has answered the webhook, sent what was waited for, has no call under way, does not
   * show that it types, and has been quiet for a while.
   *
   * @throws ConversationError, if it has not taken what the person did, or sent too little in time.
   */
  async end(told: Promise<Delivery>, what: string, options: WaitOptions): Promise<ThreadMessage[]> {
    const { atLeast = 1, quietTime = QUIET_TIME, timeout = TIMEOUT } = options;
    let delivery: Delivery | undefined;
    let failure: unknown;
    void told.then(
      (answered) => {
        delivery = answered;
        this.#lastSign = performance.now();
      },
      (error: unknown) => (failure = error),
    );
    const isDone = () =>
      delivery !== undefined &&
      this.#messages.length >= atLeast &&
      !this.#isBusy() &&
      performance.now() - this.#lastSign >= quietTime;
    try {
      while (performance.now() - this.#begun < timeout) {
        await delay(STEP);
        // What has come in while this process was busy is read first.
        await nextTurn();
        if (failure !== undefined) throw failure as Error;
        if (delivery && !delivery.delivered) throw notDelivered(what, delivery);
        if (isDone()) return this.#messages;
      }
    } finally {
      this.stop();
    }
    if (this.#messages.length < atLeast) {
      throw new ConversationError('no_reply', this.#tooLittle(what, { atLeast, timeout }, delivery));
    }
    if (!delivery) throw notDelivered(what, { error: `it has not answered within ${timeout} ms` });
    return this.#messages;
  }

  stop(): void {
    this.#events.off('begin', this.#onBegin);
    this.#events.off('call', this.#onCall);
    this.#events.off('message', this.#onMessage);
    this.#events.off('thread', this.#onThread);
  }

  #isBusy(): boolean {
    return this.#isTyping || [...this.#inProgress].some((call) => this.#concerns(call));
  }

  /** Until it was read, a call may be anybody's. */
  #concerns({ page, body }: GraphCall): boolean {
    if (page !== undefined && page !== this.#page) return false;
    const recipient = isObject(body) && isObject(body['recipient']) ? body['recipient']['id'] : undefined;
    return recipient === undefined || recipient === this.#user || recipient === Number(this.#user);
  }

  readonly #onBegin = (call: GraphCall): void => {
    this.#inProgress.add(call);
  };

  readonly #onCall = (call: GraphCall): void => {
    this.#inProgress.delete(call);
    if (!this.#concerns(call)) return;
    this.#calls.push(call);
    this.#lastSign = performance.now();
  };

  readonly #onMessage = (message: ThreadMessage, thread: Thread): void => {
    if (!this.#isOwn(thread) || message.from !== 'page') return;
    this.#messages.push(message);
    this.#isTyping = false;
    this.#lastSign = performance.now();
  };

  readonly #onThread = (thread: Thread): void => {
    if (!this.#isOwn(thread)) return;
    this.#isTyping = thread.typing;
    this.#lastSign = performance.now();
  };

  #isOwn({ page, user }: Thread): boolean {
    return page === this.#page && user === this.#user;
  }

  #tooLittle(
    what: string,
    { atLeast, timeout }: { atLeast: number; timeout: number },
    delivery?: Delivery,
  ): string {
    const expected = atLeast === 1 ? 'nothing' : `${this.#messages.length} of ${atLeast} messages`;
    const webhook = delivery
      ? delivery.status === undefined
        ? ''
        : `Its webhook answered ${delivery.status}.`
      : 'Its webhook has not answered yet.';
    const waiting = [...this.#inProgress].filter((call) => this.#concerns(call));
    const calls = [...this.#calls, ...waiting].slice(-5).map((call) => `\n  ${outcomeOf(call)}`);
    const seen = calls.length === 0 ? 'It has made no call.' : `Its last calls:${calls.join('')}`;
    return `The bot sent user ${this.#user} ${expected} within ${timeout} ms after ${what}. ${webhook} ${seen}`;
  }
}

function outcomeOf({ method, path, status, code, subcode, reason, answer }: GraphCall): string {
  if (status === 0) return `${method} ${path}: no answer yet`;
  if (code === undefined) return `${method} ${path}: ${status}`;
  const error = isObject(answer) && isObject(answer['error']) ? answer['error']['message'] : undefined;
  const numbers = `${code}${subcode === undefined ? '' : `/${subcode}`}`;
  const words = [error, reason].filter((each) => typeof each === 'string').join('. ');
  return `${method} ${path}: ${status}, error ${numbers}${words === '' ? '' : ` (${words})`}`;
}

function notDelivered(
  what: string,
  { error = 'it did not say why' }: Pick<Delivery, 'error'>,
): ConversationError {
  return new ConversationError('not_delivered', `The bot's webhook did not accept ${what}: ${error}`);
}
