import { isRecord } from '../base/records';
import { Deadline } from './deadline';
import type { GraphClient } from '../graph/client';
import type { GraphParams } from '../graph/request';

/** A call of the Send API that waits. */
interface WaitingCall {
  readonly client: GraphClient;
  readonly path: string;
  readonly params: GraphParams;
}

interface TypingOptions {
  /** Milliseconds that a message waits before the person sees it. */
  readonly after?: number;
  /** Milliseconds until it is shown again: Facebook ends it after 20 s. */
  readonly every?: number;
}

/** Milliseconds that a message waits at most until it is certain that `typing_on` does not come after it. */
const LONGEST_CALL = 1_000;

/**
 * Shows a person that the bot is typing, while their message waits for its upload.
 *
 * @see https://developers.facebook.com/docs/messenger-platform/send-messages/sender-actions
 */
export class Typing {
  readonly #after: number;
  readonly #every: number;

  constructor({ after = 1_000, every = 15_000 }: TypingOptions = {}) {
    this.#after = after;
    this.#every = every;
  }

  /** Does `work`, which the message waits for. */
  async during<T>(call: WaitingCall, work: () => Promise<T>): Promise<T> {
    // Only a recipient with an `id` sees it, and not, for example, one with a `comment_id`.
    if (!isRecord(call.params.recipient) || call.params.recipient.id === undefined) return work();
    let shown: Promise<void> | undefined;
    const show = (): void => {
      shown = typingOn(call);
      timer = setTimeout(show, this.#every);
    };
    let timer = setTimeout(show, this.#after);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
      // After the message, it would stay for 20 s.
      if (shown) await new Deadline(LONGEST_CALL).within(shown);
    }
  }
}

/** Never rejects: that nothing is shown is no reason to hold up the message, or to report it as lost. */
async function typingOn({ client, path, params: { recipient } }: WaitingCall): Promise<void> {
  const purpose = { action: 'send', asset: 'a typing indicator', lane: 'send' } as const;
  await client.post(path, { recipient, sender_action: 'typing_on' }, purpose).catch(() => undefined);
}
