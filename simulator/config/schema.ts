import { z } from 'zod';
import { InputError } from '../base/check';
import { type BotUnderTest } from '../control/bot-under-test';
import { WEBHOOK_FIELDS } from '../platform/webhook-events';

/** What is wrong with a configuration file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const expected = (what: string) => ({ error: `expected ${what}` });

const DIGITS = expected('a string of digits');
const id = z.string(DIGITS).regex(/^\d{1,32}$/, DIGITS);
const filled = text('a string that is not empty');
const flag = z.boolean(expected('true or false'));
const port = numberFrom(0, 'a port from 0 to 65535', 65_535);
const address = z.url({ protocol: /^https?$/, ...expected('an http or https address') });

const page = fields({
  id,
  token: filled,
  name: filled.optional(),
  secret: filled.optional(),
  requireProof: flag.optional(),
});

const TIMEZONE = expected('hours from -24 to 24');
const person = fields({
  id,
  name: text('a name', /\S/),
  picture: filled.optional(),
  locale: filled.optional(),
  timezone: z.number(TIMEZONE).min(-24, TIMEZONE).max(24, TIMEZONE).optional(),
  gender: filled.optional(),
  email: text('an e-mail address', /^\S+@\S+$/).optional(),
  phone: text('a phone number such as "+15550100001"', /^\+?[\d ()-]+$/).optional(),
});

const perSecond = numberFrom(1, 'a whole number of messages above 0').optional();
const rateLimits = fields({ perSecond, mediaPerSecond: perSecond });

const ms = numberFrom(1, 'milliseconds above 0').optional();
const webhook = fields({
  url: address,
  verifyToken: filled.optional(),
  redeliver: flag.optional(),
  timeout: ms,
  fields: z.array(oneOf(WEBHOOK_FIELDS), expected(`a list of ${WEBHOOK_FIELDS.join(', ')}`)).optional(),
});

const TIME = expected('a time such as "2026-01-31T09:00:00Z"');
const clock = z.union(
  [z.string().refine((time) => !Number.isNaN(Date.parse(time)), TIME), z.number(), z.date()],
  TIME,
);

const PAGES = expected('a list of at least one page');
const config = {
  pages: z.array(page, PAGES).min(1, PAGES).superRefine(eachOnce('id', 'token')).optional(),
  people: z.array(person, expected('a list of people')).superRefine(eachOnce('id')).optional(),
  clock: clock.optional(),
  windows: oneOf(['platform', 'open']).optional(),
  rateLimits: z.union([flag, rateLimits], expected('true, false, or the messages per second')).optional(),
  idsInAttachments: oneOf(['refused', 'accepted']).optional(),
  webhook: z
    .union([address, webhook], expected('an http or https address, or an object with such a url'))
    .optional(),
  port: port.optional(),
  httpPort: port.optional(),
  host: filled.optional(),
  allowHosts: z
    .array(text('a host name such as "simulator"', /^[\w-]+(\.[\w-]+)*$/), expected('a list of host names'))
    .optional(),
};

/** `messenger.config.json`: the options of `startSimulator` that are plain data. */
const configFile = fields(config);

const options = fields({
  ...config,
  now: z.custom<() => number>((value) => typeof value === 'function', 'expected a function').optional(),
  fetchTimeouts: fields({ video: ms, other: ms }).optional(),
  fetchCa: filled.optional(),
  keepContent: numberFrom(0, 'a whole number of bytes').optional(),
  keepCalls: numberFrom(1, 'a whole number of calls above 0').optional(),
  bot: z
    .custom<BotUnderTest>((value) => typeof value === 'object' && value !== null, 'expected an object')
    .optional(),
});

/** What a configuration file may say. */
export type SimulatorConfig = z.infer<typeof configFile>;

/** Throws a `ConfigError` that names each field that is wrong, by its path. */
export function checkConfig(value: unknown, file: string): SimulatorConfig {
  const { success, data, error } = configFile.safeParse(value, { reportInput: true });
  if (success) return data;
  throw new ConfigError(`${file} is wrong:${problemsIn(error)}`);
}

/** Throws an `InputError` that names each option of `startSimulator` that is wrong, by its path. */
export function checkOptions(value: unknown): z.infer<typeof options> {
  const { success, data, error } = options.safeParse(value, { reportInput: true });
  if (success) return data;
  throw new InputError(`The options of the simulator are wrong:${problemsIn(error)}`);
}

function fields<T extends z.ZodRawShape>(shape: T) {
  const known = Object.keys(shape).join(', ');
  return z.strictObject(shape, {
    error: ({ code }) =>
      code === 'unrecognized_keys' ? `expected only the fields ${known}` : `expected an object with ${known}`,
  });
}

function text(what: string, pattern = /^[^]/) {
  return z.string(expected(what)).regex(pattern, expected(what));
}

function numberFrom(min: number, what: string, max = Number.MAX_SAFE_INTEGER) {
  return z.int(expected(what)).min(min, expected(what)).max(max, expected(what));
}

function oneOf<const T extends readonly string[]>(values: T) {
  return z.enum(values, expected(`one of ${values.map((value) => `"${value}"`).join(', ')}`));
}

/** No two of a list may have the same value in one of these fields. */
function eachOnce<T extends string>(...names: T[]) {
  return (list: readonly Record<T, string>[], context: z.RefinementCtx) => {
    for (const name of names) {
      for (const [at, { [name]: value }] of list.entries()) {
        if (list.findIndex((other) => other[name] === value) === at) continue;
        const message = 'expected a value that no other entry has';
        context.addIssue({ code: 'custom', path: [at, name], input: value, message });
      }
    }
  };
}

function problemsIn({ issues }: z.ZodError): string {
  return issues
    .flatMap((issue) => problemsOf(issue))
    .map((problem) => `\n  ${problem}`)
    .join('');
}

function problemsOf(issue: z.core.$ZodIssue, parent: readonly PropertyKey[] = []): string[] {
  const path = [...parent, ...issue.path];
  if (issue.code === 'invalid_union') {
    // The kind that the value comes nearest to: an object that lacks a field, rather than not being a string.
    const [nearest = []] = [...issue.errors].sort((one, other) => depthOf(other) - depthOf(one));
    if (depthOf(nearest) > 0) return nearest.flatMap((inner) => problemsOf(inner, path));
  }
  const found =
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `"${key}"`).join(', ')
      : shown(issue.input, path.at(-1));
  return [`${z.core.toDotPath(path) || 'configuration'}: ${issue.message}, got ${found}`];
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ code, path }) => path.length + (code === 'unrecognized_keys' ? 1 : 0)));
}

const SECRETS: readonly unknown[] = ['token', 'secret', 'verifyToken'];
const MAX_SHOWN = 100;

/** What was found, without secrets: those of a page, and what an address may carry of them. */
function shown(value: unknown, field: PropertyKey | undefined): string {
  if (value === undefined) return 'nothing';
  if (value === '') return 'an empty string';
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return String(value);
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value !== 'string') return typeof value === 'function' ? 'a function' : 'an object';
  if (SECRETS.includes(field)) return 'a string that is not shown';
  return JSON.stringify(
    value
      .replace(/\?[^]*/, '?…')
      .replace(/\/\/[^/]*@/, '//…@')
      .slice(0, MAX_SHOWN),
  );
}
