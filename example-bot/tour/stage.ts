import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type Server } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import express from 'express';
import { startSimulator, type Simulator } from 'messenger-platform-simulator';
import { listen, portOf, stop } from '../webserver';
import { BotProcess } from './bot-process';
import { type Expected, type Promised } from './expected';

const SECRET = 'app-secret-of-the-tour';
const VERIFY_TOKEN = 'verify-token-of-the-tour';
const CATS = { id: '1000000000000001', token: 'token-of-the-cats', secret: SECRET };
const NEIGHBOURS = { id: '1000000000000002', token: 'token-of-the-neighbours', secret: SECRET };

/** Someone who writes to a page, and what the bot owes them for it. */
export interface Person extends Promised {
  /** Writes, and waits until the bot has answered. `expected` is what must then stand in the thread. */
  writes(text: string, ...expected: Expected[]): Promise<void>;
  /** Taps a button of a card, which sends its payload. */
  taps(title: string, payload: string, ...expected: Expected[]): Promise<void>;
}

/**
 * The simulator, the bot in a process of its own, a website with a picture; and a folder that all of it is gone with.
 */
export class Stage {
  readonly simulator: Simulator;
  readonly people: Person[] = [];
  /** What the bot wrote to its error output. */
  readonly complaints: string[] = [];
  /** Whom it did not answer in time; their messages may have arrived all the same. */
  readonly unanswered: string[] = [];
  /** A picture on the web. */
  readonly pictureAddress: string;
  readonly #folder: string;
  readonly #website: Server;
  #bot: BotProcess | undefined;

  private constructor(simulator: Simulator, website: Server, folder: string) {
    this.simulator = simulator;
    this.#website = website;
    this.#folder = folder;
    this.pictureAddress = `http://127.0.0.1:${portOf(website)}/cats/mia.jpg`;
  }

  static async open(): Promise<Stage> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'botkit-tour-'));
    const simulator = await startSimulator({ pages: [CATS, NEIGHBOURS] });
    const pictures = express().use(express.static(path.join(__dirname, '..', 'assets')));
    const stage = new Stage(simulator, await listen(pictures, 0, '127.0.0.1'), folder);
    try {
      await writeFile(path.join(folder, 'ca.pem'), simulator.ca);
      await stage.#startBot();
      return stage;
    } catch (error) {
      await stage.close();
      throw new Error(`The stage could not be set. ${stage.complaints.join('')}`, { cause: error });
    }
  }

  /** People who have never written before, to the first page or to the other one. */
  newcomers(count: number, page: 'first' | 'other' = 'first'): Person[] {
    return Array.from({ length: count }, () => this.#newcomer(page === 'first' ? CATS.id : NEIGHBOURS.id));
  }

  /** The old process ends before the new one begins: all that the bot knows then, it has from its store. */
  async restartBot(): Promise<void> {
    await this.#bot?.stop();
    await this.#startBot();
  }

  async stopBot(): Promise<void> {
    await this.#bot?.stop();
  }

  async close(): Promise<void> {
    try {
      await this.stopBot();
    } finally {
      await Promise.all([this.simulator.close(), stop(this.#website)]);
      await rm(this.#folder, { recursive: true, force: true });
    }
  }

  async #startBot(): Promise<void> {
    const environment = {
      FACEBOOK_PAGES: [CATS, NEIGHBOURS].map(({ id, token }) => `${id}:${token}`).join(','),
      FACEBOOK_APP_SECRET: SECRET,
      FACEBOOK_VERIFY_TOKEN: VERIFY_TOKEN,
      FACEBOOK_API_HOST: this.simulator.host,
      NODE_EXTRA_CA_CERTS: path.join(this.#folder, 'ca.pem'),
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_FOLDER: path.join(this.#folder, 'data'),
    };
    this.#bot = await BotProcess.start(environment, (complaint) => this.complaints.push(complaint));
    this.simulator.setWebhook({ url: this.#bot.webhook, verifyToken: VERIFY_TOKEN });
    const { delivered, error = '' } = await this.simulator.verifyWebhook();
    if (!delivered) throw new Error(`The bot did not pass the webhook's handshake: ${error}`);
  }

  #newcomer(page: string): Person {
    const user = String(2_000_000_000_000_001 + this.people.length);
    const messages: Expected[] = [];
    const say = async (text: string, expected: Expected[], tap?: { payload: string; postback: true }) => {
      messages.push(...expected);
      const { delivered, error = '' } = await this.simulator.say({ page, user, text, ...tap });
      if (!delivered) this.unanswered.push(`user ${user} wrote “${text}” and got no answer: ${error}`);
    };
    const person: Person = {
      page,
      user,
      messages,
      writes: (text, ...expected) => say(text, expected),
      taps: (title, payload, ...expected) => say(title, expected, { payload, postback: true }),
    };
    this.people.push(person);
    return person;
  }
}
