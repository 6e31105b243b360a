import assert from 'node:assert/strict';
import { StoreError } from '../../../src';
import {
  answers,
  hangs,
  isSlow,
  throws,
  type StoreBehavior,
  type StoreAction,
} from '../../support/stores/faulty-store';
import { PAGE } from '../../support/platform/pages';

const DAY = 24 * 60 * 60 * 1000;

/** Something that a database does. */
export interface StoreFault {
  readonly name: string;
  readonly courses: Partial<Record<StoreAction, StoreBehavior>>;
  /** The plugin must take it for an outage: report it once, ask no more, and write when it is over. */
  readonly isOutage: boolean;
}

const OUTAGES: readonly StoreFault[] = [
  { name: 'hangs', courses: { get: hangs, set: hangs, delete: hangs } },
  { name: 'fails', courses: { get: throws(), set: throws(), delete: throws() } },
  { name: 'hangs when it is read', courses: { get: hangs } },
  { name: 'answers far too late', courses: { get: isSlow(30_000) } },
  { name: 'fails when it is read', courses: { get: throws() } },
  { name: 'throws before it gives a promise', courses: { get: throwsAtOnce, set: throwsAtOnce } },
  { name: 'hangs when it is written', courses: { set: hangs } },
  { name: 'fails when it is written', courses: { set: throws() } },
  { name: 'is full', courses: { set: throws("OOM command not allowed when used memory > 'maxmemory'.") } },
].map((fault) => ({ ...fault, isOutage: true }));

const JUNK: readonly (readonly [string, string | object])[] = [
  ['text that is no JSON', '{"value":{"v":1,'],
  ['null', { value: null }],
  ['a number', { value: 42 }],
  ['a list', { value: [] }],
  ['another application’s record', { value: { id: 7, user: 'tom' } }],
  ['a record of a future version', recordOf({ v: 3, id: { upload: '1', send: '2' } })],
  ['a record whose ID is empty', recordOf({ id: '' })],
  ['a record whose ID is dead', recordOf({ id: '123456789' })],
  ['a record without an age', recordOf({ uploadedAt: 'yesterday' })],
  ['a record that is too old', recordOf({ id: '123456789', uploadedAt: Date.now() - 90 * DAY })],
  ['a record from the future', recordOf({ id: '123456789', uploadedAt: Date.now() + 400 * DAY })],
];

export const STORE_FAULTS: readonly StoreFault[] = [
  ...OUTAGES,
  { name: 'is slow', courses: { get: isSlow(20), set: isSlow(20), delete: isSlow(20) }, isOutage: false },
  ...JUNK.map(([what, record]) => ({
    name: `holds ${what}`,
    courses: { get: answers(typeof record === 'string' ? record : JSON.stringify(record)) },
    isOutage: false,
  })),
];

/** An outage is reported once for reading and once for writing, and nothing else is wrong. */
export function assertToldOnce(errors: readonly Error[]): void {
  const operations = errors.map((error) => (error instanceof StoreError ? error.operation : String(error)));
  const expected = ['read', 'write'].filter((operation) => operations.includes(operation));
  assert.deepEqual([...operations].sort(), expected);
}

/** As Keyv keeps it, but for what is said to be different. */
export function recordOf(differing: object): object {
  const saved = {
    v: 2,
    id: '1',
    uploadedAt: Date.now(),
    page: PAGE.id,
    type: 'image',
    asset: 'image "paw.png"',
  };
  return { value: { ...saved, ...differing } };
}

function throwsAtOnce(): never {
  throw new Error('The store is broken');
}
