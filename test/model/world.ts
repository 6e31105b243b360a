import assert from 'node:assert/strict';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import sinon, { type SinonFakeTimers } from 'sinon';
import type { Dispatcher } from 'undici';
import type { PageOptions, Simulator } from 'messenger-platform-simulator';
import { image, isStoreError, type AttachmentMessage } from '../../src';
import { openPlainAdapter, type PlainAdapter } from '../support/bot/plain-adapter';
import { FaultyStore } from '../support/stores/faulty-store';
import { OTHER_PAGE, PAGE } from '../support/platform/pages';
import { countUploads, arrived } from '../support/platform/received';
import { sha256 } from '../support/checks/sha256';
import { mediaTemplate } from '../faults/matrix/ways';

/** What all runs share: starting it takes longer than a run. */
export interface SharedSetup {
  readonly sim: Simulator;
  readonly dispatcher: Dispatcher;
  /** An empty folder. */
  readonly root: string;
  /** An address, and what is there. */
  readonly web: { readonly url: string; readonly content: Uint8Array };
}

/** Two files that change, a web address, and bytes. */
export const ASSETS = ['a.png', 'b.png', 'web', 'bytes'] as const;
export type AssetName = (typeof ASSETS)[number];
export type FileName = 'a.png' | 'b.png';

export const PAGES = [PAGE.id, OTHER_PAGE.id] as const;

/** What is sent, by which process, for which page. */
export interface Message {
  readonly process: 0 | 1;
  readonly page: string;
  readonly asset: AssetName;
  readonly isTemplate: boolean;
}

/**
 * Milliseconds: shorter than by default, because a run takes some ten. That a message waits no longer than it should is
 * what test/faults/bounds/ tests.
 */
export const UPLOAD_WAIT = 80;

const BYTES = Buffer.from('Bytes that never change');

/**
 * Each is another, over all runs: a message that comes late must not be taken for one of the next run. They begin above
 * the IDs of pages.
 */
let users = 100_000;

/** What became of a message. */
export interface Fate {
  readonly user: string;
  readonly error: unknown;
  readonly arrived: number;
}

/** The platform, a store, and two processes that share it and serve two pages; time passes when it is told to. */
export class World {
  readonly store = new FaultyStore();
  readonly #setup: SharedSetup;
  readonly #contents: Record<AssetName, Uint8Array>;
  readonly #processes: PlainAdapter[] = [];
  /** With the tokens that the processes have. */
  readonly #pages: PageOptions[] = [{ ...PAGE }, { ...OTHER_PAGE }];
  readonly #clock: SinonFakeTimers;
  #elapsed = 0;
  #edits = 0;

  static async open(setup: SharedSetup): Promise<World> {
    const world = new World(setup);
    setup.sim.reset();
    await world.edit('a.png');
    await world.edit('b.png');
    for (const process of [0, 1]) world.#start(process);
    return world;
  }

  private constructor(setup: SharedSetup) {
    this.#setup = setup;
    this.#contents = { 'a.png': BYTES, 'b.png': BYTES, web: setup.web.content, bytes: BYTES };
    this.#clock = sinon.useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    const now = performance.now.bind(performance);
    sinon.replace(performance, 'now', () => now() + this.#elapsed);
    // An upload that is tried again need not wait for it.
    sinon.replace(Math, 'random', () => 0.001);
  }

  get sim(): Simulator {
    return this.#setup.sim;
  }

  /** Sends to a new user, and looks what has become of it. */
  async send({ process, page, asset, isTemplate }: Message): Promise<Fate> {
    const client = this.#process(process);
    users += 1;
    const user = String(users);
    const message = isTemplate ? this.#template(asset) : this.#attachment(asset);
    const error: unknown = await client.send(user, message, page).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    // Messages that waited for the same upload share its error.
    if (error !== undefined)
      assert.ok(
        client.errors.some((told) => told === error),
        'it is reported',
      );
    const shown = arrived(this.sim, user, page);
    const right = sha256(this.#contents[asset], 'hex');
    for (const { attachments } of shown) assert.equal(attachments[0]?.sha256, right, `the bytes of ${asset}`);
    return { user, error, arrived: shown.length };
  }

  /** How often content goes up while something is done. */
  async countUploads(work: () => Promise<unknown>): Promise<number> {
    const before = countUploads(this.sim);
    await work();
    return countUploads(this.sim) - before;
  }

  async edit(file: FileName): Promise<void> {
    this.#edits += 1;
    const content = Buffer.from(`${file}, as it is after ${this.#edits} edits`);
    const target = path.join(this.#setup.root, file);
    await writeFile(`${target}.new`, content);
    await rename(`${target}.new`, target);
    this.#contents[file] = content;
  }

  /**
   * Forgets the ID that a page has for an asset, in one process and in the store.
   *
   * @returns Whether the store has deleted it.
   */
  async forget({ process, page, asset }: Omit<Message, 'isTemplate'>): Promise<boolean> {
    try {
      await this.#process(process).plugin.forget(this.#attachment(asset), { page });
      return true;
    } catch (error) {
      assert.ok(isStoreError(error), `forget fails by the store only: ${String(error)}`);
      return false;
    }
  }

  /** From now on, all processes have this token for a page. Undefined: the right one. */
  setToken(page: string, token?: string): void {
    const known = this.#pages.find(({ id }) => id === page);
    assert.ok(known);
    known.token = token ?? (page === PAGE.id ? PAGE : OTHER_PAGE).token;
  }

  async passTime(ms: number): Promise<void> {
    this.#clock.tick(ms);
    this.#elapsed += ms;
    // The cache looks at the clock at most once a millisecond.
    await wait(3);
  }

  /** Lets what goes on in the background end. */
  async settle(): Promise<void> {
    for (const { plugin } of this.#processes) await plugin.close();
  }

  async restart(process: number): Promise<void> {
    await this.#process(process).plugin.close();
    this.#start(process);
  }

  /** The platform and the store are well again, and what was refused may be tried again. */
  async heal(): Promise<void> {
    this.sim.clearFaults();
    this.store.heal();
    for (const page of PAGES) this.setToken(page);
    await this.passTime(10 * 60_000);
  }

  async close(): Promise<void> {
    await this.settle();
    sinon.restore();
  }

  #start(process: number): void {
    const { sim, dispatcher, root } = this.#setup;
    this.#processes[process] = openPlainAdapter(sim, {
      root,
      dispatcher,
      pages: this.#pages,
      store: this.store,
      storeTimeout: 2,
      uploadWait: UPLOAD_WAIT,
      // Making room for more takes longer than the run itself.
      memory: 100,
      uploads: { attempts: 2 },
    });
  }

  #process(number: number): PlainAdapter {
    const process = this.#processes[number];
    assert.ok(process);
    return process;
  }

  #attachment(asset: AssetName): AttachmentMessage {
    if (asset === 'bytes') return image(BYTES, { filename: 'bytes.png' });
    return image(asset === 'web' ? this.#setup.web.url : asset);
  }

  #template(asset: AssetName): object {
    if (asset !== 'bytes') return mediaTemplate(asset === 'web' ? this.#setup.web.url : asset);
    const element = { media_type: 'image', filedata: BYTES, filename: 'bytes.png' };
    return { attachment: { type: 'template', payload: { template_type: 'media', elements: [element] } } };
  }
}
