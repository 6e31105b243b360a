import { isRecord } from './records';

/** Checks the value of the option `name`, or gives its default. `others`: the options that it is one of, as they came. */
export type Reader<T> = (value: unknown, name: string, others: Readonly<Record<string, unknown>>) => T;

type Readers = Readonly<Record<string, Reader<unknown>>>;

/** Options with their defaults. */
export type Values<Group extends Readers> = { readonly [Name in keyof Group]: ReturnType<Group[Name]> };

/** How the error for a wrong value looks. */
interface ErrorStyle {
  /** A RangeError instead of a TypeError. */
  readonly isRange?: boolean;
  /** Text in its place can hold a password, so it is not quoted. */
  readonly isSecret?: boolean;
}

/** An option that need not be given: its value, or a default. */
export function option<T, Default>(
  expected: string,
  isValid: (value: unknown) => value is T,
  otherwise: Default,
  style?: ErrorStyle,
): Reader<T | Default> {
  const read = required(expected, isValid, style);
  return (value, name, others) => (value === undefined ? otherwise : read(value, name, others));
}

/** An option that must be given. */
function required<T>(
  expected: string,
  isValid: (value: unknown) => value is T,
  { isRange = false, isSecret = false }: ErrorStyle = {},
): Reader<T> {
  return (value, name) => {
    if (isValid(value)) return value;
    const shown = isSecret && typeof value === 'string' ? 'a string' : show(value);
    throw new (isRange ? RangeError : TypeError)(`Expected \`${name}\` to be ${expected}, got ${shown}`);
  };
}

/**
 * Checks all options of an object.
 *
 * @param each - What one of them is called.
 * @param prefix - What comes before their names in error messages.
 * @returns The options with their defaults.
 */
export function group<Group extends Readers>(
  each: string,
  readers: Group,
  prefix = '',
): Reader<Values<Group>> {
  return (options = {}, whole) => {
    if (!isRecord(options))
      throw new TypeError(`Expected \`${whole}\` to be an object, got ${show(options)}`);
    const names = Object.keys(readers);
    const stranger = Object.keys(options).find((name) => !names.includes(name));
    if (stranger !== undefined) {
      throw new TypeError(`Expected each ${each} to be one of ${names.join(', ')}, got \`${stranger}\``);
    }
    const values = Object.entries(readers).map(([name, read]) => [
      name,
      read(options[name], prefix + name, options),
    ]);
    return Object.fromEntries(values) as Values<Group>;
  };
}

/** A value as an error message may quote it. */
function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return typeof value === 'function' ? 'a function' : String(value);
}
