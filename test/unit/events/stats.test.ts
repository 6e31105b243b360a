import assert from 'node:assert/strict';
import type { DeliveryEvent } from '../../../src/events/events';
import { StatsCounter, type AttachmentStats } from '../../../src/events/stats';

const NONE: AttachmentStats = {
  sends: 0,
  sendsById: 0,
  sendsInOneStep: 0,
  uploads: 0,
  recoveries: 0,
  refreshes: 0,
  errors: 0,
  bytesUploaded: 0,
  bytesSaved: 0,
};

const LOCAL: DeliveryEvent = {
  page: '1001',
  type: 'image',
  asset: 'image "tom.png"',
  bytes: 100,
  recipient: { id: '7001' },
};
const WEB: DeliveryEvent = { ...LOCAL, bytes: undefined };
const ID = { attachmentId: '11', ms: 7 };
const UPLOAD = { ...ID, reason: 'send', attempts: 3 } as const;

describe('StatsCounter', () => {
  let stats: StatsCounter;
  beforeEach(() => {
    stats = new StatsCounter();
  });

  const assertCounts = (counts: Partial<AttachmentStats>): void => {
    assert.deepEqual(stats.snapshot, { ...NONE, ...counts });
  };

  it('begins with nothing', () => {
    assertCounts({});
  });

  it('counts an upload once, whatever attempts it took, with its bytes', () => {
    stats.count('upload', { ...LOCAL, ...UPLOAD });
    stats.count('upload', { ...LOCAL, ...UPLOAD });
    assertCounts({ uploads: 2, bytesUploaded: 200, bytesSaved: -200 });
  });

  it('counts sends by ID, and the bytes that they saved', () => {
    stats.count('send', { ...LOCAL, ...ID, how: 'id' });
    stats.count('send', { ...LOCAL, ...ID, how: 'id' });
    assertCounts({ sends: 2, sendsById: 2, bytesSaved: 200 });
  });

  it('counts a send in one step, which uploads and saves nothing for later', () => {
    stats.count('send', { ...LOCAL, ...ID, how: 'one-step' });
    assertCounts({ sends: 1, sendsInOneStep: 1, bytesUploaded: 100 });
  });

  it('counts a send that saved as an upload too', () => {
    stats.count('send', { ...LOCAL, ...ID, how: 'save' });
    assertCounts({ sends: 1, sendsInOneStep: 1, uploads: 1, bytesUploaded: 100 });
  });

  it('counts no bytes of what Facebook fetches', () => {
    stats.count('upload', { ...WEB, ...UPLOAD });
    stats.count('send', { ...WEB, ...ID, how: 'id' });
    stats.count('send', { ...WEB, ...ID, how: 'one-step' });
    stats.count('send', { ...WEB, ...ID, how: 'save' });
    assertCounts({ uploads: 2, sends: 3, sendsById: 1, sendsInOneStep: 2 });
  });

  it('saves nothing with one upload and one send, and a file with each further send', () => {
    stats.count('upload', { ...LOCAL, ...UPLOAD });
    stats.count('send', { ...LOCAL, ...ID, how: 'id' });
    assert.equal(stats.snapshot.bytesSaved, 0);
    stats.count('send', { ...LOCAL, ...ID, how: 'id' });
    assert.equal(stats.snapshot.bytesSaved, 100);
  });

  it('counts recoveries, refreshes and errors', () => {
    stats.count('recover', { ...LOCAL, attachmentId: '11', how: 'id' });
    assertCounts({ recoveries: 1 });
    stats.count('refresh', { ...LOCAL, attachmentId: '11' });
    assertCounts({ recoveries: 1, refreshes: 1 });
    stats.count('error', new Error('No'));
    assertCounts({ recoveries: 1, refreshes: 1, errors: 1 });
  });

  it('gives snapshots that stay as they are', () => {
    const before = stats.snapshot;
    stats.count('error', new Error('No'));
    assert.deepEqual(before, NONE);
  });
});
