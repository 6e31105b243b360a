import { validateHeaderName, validateHeaderValue } from 'node:http';
import { CALL_PURPOSES, type CallPurpose, type GraphCall } from './call-log';
import {
  InputError,
  object,
  onlyFields,
  optionalBoolean,
  optionalField,
  optionalNumber,
  optionalObject,
  optionalOneOf,
  optionalString,
  required,
} from '../base/check';

const CUTS = ['before', 'during', 'after', 'answer'] as const;

/** A call of the Graph API that goes wrong. Without `path` and `purpose` it hits the next call, whichever that is. */
export interface Fault {
  /** A regular expression that the path matches; plain text such as "/messages" is one too. */
  path?: string;
  purpose?: CallPurpose;
  /** How many calls it hits. Default: 1 */
  times?: number;
  /** How many matching calls it lets pass first. */
  afterCalls?: number;

  /** The call is carried out before the fault shows: the message arrives, and only the answer goes wrong. */
  accept?: boolean;
  /** Waits; if nothing else is asked for, the call then takes its course. */
  delayMs?: number;
  /** Never answers. The connection stays open until the client or the simulator closes it. */
  hang?: boolean;
  /**
   * Cuts the connection: before the call is carried out, while its body is read, after it was carried out but before
   * any answer, or in the middle of the answer.
   */
  reset?: (typeof CUTS)[number];
  /** Answers so instead. A string is sent as it is: HTML, cut JSON, nothing at all. */
  status?: number;
  body?: string | Record<string, unknown>;
  headers?: Record<string, string>;
  /**
   * Answers with a Graph error instead. The default `message` is the simulator's own for this code and subcode;
   * `is_transient` is true by default for 1 and 2 without a subcode.
   */
  error?: { code: number; subcode?: number; message?: string; is_transient?: boolean };
  /** Leaves these fields out of a good answer. */
  drop?: string[];
}

const FIELDS: readonly (keyof Fault)[] = [
  'path',
  'purpose',
  'times',
  'afterCalls',
  'accept',
  'delayMs',
  'hang',
  'reset',
  'status',
  'body',
  'headers',
  'error',
  'drop',
];

/** A fault with what is left of it. */
export interface PendingFault {
  fault: Fault;
  hits: number;
}

interface Entry {
  readonly fault: Fault;
  readonly path: RegExp | undefined;
  seen: number;
  hits: number;
}

export class Faults {
  /** Every call is slowed down by so much, whatever else hits it. */
  delayMs = 0;
  #entries: Entry[] = [];

  /** All or none: throws an `InputError` at the first one that is not a fault. */
  add(faults: readonly unknown[]): void {
    const entries = faults.map((input) => {
      const fault = checkFault(input);
      return { fault, path: fault.path === undefined ? undefined : new RegExp(fault.path), seen: 0, hits: 0 };
    });
    this.#entries.push(...entries);
  }

  /** The fault that cuts this call while it arrives, when no more than its path is known. */
  takeOnArrival(call: GraphCall): Fault | undefined {
    return this.#take(call, cutsOnArrival);
  }

  /** The fault that hits this call once it was read. */
  take(call: GraphCall): Fault | undefined {
    return this.#take(call, (fault) => !cutsOnArrival(fault));
  }

  pending(): PendingFault[] {
    return this.#entries.map(({ fault, hits }) => ({ fault, hits }));
  }

  clear(): void {
    this.#entries = [];
    this.delayMs = 0;
  }

  #take(call: GraphCall, isOfThisMoment: (fault: Fault) => boolean): Fault | undefined {
    for (const entry of this.#entries) {
      const { fault, path } = entry;
      if (!isOfThisMoment(fault) || (path && !path.test(call.path))) continue;
      if (fault.purpose !== undefined && fault.purpose !== call.purpose) continue;
      entry.seen += 1;
      if (entry.seen <= (fault.afterCalls ?? 0)) continue;
      entry.hits += 1;
      if (entry.hits >= (fault.times ?? 1)) this.#entries = this.#entries.filter((other) => other !== entry);
      return fault;
    }
    return undefined;
  }
}

function cutsOnArrival({ reset, purpose, accept, delayMs }: Fault): boolean {
  const waits = purpose !== undefined || accept === true || delayMs !== undefined;
  return reset === 'during' || (reset === 'before' && !waits);
}

/** How a fault is called in the log of calls. */
export function faultName({ reset, hang, status, body, error, drop, accept }: Fault): string {
  const name = (): string => {
    if (reset) return `reset:${reset}`;
    if (hang) return 'hang';
    if (error) return `error:${error.code}`;
    if (status !== undefined || body !== undefined) return 'answer';
    return drop ? 'drop' : 'delay';
  };
  return accept ? `${name()}, accepted` : name();
}

function checkFault(value: unknown): Fault {
  const input = object(value, 'a fault');
  onlyFields(input, 'a fault', FIELDS);
  const [headers, error] = [optionalObject(input, 'headers'), optionalObject(input, 'error')];
  const fault = withoutUndefined<Fault>({
    path: checkPath(optionalString(input, 'path')),
    purpose: optionalOneOf(input, 'purpose', CALL_PURPOSES),
    times: optionalNumber(input, 'times', 'a whole number of at least 1', isCount(1)),
    afterCalls: optionalNumber(input, 'afterCalls', 'a whole number of at least 0', isCount(0)),
    accept: optionalBoolean(input, 'accept'),
    delayMs: optionalNumber(input, 'delayMs', 'milliseconds of at least 0', (ms) => ms >= 0 && ms < 2 ** 31),
    hang: optionalBoolean(input, 'hang'),
    reset: optionalOneOf(input, 'reset', CUTS),
    status: optionalNumber(
      input,
      'status',
      'an HTTP status from 200 to 599',
      (status) => Number.isInteger(status) && status >= 200 && status <= 599,
    ),
    body: typeof input['body'] === 'string' ? input['body'] : optionalObject(input, 'body'),
    headers: headers && checkHeaders(headers),
    error: error && checkError(error),
    drop: optionalField(input, 'drop', 'a list of field names', isListOfStrings),
  });
  const has = (name: string) => name in fault;
  if (fault.reset === 'during' && ['purpose', 'accept', 'delayMs'].some(has)) {
    throw new InputError(
      'Expected "reset": "during" to come without purpose, accept and delayMs: too little is known yet',
    );
  }
  if (!['delayMs', 'hang', 'reset', 'status', 'body', 'error', 'drop'].some(has)) {
    throw new InputError(
      'Expected a fault to have delayMs, hang, reset, status, body, error or drop; got none',
    );
  }
  const courses = ['hang', 'reset', 'body', 'error', 'drop'].filter(has);
  if (courses.length > 1)
    throw new InputError(`Expected a fault to do one thing, got ${courses.join(' and ')}`);
  return fault;
}

function checkPath(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    new RegExp(path);
    return path;
  } catch {
    throw new InputError(`Expected "path" to be a regular expression, got ${JSON.stringify(path)}`);
  }
}

function checkHeaders(headers: Record<string, unknown>): Record<string, string> {
  const checked = Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]);
  try {
    for (const [name, value] of checked) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
  } catch (error) {
    throw new InputError(`Expected "headers" to be HTTP headers: ${String(error)}`);
  }
  return Object.fromEntries(checked);
}

function checkError(error: Record<string, unknown>): NonNullable<Fault['error']> {
  onlyFields(error, '"error"', ['code', 'subcode', 'message', 'is_transient']);
  return withoutUndefined<NonNullable<Fault['error']>>({
    code: required(optionalNumber(error, 'code'), 'error.code', 'a number'),
    subcode: optionalNumber(error, 'subcode'),
    message: optionalString(error, 'message'),
    is_transient: optionalBoolean(error, 'is_transient'),
  });
}

const isCount = (least: number) => (value: number) =>
  value >= least && (Number.isInteger(value) || value === Infinity);

function isListOfStrings(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

function withoutUndefined<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}
