import assert from 'node:assert/strict';
import sinon, { type SinonFakeTimers } from 'sinon';
import { Fleet, type FleetJob, type Upload } from '../../../src/delivery/fleet';
import type { Lease } from '../../../src/cache/leases';
import type { SavedId } from '../../../src/cache/saved-id';
import { fakeTime } from '../../support/checks/fake-time';
import { savedId } from '../../support/stores/saved-id';

const KEY = 'fb-attachment:2:1001:image:a';

// What becomes of many processes together is tested in test/model/fleet.test.ts.
describe('Fleet', () => {
  let clock: SinonFakeTimers;
  let store: {
    canLease: boolean;
    lease: sinon.SinonStub;
    findNewest: sinon.SinonStub;
    findNewestOf: sinon.SinonStub;
  };
  let lease: { renew: sinon.SinonStub; release: sinon.SinonStub };
  let turns: boolean[];
  let bytes: number;
  let keep: sinon.SinonStub<[SavedId], Promise<void>>;

  beforeEach(() => {
    clock = fakeTime();
    lease = { renew: sinon.stub().resolves(true), release: sinon.stub().resolves() };
    store = {
      canLease: true,
      lease: sinon.stub<[string, number], Promise<Lease>>().resolves(lease),
      findNewest: sinon.stub().resolves(undefined),
      findNewestOf: sinon.stub().resolves([undefined]),
    };
    keep = sinon.stub<[SavedId], Promise<void>>().resolves();
    turns = [];
    bytes = 0;
  });
  afterEach(() => {
    sinon.restore();
  });

  function obtain(upload: Upload, job: Partial<FleetJob> = {}, wait = 0): Promise<SavedId> {
    return new Fleet(store).obtain(
      {
        key: KEY,
        isWanted: () => true,
        keep,
        onBytes: () => {
          bytes++;
        },
        onTurn: (isOurs) => turns.push(isOurs),
        ...job,
      },
      async (work) => {
        if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
        return work(() => undefined);
      },
      upload,
    );
  }

  const uploads =
    (id: string): Upload =>
    () =>
      Promise.resolve(savedId(id));
  const never: Upload = () => Promise.reject(new Error('It uploads'));

  it('uploads with the lease, and gives it back when the store has the ID', async () => {
    let isStored: () => void = () => undefined;
    keep.returns(new Promise((resolve) => (isStored = resolve)));
    assert.equal((await obtain(uploads('11'))).id, '11');
    assert.deepEqual(turns, [true]);
    await clock.tickAsync(0);
    sinon.assert.notCalled(lease.release);
    isStored();
    await clock.tickAsync(0);
    sinon.assert.calledOnce(lease.release);
  });

  /** Whether the call of `lease` is in a hurry now. */
  const isUrgent = (call: number): unknown => (store.lease.getCall(call).args[2] as () => unknown)();

  it('is in a hurry for its lease when it found a place at once, and not when it had to wait', async () => {
    await obtain(uploads('11'));
    assert.equal(isUrgent(0), true);
    const waiting = obtain(uploads('12'), {}, 100);
    await clock.tickAsync(100);
    await waiting;
    assert.equal(isUrgent(1), false);
  });

  it('is in no hurry while others of its process wait for their place, also if they came later', async () => {
    const fleet = new Fleet(store);
    const job = { isWanted: () => true, keep, onBytes: () => undefined, onTurn: () => undefined };
    store.lease.onFirstCall().returns(new Promise(() => undefined));
    void fleet.obtain({ ...job, key: 'a' }, (work) => work(() => undefined), never);
    assert.equal(isUrgent(0), true);
    let begin: () => void = () => undefined;
    const place = new Promise<void>((resolve) => (begin = resolve));
    const queued = fleet.obtain({ ...job, key: 'b' }, () => place.then(() => savedId('12')), never);
    assert.equal(isUrgent(0), false);
    begin();
    await queued;
    assert.equal(isUrgent(0), true);
  });

  it('is in no hurry when it has waited for another process', async () => {
    store.lease.onFirstCall().resolves('held');
    const waiting = obtain(uploads('11'));
    await clock.tickAsync(2_000);
    await waiting;
    assert.equal(isUrgent(1), false);
  });

  it('takes the ID that another process has made before it came to have the lease', async () => {
    store.findNewest.resolves(savedId('12'));
    assert.equal((await obtain(never)).id, '12');
    assert.deepEqual(turns, []);
    sinon.assert.notCalled(keep);
    await clock.tickAsync(0);
    sinon.assert.calledOnce(lease.release);
  });

  it('uploads although another process has made an ID, if it is not wanted', async () => {
    store.findNewest.resolves(savedId('12'));
    assert.equal((await obtain(uploads('13'), { isWanted: ({ id }) => id !== '12' })).id, '13');
  });

  it('asks the store for nothing more when the queue fails before the turn has come', async () => {
    const failure = new Error('The queue is broken');
    const job = { key: KEY, isWanted: () => true, keep, onBytes: () => undefined, onTurn: () => undefined };
    await assert.rejects(
      new Fleet(store).obtain(job, () => Promise.reject(failure), never),
      failure,
    );
    await clock.tickAsync(10_000);
    sinon.assert.notCalled(store.findNewestOf);
  });

  it('gives the lease back when the upload fails', async () => {
    await assert.rejects(obtain(never), { message: 'It uploads' });
    await clock.tickAsync(0);
    sinon.assert.calledOnce(lease.release);
  });

  it('waits for the ID of the process that has the lease, and takes its life for bytes that move', async () => {
    store.lease.resolves('held');
    const obtained = obtain(never);
    await clock.tickAsync(200);
    assert.deepEqual([turns, bytes], [[false], 1]);
    store.findNewestOf.resolves([savedId('12')]);
    await clock.tickAsync(1_000);
    assert.equal((await obtained).id, '12');
  });

  it('uploads itself when the other process has given up', async () => {
    store.lease.onCall(0).resolves('held');
    const upload = uploads('13');
    const obtained = obtain(upload);
    await clock.tickAsync(5_000);
    assert.equal((await obtained).id, '13');
    assert.deepEqual(turns, [false, true]);
  });

  it('takes the ID that another process makes while it waits in the queue, and asks for no lease', async () => {
    const obtained = obtain(never, {}, 60_000);
    await clock.tickAsync(10_000);
    store.findNewestOf.resolves([savedId('12')]);
    await clock.tickAsync(1_500);
    assert.equal((await obtained).id, '12');
    await clock.tickAsync(60_000);
    sinon.assert.notCalled(store.lease);
  });

  it('looks for five hundred IDs in one call at most', async () => {
    store.lease.resolves('held');
    const fleet = new Fleet(store);
    const job = { isWanted: () => true, keep, onBytes: () => undefined, onTurn: () => undefined };
    store.findNewestOf.callsFake((keys: string[]) => Promise.resolve(keys.map((key) => savedId(key))));
    const all = Array.from({ length: 501 }, (_, n) =>
      fleet.obtain({ ...job, key: String(n) }, (work) => work(() => undefined), never),
    );
    await clock.tickAsync(200);
    assert.deepEqual(
      (await Promise.all(all)).map(({ id }) => Number(id)),
      Array.from(all.keys()),
    );
    assert.deepEqual(
      store.findNewestOf.args.map(([keys]) => (keys as string[]).length),
      [500, 1],
    );
  });

  it('looks again soon where IDs have come, and more and more seldom where none comes', async () => {
    sinon.stub(Math, 'random').returns(0.5);
    store.lease.resolves('held');
    const fleet = new Fleet(store);
    const [first, second] = ['a', 'b'].map((key) =>
      fleet.obtain(
        { key, isWanted: () => true, keep, onBytes: () => undefined, onTurn: () => undefined },
        (work) => work(() => undefined),
        never,
      ),
    );
    await clock.tickAsync(600);
    sinon.assert.callCount(store.findNewestOf, 2);
    store.findNewestOf.resolves([savedId('12')]);
    await clock.tickAsync(100);
    assert.equal((await first)?.id, '12');
    store.findNewestOf.resolves([savedId('13')]);
    await clock.tickAsync(100);
    assert.equal((await second)?.id, '13');
    sinon.assert.callCount(store.findNewestOf, 4);
  });

  it('uploads itself when the store hangs while it waits for another process', async () => {
    store.lease.onCall(0).resolves('held');
    store.lease.resolves(undefined);
    store.findNewestOf.returns(new Promise(() => undefined));
    const obtained = obtain(uploads('13'));
    await clock.tickAsync(2_000);
    assert.equal((await obtained).id, '13');
  });

  it('renews the lease while bytes move, and not any more when they are still', async () => {
    let end: (saved: SavedId) => void = () => undefined;
    let onBytes: () => void = () => undefined;
    const obtained = obtain((move) => {
      onBytes = move;
      return new Promise((resolve) => (end = resolve));
    });
    for (let second = 0; second < 5; second++) {
      onBytes();
      await clock.tickAsync(1_000);
    }
    sinon.assert.callCount(lease.renew, 5);
    // 4 s more, because the answer may take that long after the last byte.
    await clock.tickAsync(60_000);
    sinon.assert.callCount(lease.renew, 9);
    end(savedId('11'));
    await obtained;
  });

  it('asks the store for many IDs at once', async () => {
    store.lease.resolves('held');
    const fleet = new Fleet(store);
    const all = Array.from({ length: 600 }, (_, n) =>
      fleet.obtain(
        { key: `${KEY}${n}`, isWanted: () => true, keep, onBytes: () => undefined, onTurn: () => undefined },
        (work) => work(() => undefined),
        never,
      ),
    );
    store.findNewestOf.callsFake((keys: string[]) => Promise.resolve(keys.map(() => savedId('12'))));
    await clock.tickAsync(200);
    await Promise.all(all);
    sinon.assert.callCount(store.findNewestOf, 2);
  });

  describe('without leases', () => {
    beforeEach(() => {
      store.canLease = false;
      store.lease.resolves(undefined);
    });

    it('says at once that it uploads, and does not ask the store again', async () => {
      const obtained = obtain(uploads('11'), {}, 100);
      assert.deepEqual(turns, [true]);
      await clock.tickAsync(100);
      assert.equal((await obtained).id, '11');
      sinon.assert.notCalled(store.findNewest);
      sinon.assert.notCalled(store.findNewestOf);
    });

    it('asks the store once more when it has waited in the queue', async () => {
      store.findNewest.resolves(savedId('12'));
      const obtained = obtain(never, {}, 300);
      await clock.tickAsync(300);
      assert.equal((await obtained).id, '12');
      sinon.assert.notCalled(store.findNewestOf);
    });
  });
});
