import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from 'messenger-platform-simulator';
import { OTHER_PAGE, PAGE } from '../platform/pages';
import { openBotkit, type RunningBotkit, type RunningBotkitOptions } from './botkit';
import { openPlainAdapter, type PlainAdapter, type PlainAdapterOptions } from './plain-adapter';

interface Closable {
  close(): Promise<unknown>;
}

/** What the tests of a `describe` share. */
export interface SimulatorFixture {
  /** The simulator, with the pages `PAGE` and `OTHER_PAGE`; reset before each test. */
  readonly sim: Simulator;
  /** Botkit with the plugin, on `sim` unless the options name another simulator; closed after the test. */
  openBotkit(options?: RunningBotkitOptions): Promise<RunningBotkit>;
  /** An adapter with the plugin, without Botkit; closed after the test. */
  openPlainAdapter(options?: PlainAdapterOptions): PlainAdapter;
  /** Closes something after the test; what was given last is closed first. */
  closeAfterTest<T extends Closable>(thing: T): T;
  /** Closes one of these now, before the test ends. */
  close(thing: Closable): Promise<void>;
}

/** For a `describe`: one simulator for its tests. Whatever a test opens by it is closed after the test. */
export function useSimulator(): SimulatorFixture {
  let sim: Simulator | undefined;
  const opened: Closable[] = [];
  const rejections = new Set<unknown>();
  const onRejection = (reason: unknown) => void rejections.add(reason);
  const closeAfterTest = <T extends Closable>(thing: T): T => {
    opened.push(thing);
    return thing;
  };
  const running = () => {
    if (sim) return sim;
    throw new Error('The simulator runs only during tests');
  };
  before(async () => {
    process.on('unhandledRejection', onRejection);
    sim = await startSimulator({
      pages: [PAGE, OTHER_PAGE],
      now: () => Date.now(), // Reads the clock at each call, so that a test can replace it.
      windows: 'open', // Days pass, and nobody writes to these bots.
    });
  });
  beforeEach(() => {
    running().reset();
    rejections.clear();
  });
  afterEach(async () => {
    const failures: unknown[] = [];
    // Whatever fails, nothing stays open: it would keep the process alive.
    for (const thing of opened.splice(0).reverse()) {
      await thing.close().catch((error: unknown) => failures.push(error));
    }
    assert.deepEqual(failures, []);
    // Each of them would end a bot's process, but mocha ignores them.
    assert.deepEqual([...rejections], []);
  });
  after(async () => {
    process.off('unhandledRejection', onRejection);
    await running().close();
  });
  return {
    get sim() {
      return running();
    },
    openBotkit: async (options) => closeAfterTest(await openBotkit({ sim: running(), ...options })),
    openPlainAdapter: (options) => closeAfterTest(openPlainAdapter(running(), options)),
    closeAfterTest,
    close: async (thing) => {
      opened.splice(opened.indexOf(thing), 1);
      await thing.close();
    },
  };
}
