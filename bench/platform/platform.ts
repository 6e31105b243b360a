import assert from 'node:assert/strict';
import { Agent } from 'undici';
import type { Counts, Listening } from './counts';

/** The stand-in of the platform, as a row sees it. */
export class Platform {
  readonly #agent: Agent;
  readonly #origin: string;

  constructor({ host, ca }: Listening) {
    this.#origin = `https://${host}`;
    this.#agent = new Agent({ connect: { ca } });
  }

  /** Begins to count anew. */
  async forget(): Promise<void> {
    await this.#ask('/bench/forget');
  }

  async counts(): Promise<Counts> {
    return (await this.#ask('/bench/counts')) as Counts;
  }

  /** From now on, this ID is invalid. */
  async kill(id: string): Promise<void> {
    await this.#ask('/bench/kill', id);
  }

  /** A row that loses a message, or sends one twice, has measured nothing. */
  async expectOnceEach(recipients: number): Promise<Counts> {
    return this.expectEach(1, recipients);
  }

  /** Each of so many people has got so many messages. */
  async expectEach(messages: number, recipients: number): Promise<Counts> {
    const counts = await this.counts();
    assert.deepEqual(
      { messages: counts.messages, recipients: counts.recipients, most: counts.most },
      { messages: messages * recipients, recipients, most: messages },
      'Each message is delivered exactly once',
    );
    return counts;
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  async #ask(path: string, body = ''): Promise<unknown> {
    const answer = await this.#agent.request({ origin: this.#origin, path, method: 'POST', body });
    return answer.body.json();
  }
}
