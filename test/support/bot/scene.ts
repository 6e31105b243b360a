import assert from 'node:assert/strict';
import { startSimulator, type Simulator } from 'messenger-platform-simulator';
import { openStage, OTHER_PAGE, PAGE, type Stage, type StageOptions } from './stage';

interface Closable {
  close(): Promise<unknown>;
}

export interface Scene {
  /** The platform, with both pages; as good as new for each test. */
  readonly sim: Simulator;
  /** A bot on `sim`, or on another. */
  open(options?: StageOptions): Promise<Stage>;
  /** Has something closed after the test, the last one first. */
  closing<T extends Closable>(thing: T): T;
  /** Closes one of these before the test ends. */
  close(thing: Closable): Promise<void>;
}

/** One simulator for the tests of a `describe`; what a test opens is closed after it. */
export function scene(): Scene {
  let sim: Simulator | undefined;
  const opened: Closable[] = [];
  const rejections = new Set<unknown>();
  const onRejection = (reason: unknown) => void rejections.add(reason);
  const closing = <T extends Closable>(thing: T): T => {
    opened.push(thing);
    return thing;
  };
  const running = () => {
    if (sim) return sim;
    throw new Error('The simulator runs during tests only');
  };
  before(async () => {
    process.on('unhandledRejection', onRejection);
    // Asks anew each time, so that a test may put a clock of its own in place.
    sim = await startSimulator({ pages: [PAGE, OTHER_PAGE], now: () => Date.now() });
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
    // Each of them would end the bot's process; mocha lets them pass.
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
    open: async (options) => closing(await openStage({ sim: running(), ...options })),
    closing,
    close: async (thing) => {
      opened.splice(opened.indexOf(thing), 1);
      await thing.close();
    },
  };
}
