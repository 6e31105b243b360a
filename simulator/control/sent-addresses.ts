import { isObject } from '../base/check';
import { type ThreadMessage } from '../platform/model';

/**
 * The addresses in what a bot has sent. Only these are fetched, or opened, for whoever looks at a thread: the simulator
 * is no proxy for other addresses.
 */

/** Of the pictures on cards, and of the persona. */
export function picturesOf({ template, persona }: ThreadMessage): string[] {
  const onCards = objectsIn(template).map((one) => one['image_url']);
  return [...onCards, persona?.profile_picture_url].filter(isString);
}

/** Of Log In buttons. */
export function loginsOf(message: ThreadMessage): string[] {
  return objectsIn(message.template)
    .filter(({ type }) => type === 'account_link')
    .map(({ url }) => url)
    .filter(isString);
}

function objectsIn(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(objectsIn);
  return isObject(value) ? [value, ...Object.values(value).flatMap(objectsIn)] : [];
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}
