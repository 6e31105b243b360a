import assert from 'node:assert/strict';
import fc from 'fast-check';
import sinon, { type SinonFakeTimers } from 'sinon';
import { Fleet, type FleetStore } from '../../src/delivery/fleet';
import type { Lease } from '../../src/cache/leases';
import type { SavedId } from '../../src/cache/saved-id';
import { fakeTime } from '../support/checks/fake-time';
import { savedId } from '../support/stores/saved-id';

const RUNS = Number(process.env.FLEET_RUNS ?? 1_000);
const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

const KEY = 'fb-attachment:2:1001:image:a';

/** Milliseconds after which everything is over, if nothing waits for ever. */
const LONG = 10 * 60_000;

/**
 * Milliseconds that others may need, beyond their own upload, when nothing goes wrong any more: until a lease ends that
 * nobody renews, and the next look.
 */
const DELAY = 6_000;

/** Milliseconds that the store takes to write. */
const WRITE = 20;

/** How a process uploads. */
interface Course {
  /** When it wants the ID. */
  readonly at: number;
  /** How long it waits for a place in its queue, each time. */
  readonly queued: number;
  /** How long its upload takes. Without a sign of life, a lease ends after 8 s: then there are two holders. */
  readonly takes: number;
  /** A piece of the body goes out all the time; otherwise only the answer is waited for. */
  readonly moves: boolean;
  /** When it is killed. */
  readonly killedAt: number | undefined;
}

interface Outage {
  readonly from: number;
  readonly lasts: number;
  /** What was in the store is lost. */
  readonly loses: boolean;
}

const aTime = fc.integer({ min: 0, max: 8_000 });
const aCourse: fc.Arbitrary<Course> = fc.record({
  at: aTime,
  queued: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2_000 })),
  takes: fc.integer({ min: 0, max: 15_000 }),
  moves: fc.boolean(),
  killedAt: fc.option(aTime, { nil: undefined, freq: 3 }),
});
const anOutage: fc.Arbitrary<Outage> = fc.record({
  from: aTime,
  lasts: fc.integer({ min: 1, max: 5_000 }),
  loses: fc.boolean(),
});

/** A store with leases, as the processes of a fleet see it. */
class SharedStore {
  saved: SavedId | undefined;
  readonly #clock: SinonFakeTimers;
  #holder: { owner: object; until: number } | undefined;
  #isDown = false;

  constructor(clock: SinonFakeTimers) {
    this.#clock = clock;
  }

  fail({ from, lasts, loses }: Outage): void {
    this.#clock.setTimeout(() => {
      this.#isDown = true;
      if (loses) [this.saved, this.#holder] = [undefined, undefined];
    }, from);
    this.#clock.setTimeout(() => {
      this.#isDown = false;
    }, from + lasts);
  }

  put(saved: SavedId): void {
    if (!this.#isDown) this.saved = saved;
  }

  /** For one process. `isAlive` is asked at each call; whoever is dead gets no answer. */
  of(isAlive: () => boolean): FleetStore {
    const answer = <T>(value: () => T): Promise<T> =>
      isAlive() ? Promise.resolve(value()) : new Promise<T>(() => undefined);
    return {
      canLease: true,
      lease: (_key, ms) => answer(() => (this.#isDown ? undefined : this.#take(ms, isAlive))),
      findNewest: () => answer(() => (this.#isDown ? undefined : this.saved)),
      findNewestOf: (keys) => answer(() => keys.map(() => (this.#isDown ? undefined : this.saved))),
    };
  }

  #take(ms: number, isAlive: () => boolean): Lease | 'held' {
    if (this.#holder && this.#holder.until > this.#clock.now) return 'held';
    const owner = {};
    this.#holder = { owner, until: this.#clock.now + ms };
    const whileOwn = <T>(work: () => T): Promise<T | undefined> =>
      Promise.resolve(isAlive() && !this.#isDown && this.#holder?.owner === owner ? work() : undefined);
    return {
      renew: async (longer) => {
        const until = this.#clock.now + longer;
        const renewed = await whileOwn(() => {
          this.#holder = { owner, until };
          return true;
        });
        return renewed ?? false;
      },
      release: async () => {
        await whileOwn(() => {
          this.#holder = undefined;
        });
      },
    };
  }
}

interface Outcome {
  readonly course: Course;
  /** When it had its ID. Undefined: never. */
  endedAt: number | undefined;
  uploads: number;
}

/** Lets each process obtain the same asset's ID. */
async function run(courses: readonly Course[], outages: readonly Outage[]): Promise<Outcome[]> {
  const clock = fakeTime();
  const begun = clock.now;
  const store = new SharedStore(clock);
  for (const outage of outages) store.fail(outage);
  const outcomes = courses.map((course, process): Outcome => {
    const outcome: Outcome = { course, endedAt: undefined, uploads: 0 };
    const isAlive = (): boolean => clock.now - begun < (course.killedAt ?? Infinity);
    const fleet = new Fleet(store.of(isAlive));
    const upload = (onBytes: () => void): Promise<SavedId> => {
      outcome.uploads += 1;
      const moving = course.moves ? clock.setInterval(onBytes, 100) : undefined;
      return new Promise((resolve) => {
        clock.setTimeout(() => {
          clock.clearInterval(moving);
          if (isAlive()) resolve(savedId(`${process + 1}`));
        }, course.takes);
      });
    };
    const job = {
      key: KEY,
      isWanted: () => true,
      keep: (saved: SavedId) =>
        new Promise<void>((resolve) => {
          clock.setTimeout(() => {
            store.put(saved);
            resolve();
          }, WRITE);
        }),
      onBytes: () => undefined,
      onTurn: () => undefined,
    };
    const inQueue = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        clock.setTimeout(() => {
          resolve();
        }, ms);
      });
    clock.setTimeout(() => {
      void fleet
        .obtain(job, (work) => inQueue(course.queued).then(() => work(() => undefined)), upload)
        .then(() => {
          outcome.endedAt = clock.now - begun;
        });
    }, course.at);
    return outcome;
  });
  await clock.tickAsync(LONG);
  sinon.restore();
  return outcomes;
}

/** Each process's upload and queue are as long as the longest, and nobody holds others up for longer than `DELAY`. */
function assertInTime(outcomes: readonly Outcome[], outages: readonly Outage[]): void {
  const troubles = [
    ...outcomes.map(({ course }) => Math.max(course.at, course.killedAt ?? 0)),
    ...outages.map(({ from, lasts }) => from + lasts),
  ];
  const longest = Math.max(...outcomes.map(({ course }) => course.takes + 2 * course.queued));
  for (const { course, endedAt } of outcomes) {
    if (course.killedAt !== undefined) continue;
    assert.ok(endedAt !== undefined, 'it gets its ID');
    const latest = Math.max(...troubles) + 2 * longest + 2 * DELAY;
    assert.ok(endedAt <= latest, `it had its ID after ${endedAt} ms, and ${latest} are enough`);
  }
}

describe('A fleet that obtains the ID of one asset', function () {
  this.timeout(120_000);
  afterEach(() => {
    sinon.restore();
  });

  it('uploads once while nothing goes wrong, however slow the upload is', async () => {
    const alive = aCourse.map((course) => ({ ...course, killedAt: undefined, moves: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(alive, { minLength: 1, maxLength: 6 }), async (courses) => {
        const outcomes = await run(courses, []);
        assertInTime(outcomes, []);
        assert.equal(sum(outcomes), 1, 'uploads');
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('gives every process that lives its ID, whoever is killed and whatever the store does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(aCourse, { minLength: 1, maxLength: 6 }),
        fc.array(anOutage, { maxLength: 2 }),
        async (courses, outages) => {
          const outcomes = await run(courses, outages);
          assertInTime(outcomes, outages);
          for (const { uploads } of outcomes) assert.ok(uploads <= 1, 'no process uploads twice');
        },
      ),
      { numRuns: RUNS, seed: SEED },
    );
  });

  it('has two holders when an upload hangs: the second one uploads, and all others take its ID', async () => {
    const hanging: Course = { at: 0, queued: 0, takes: 60_000, moves: false, killedAt: undefined };
    const others = [1, 2, 3].map((at): Course => ({ ...hanging, at, takes: 100, moves: true }));
    const [holder, ...outcomes] = await run([hanging, ...others], []);
    assert.ok((holder?.endedAt ?? 0) >= 60_000, 'the first one has the ID of its own upload');
    assert.equal(sum(outcomes), 1, 'uploads of the others');
    for (const { endedAt = Infinity } of outcomes)
      assert.ok(endedAt < 12_000, `it had its ID after ${endedAt} ms`);
  });

  it('uploads once more at most for each process that is killed', async () => {
    const moving = aCourse.map((course) => ({ ...course, moves: true }));
    await fc.assert(
      fc.asyncProperty(fc.array(moving, { minLength: 1, maxLength: 6 }), async (courses) => {
        const outcomes = await run(courses, []);
        const killed = courses.filter(({ killedAt }) => killedAt !== undefined).length;
        assert.ok(sum(outcomes) <= 1 + killed, `${sum(outcomes)} uploads, and ${killed} were killed`);
      }),
      { numRuns: RUNS, seed: SEED },
    );
  });
});

function sum(outcomes: readonly Outcome[]): number {
  return outcomes.reduce((total, { uploads }) => total + uploads, 0);
}
