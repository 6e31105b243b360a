import { runInNewContext } from 'node:vm';

/**
 * An error of another realm: no instance of this one's Error. In Jest, all of Node's own are like this, because its
 * tests run in a realm of their own.
 */
export function errorOfOtherRealm(message: string, fields: object = {}): Error {
  return Object.assign(runInNewContext('new Error(message)', { message }) as Error, fields);
}

/** Several errors in one, as Node has it when no address of a host answers. */
export function aggregateOfOtherRealm(errors: readonly unknown[]): AggregateError {
  return runInNewContext('new AggregateError(errors)', { errors }) as AggregateError;
}
