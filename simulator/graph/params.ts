import { type z } from 'zod';
import { isObject } from '../base/check';
import { type GraphError, invalidKeys, invalidParameter } from './errors';

/** The parameters as `schema` has them. Throws a `GraphError` for the first thing that the platform does not take. */
export function checked<T extends z.ZodType>(schema: T, value: unknown, root = ''): z.output<T> {
  const { data, error } = schema.safeParse(value, { reportInput: true });
  if (error) throw graphErrorOf(firstOf(error.issues), root);
  return data;
}

/** An object that must be there. Throws a `GraphError` otherwise. */
export function objectParam(value: unknown, name: string): Record<string, unknown> {
  if (value === undefined) throw invalidParameter(`The parameter ${name} is required`);
  if (isObject(value)) return value;
  throw invalidParameter(`Param ${name} must be a JSON object`);
}

/** A misspelt key is named, rather than the one that it leaves missing: jgorset/facebook-messenger#107. */
function firstOf(issues: readonly z.core.$ZodIssue[]): z.core.$ZodIssue | undefined {
  return issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];
}

const WORDS = new Map<string, string>([
  ['object', 'a JSON object'],
  ['array', 'a list'],
  ['string', 'a string'],
]);

function graphErrorOf(issue: z.core.$ZodIssue | undefined, root: string): GraphError {
  if (!issue) return invalidParameter(`Param ${root} is invalid`);
  const [first, ...rest] = root === '' ? issue.path : [root, ...issue.path];
  const name = String(first) + rest.map((key) => `[${String(key)}]`).join('');
  if (issue.code === 'unrecognized_keys') return invalidKeys(issue.keys, name);
  if (issue.code === 'invalid_union' && 'options' in issue) return notOneOf(name, issue.options ?? []);
  if (issue.input === undefined) return invalidParameter(`The parameter ${name} is required`);
  if (issue.code === 'too_big' && issue.origin === 'string') {
    return invalidParameter(`Length of param ${name} must be less than or equal to ${issue.maximum}`);
  }
  if (issue.code === 'too_big' || issue.code === 'too_small') {
    const [limit, word] = issue.code === 'too_big' ? [issue.maximum, 'at most'] : [issue.minimum, 'at least'];
    return invalidParameter(
      issue.origin === 'string'
        ? `Param ${name} must be a non-empty string`
        : `Param ${name} must have ${issue.exact ? 'exactly' : word} ${limit} element${limit === 1 ? '' : 's'}`,
    );
  }
  if (issue.code === 'invalid_type') {
    const expected = WORDS.get(issue.expected) ?? issue.expected;
    return invalidParameter(`Param ${name} must be ${expected}`);
  }
  if (issue.code === 'invalid_value') return notOneOf(name, issue.values);
  return invalidParameter(`Param ${name} ${issue.code === 'custom' ? issue.message : 'is invalid'}`);
}

function notOneOf(name: string, allowed: readonly unknown[]): GraphError {
  const values = allowed.map((value) => String(value).toUpperCase()).sort();
  return invalidParameter(`Param ${name} must be one of {${values.join(', ')}}`);
}
