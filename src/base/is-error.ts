import { types } from 'node:util';

/**
 * Is it an error? Not by `instanceof` alone: in Jest, whose tests run in a realm of their own, Node's errors are no
 * instances of the `Error` of this code. Nor by `isNativeError` alone: that does not accept the reason of an aborted
 * signal.
 */
export function isError(thrown: unknown): thrown is Error {
  // eslint-disable-next-line no-restricted-syntax -- For errors that subclass Error without being native, such as a polyfill’s.
  return types.isNativeError(thrown) || thrown instanceof Error || thrown instanceof DOMException;
}

/** Several errors in one, of any realm: Node has it when none of a host's addresses answers. */
export function isAggregateError(thrown: unknown): thrown is AggregateError {
  return (
    isError(thrown) &&
    thrown.name === 'AggregateError' &&
    Array.isArray((thrown as { errors?: unknown }).errors)
  );
}
