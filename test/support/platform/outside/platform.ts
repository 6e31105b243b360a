import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { TYPESCRIPT } from '../../processes/typescript';
import type { Counts, Rule } from './rules';
import type { Listening, Request } from './server';

/**
 * The Messenger Platform as somebody would write it who knows only the platform's documents: a process of its own,
 * HTTPS, three calls.
 *
 * It is not the simulator, for two reasons. The simulator is written by those who write the plugin, so that a mistake
 * about the platform could be in both. And it keeps every call and all content in the process of the test, so that
 * 10,000 messages, or gigabytes, could not be told from what they cost the plugin. This one streams, counts, and keeps
 * nothing.
 */
export class OutsidePlatform {
  /** Name and port. */
  readonly host: string;
  /** PEM of the certificate to trust. */
  readonly ca: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, { host, ca }: Listening) {
    this.#child = child;
    this.host = host;
    this.ca = ca;
  }

  static async start(): Promise<OutsidePlatform> {
    const child = fork(path.join(__dirname, 'server.ts'), { execArgv: [...TYPESCRIPT] });
    const [listening] = (await once(child, 'message')) as [Listening];
    return new OutsidePlatform(child, listening);
  }

  /** What certain calls meet from now on. Replaces the rules before. */
  async follow(...rules: Rule[]): Promise<void> {
    await this.#ask({ ask: 'rules', rules });
  }

  /** Files of messages are counted as wrong if they have another size. */
  async expectFilesOf(bytes: number): Promise<void> {
    await this.#ask({ ask: 'expect', bytes });
  }

  /** All IDs that have been given out are invalid from now on. */
  async revokeIds(): Promise<void> {
    await this.#ask({ ask: 'revoke' });
  }

  /** Forgets rules and counts, and cuts every connection. IDs stay good. */
  async reset(): Promise<void> {
    await this.#ask({ ask: 'reset' });
  }

  async counts(): Promise<Counts> {
    return this.#ask({ ask: 'counts' });
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  async #ask(request: Request): Promise<Counts> {
    const answered = once(this.#child, 'message');
    this.#child.send(request);
    const [counts] = (await answered) as [Counts];
    return counts;
  }
}
