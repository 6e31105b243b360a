import { Retention, sizeOf } from './retention';

/** What a call asks for, as far as its parameters tell before it is carried out. */
export const CALL_PURPOSES = [
  'send-id',
  'send-url',
  'send-file',
  'send-images',
  'send-template',
  'send-text',
  'send-sticker',
  'send-action',
  'upload-url',
  'upload-file',
  'profile',
  'batch',
  'read',
  'other',
] as const;

export type CallPurpose = (typeof CALL_PURPOSES)[number];

export interface GraphCall {
  /** Counts from 1. */
  number: number;
  /** On the simulator's clock. */
  time: number;
  method: string;
  /** Without the query, where tokens stand. */
  path: string;
  /** `batch`: an operation of a batch. */
  kind: 'json' | 'multipart' | 'form' | 'get' | 'batch';
  /** Of the request's body, as far as it was read. */
  bytes: number;
  /** 0 while there is no answer. */
  status: number;
  code?: number;
  subcode?: number;
  /** What is behind an error and not in its answer, such as why a file could not be fetched. */
  reason?: string;
  ms: number;
  page?: string;
  purpose: CallPurpose;
  /** The fault that hit it. */
  fault?: string;
  /** The parameters, from query and body, without tokens and proofs; a file is shown by name, type, size and hash. */
  body?: unknown;
  answer?: unknown;
}

export interface CallTotals {
  calls: number;
  bytes: number;
  errors: number;
  byPurpose: Partial<Record<CallPurpose, number>>;
}

const MAX_PATH = 1000;
/** Characters of JSON of all requests and answers; beyond, those of the oldest calls go. */
const MAX_CONTENTS = 64 * 1024 * 1024;

/** The last calls, and totals of all since the start or the last `clear`. */
export class CallLog {
  readonly #limit: number;
  #calls: GraphCall[] = [];
  /** Requests and answers of calls that have ended. */
  readonly #contents: Retention<GraphCall>;
  #totals = noCalls();

  constructor(limit: number) {
    this.#limit = limit;
    this.#contents = new Retention({ count: 2 * limit, size: MAX_CONTENTS }, (call) => {
      delete call.body;
      delete call.answer;
    });
  }

  open(call: Pick<GraphCall, 'time' | 'method' | 'path' | 'kind'>): GraphCall {
    this.#totals.calls += 1;
    const opened: GraphCall = {
      number: this.#totals.calls,
      ...call,
      path: call.path.slice(0, MAX_PATH),
      bytes: 0,
      status: 0,
      ms: 0,
      purpose: 'other',
    };
    this.#calls.push(opened);
    // Cut only now and then, so that a call costs the same however many there were.
    if (this.#calls.length >= 2 * this.#limit) this.#calls = this.#calls.slice(-this.#limit);
    return opened;
  }

  close(call: GraphCall): void {
    this.#totals.bytes += call.bytes;
    if (call.status >= 400) this.#totals.errors += 1;
    this.#totals.byPurpose[call.purpose] = (this.#totals.byPurpose[call.purpose] ?? 0) + 1;
    this.#contents.add(call, sizeOf(call.body) + sizeOf(call.answer));
  }

  list(limit = this.#limit): GraphCall[] {
    return this.#calls.slice(-Math.min(limit, this.#limit));
  }

  get(number: number): GraphCall | undefined {
    return this.list().find((call) => call.number === number);
  }

  totals(): CallTotals {
    return { ...this.#totals, byPurpose: { ...this.#totals.byPurpose } };
  }

  clear(): void {
    this.#calls = [];
    this.#contents.clear();
    this.#totals = noCalls();
  }
}

function noCalls(): CallTotals {
  return { calls: 0, bytes: 0, errors: 0, byPurpose: {} };
}
