import assert from 'node:assert/strict';
import { StoreError } from '../../../src';
import { KEY_PREFIX } from '../../../src/cache/saved-id';
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

const JUNK: readonly (readonly [what: string, get: StoreBehavior])[] = [
  ['text that is no JSON', answers('{"value":{"v":1,')],
  ['null', answers(JSON.stringify({ value: null }))],
  ['a number', answers(JSON.stringify({ value: 42 }))],
  ['a list', answers(JSON.stringify({ value: [] }))],
  ['another application’s record', answers(JSON.stringify({ value: { id: 7, user: 'tom' } }))],
  ['a record of a future version', holdsRecord({ v: 3, id: { upload: '1', send: '2' } })],
  [
    'the record of another asset',
    holdsRecord({ key: `${KEY_PREFIX}${PAGE.id}:image:OTHER`, id: '123456789' }),
  ],
  ['a record whose ID is empty', holdsRecord({ id: '' })],
  ['a record whose ID is dead', holdsRecord({ id: '123456789' })],
  ['a record without an age', holdsRecord({ uploadedAt: 'yesterday' })],
  ['a record that is too old', holdsRecord({ id: '123456789', uploadedAt: Date.now() - 90 * DAY })],
  ['a record from the future', holdsRecord({ id: '123456789', uploadedAt: Date.now() + 400 * DAY })],
];

export const STORE_FAULTS: readonly StoreFault[] = [
  ...OUTAGES,
  { name: 'is slow', courses: { get: isSlow(20), set: isSlow(20), delete: isSlow(20) }, isOutage: false },
  ...JUNK.map(([what, get]) => ({ name: `holds ${what}`, courses: { get }, isOutage: false })),
];

/** An outage is reported once for reading and once for writing, and nothing else is wrong. */
export function assertToldOnce(errors: readonly Error[]): void {
  const operations = errors.map((error) => (error instanceof StoreError ? error.operation : String(error)));
  const expected = ['read', 'write'].filter((operation) => operations.includes(operation));
  assert.deepEqual([...operations].sort(), expected);
}

/** Under whatever key it is asked for, as Keyv keeps it. */
export function holdsRecord(differing: object): StoreBehavior {
  return (_, key) => {
    const saved = {
      v: 2,
      key: key.slice(key.indexOf(KEY_PREFIX)),
      id: '1',
      uploadedAt: Date.now(),
      page: PAGE.id,
      type: 'image',
      asset: 'image "paw.png"',
    };
    return JSON.stringify({ value: { ...saved, ...differing } });
  };
}

function throwsAtOnce(): never {
  throw new Error('The store is broken');
}
