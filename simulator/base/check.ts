/**
 * What is wrong with an option or with the input to the control API, in words that say what was expected and what was
 * received.
 */
export class InputError extends TypeError {
  override readonly name = 'InputError';
}

export type Input = Record<string, unknown>;

export function isObject(value: unknown): value is Input {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Deeper JSON breaks what walks through it by recursion, such as `JSON.stringify`. */
export const MAX_DEPTH = 100;

/** Whether objects and lists stand in each other at most `levels` deep. */
export function isNestedWithin(value: unknown, levels = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((inner) => isNestedWithin(inner, levels - 1));
}

export function optionalField<T>(
  input: Input,
  name: string,
  expected: string,
  isExpected: (value: unknown) => value is T,
): T | undefined {
  const value = input[name];
  if (value === undefined || isExpected(value)) return value;
  throw new InputError(`Expected "${name}" to be ${expected}, got ${shown(value)}`);
}

export const optionalString = (input: Input, name: string) =>
  optionalField(input, name, 'a string that is not empty', isFilledString);

export const optionalBoolean = (input: Input, name: string) =>
  optionalField(input, name, 'true or false', isBoolean);

export const optionalObject = (input: Input, name: string) =>
  optionalField(input, name, 'an object', isObject);

export const optionalNumber = (
  input: Input,
  name: string,
  expected = 'a number',
  isExpected: (value: number) => boolean = Number.isFinite,
) =>
  optionalField(
    input,
    name,
    expected,
    (value): value is number => typeof value === 'number' && isExpected(value),
  );

export const optionalOneOf = <T extends string>(input: Input, name: string, allowed: readonly T[]) =>
  optionalField(input, name, `one of ${allowed.join(', ')}`, (value): value is T =>
    allowed.some((one) => one === value),
  );

export const optionalListOf = <T extends string>(input: Input, name: string, allowed: readonly T[]) =>
  optionalField(
    input,
    name,
    `a list of ${allowed.join(', ')}`,
    (value): value is T[] =>
      Array.isArray(value) && value.every((one) => allowed.some((known) => known === one)),
  );

export function required<T>(value: T | undefined, name: string, expected: string): T {
  if (value === undefined) throw new InputError(`Expected "${name}" to be ${expected}, got nothing`);
  return value;
}

export const requiredString = (input: Input, name: string) =>
  required(optionalString(input, name), name, 'a string that is not empty');

export function object(value: unknown, name: string): Input {
  if (isObject(value)) return value;
  throw new InputError(`Expected ${name} to be an object, got ${shown(value)}`);
}

/** A misspelt field must not go unnoticed: what it was to do would not happen. */
export function onlyFields(input: Input, name: string, allowed: readonly string[]): void {
  const unknown = Object.keys(input).find((field) => !allowed.includes(field));
  if (unknown === undefined) return;
  throw new InputError(`Expected ${name} to have only the fields ${allowed.join(', ')}; got "${unknown}"`);
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return String(value); // NaN and Infinity too, which JSON does not know.
  return JSON.stringify(value);
}

function isFilledString(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}
