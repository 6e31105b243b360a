import { isRecord } from './records';
import { redact } from './redact';
import { didYouMean, findSimilarName } from './similar-name';

/**
 * What is wrong with an option or an argument: the `code` of the TypeError or RangeError. The codes are stable.
 *
 * - `ERR_OPTION_UNKNOWN`: there is no option with this name.
 * - `ERR_OPTION_INVALID`: the value of an option is not valid.
 * - `ERR_ARGUMENT_INVALID`: an argument of a method is not valid.
 * - `ERR_PAGE_UNKNOWN`: it is not clear which page is meant, or there is no access token for it.
 */
export type UsageErrorCode =
  'ERR_OPTION_UNKNOWN' | 'ERR_OPTION_INVALID' | 'ERR_ARGUMENT_INVALID' | 'ERR_PAGE_UNKNOWN';

/**
 * Checks the value of the option `name`, or returns its default. `others`: all options of the same object, unchecked.
 */
export type Reader<T> = (value: unknown, name: string, others: Readonly<Record<string, unknown>>) => T;

type Readers = Readonly<Record<string, Reader<unknown>>>;

/** Options with their defaults. */
export type Values<Group extends Readers> = { readonly [Name in keyof Group]: ReturnType<Group[Name]> };

/** The error for an invalid value. */
interface ErrorStyle {
  /** A RangeError instead of a TypeError. */
  readonly isRange?: boolean;
  /** The value can contain a password, so it is not quoted. */
  readonly isSecret?: boolean | ((value: unknown) => boolean);
  /** The reason, if it is not obvious. */
  readonly why?: (value: unknown) => string | undefined;
}

/** An option with a default. */
export function option<T, Default>(
  expected: string,
  isValid: (value: unknown) => value is T,
  otherwise: Default,
  style?: ErrorStyle,
): Reader<T | Default> {
  const read = required(expected, isValid, style);
  return (value, name, others) => (value === undefined ? otherwise : read(value, name, others));
}

/** A required option. */
export function required<T>(
  expected: string,
  isValid: (value: unknown) => value is T,
  { isRange = false, isSecret = false, why }: ErrorStyle = {},
): Reader<T> {
  return (value, name) => {
    if (isValid(value)) return value;
    const ErrorClass = isRange ? RangeError : TypeError;
    const reason = why?.(value);
    const isHidden = typeof isSecret === 'function' ? isSecret(value) : isSecret;
    throw withCode(
      'ERR_OPTION_INVALID',
      new ErrorClass(
        `Expected \`${name}\` to be ${expected}, got ${show(value, isHidden)}${reason === undefined ? '' : `: ${reason}`}`,
      ),
    );
  };
}

/** A whole number from 1. */
export function wholeNumber<Default>(
  otherwise: Default,
  most = Number.MAX_SAFE_INTEGER,
): Reader<number | Default> {
  const range = most === Number.MAX_SAFE_INTEGER ? 'from 1' : `from 1 to ${most}`;
  const isValid = (value: unknown): value is number =>
    Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= most;
  return option(`a whole number ${range}`, isValid, otherwise, { isRange: true });
}

/** The signal by which a caller gives a method up. */
export const abortSignal = option('an AbortSignal', isAbortSignal, undefined);

/** Checks an argument of a method. */
export function checkArgument(name: string, expected: string, isValid: boolean, value: unknown): void {
  if (isValid) return;
  throw withCode(
    'ERR_ARGUMENT_INVALID',
    new TypeError(`Expected \`${name}\` to be ${expected}, got ${show(value, true)}`),
  );
}

/**
 * Checks the names of options. A misspelt one would have no effect.
 *
 * @param each - What to call one of them in the error message.
 * @param advice - What else to do about a name that is not known.
 */
export function checkNames(
  each: string,
  names: readonly string[],
  known: readonly string[],
  advice: (name: string) => string = () => '',
): void {
  const stranger = names.find((name) => !known.includes(name));
  if (stranger === undefined) return;
  const expected = known.length === 0 ? `no ${each}` : `each ${each} to be one of ${known.join(', ')}`;
  const similar = didYouMean(findSimilarName(stranger, known));
  throw withCode(
    'ERR_OPTION_UNKNOWN',
    new TypeError(`Expected ${expected}, got \`${stranger}\`${similar}${advice(stranger)}`),
  );
}

/** Adds a code to a built-in error. */
export function withCode<Thrown extends TypeError | RangeError>(code: UsageErrorCode, error: Thrown): Thrown {
  return Object.assign(error, { code });
}

/**
 * Checks all options of an object.
 *
 * @param each - What to call one of them in error messages.
 * @param prefix - The prefix of their names in error messages.
 * @param advice - What else to do about a name that is not known.
 * @returns The options with their defaults.
 */
export function group<Group extends Readers>(
  each: string,
  readers: Group,
  prefix = '',
  advice?: (name: string) => string,
): Reader<Values<Group>> {
  return (options = {}, whole) => {
    if (!isRecord(options)) {
      const message = `Expected \`${whole}\` to be an object, got ${show(options, true)}`;
      throw withCode('ERR_OPTION_INVALID', new TypeError(message));
    }
    checkNames(each, Object.keys(options), Object.keys(readers), advice);
    const values = Object.entries(readers).map(([name, read]) => [
      name,
      read(options[name], prefix + name, options),
    ]);
    return Object.fromEntries(values) as Values<Group>;
  };
}

export function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean';
}

export function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}

/** Checked by its parts, because that of a polyfill or of jsdom is an instance of another class. */
function isAbortSignal(value: unknown): value is AbortSignal {
  if (!isRecord(value) || !isBoolean(value.aborted)) return false;
  return isFunction(value.throwIfAborted) && isFunction(value.addEventListener);
}

/** A value as quoted in error messages. A string that can be a secret is not quoted. */
function show(value: unknown, isSecret: boolean): string {
  if (typeof value === 'string') return isSecret && value !== '' ? 'a string' : JSON.stringify(redact(value));
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
