import { z } from 'zod';

/** What is wrong with a configuration file. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const id = z.string().regex(/^\d{1,32}$/, 'expected a string of digits');
const filled = z.string().min(1, 'expected a string that is not empty');
const port = z.int().min(0).max(65_535);
const address = z.url({ protocol: /^https?$/, error: 'expected an http or https address' });

const page = z.strictObject({
  id,
  token: filled,
  name: filled.exactOptional(),
  secret: filled.exactOptional(),
  requireProof: z.boolean().exactOptional(),
});

const person = z.strictObject({
  id,
  name: filled,
  picture: filled.exactOptional(),
  locale: filled.exactOptional(),
  timezone: z.number().min(-24).max(24).exactOptional(),
  gender: filled.exactOptional(),
});

const rateLimits = z.strictObject({
  perSecond: z.int().positive().exactOptional(),
  mediaPerSecond: z.int().positive().exactOptional(),
});

const webhook = z.strictObject({ url: address, verifyToken: filled.exactOptional() });

/** `messenger.config.json`: the options of `startSimulator` that are plain data. */
const config = z.strictObject({
  pages: z.array(page).min(1).exactOptional(),
  people: z.array(person).exactOptional(),
  clock: z
    .string()
    .refine((time) => !Number.isNaN(Date.parse(time)), 'expected a time such as "2026-01-31T09:00:00Z"')
    .exactOptional(),
  windows: z.enum(['platform', 'open']).exactOptional(),
  rateLimits: z.union([z.boolean(), rateLimits]).exactOptional(),
  idsInAttachments: z.enum(['refused', 'accepted']).exactOptional(),
  webhook: z.union([address, webhook]).exactOptional(),
  port: port.exactOptional(),
  httpPort: port.exactOptional(),
  host: filled.exactOptional(),
  allowHosts: z.array(filled).exactOptional(),
});

/** What a configuration file may say. */
export type SimulatorConfig = z.infer<typeof config>;

/** Throws a `ConfigError` that names each field that is wrong, by its path. */
export function checkConfig(value: unknown, file: string): SimulatorConfig {
  const { success, data, error } = config.safeParse(value);
  if (success) return data;
  const problems = error.issues.flatMap((issue) => problemsOf(issue)).map((problem) => `\n  ${problem}`);
  throw new ConfigError(`${file} is wrong:${problems.join('')}`);
}

/** Values are left out: they may be tokens. */
function problemsOf(issue: z.core.$ZodIssue, parent: readonly PropertyKey[] = []): string[] {
  const path = [...parent, ...issue.path];
  if (issue.code === 'invalid_union') {
    // The kind that the value comes nearest to: an object that lacks a field, rather than not being a string.
    const [nearest = []] = [...issue.errors].sort((one, other) => depthOf(other) - depthOf(one));
    return nearest.flatMap((inner) => problemsOf(inner, path));
  }
  return [`${z.core.toDotPath(path) || 'all of it'}: ${lowerCase(issue.message)}`];
}

function depthOf(issues: readonly z.core.$ZodIssue[]): number {
  return Math.max(0, ...issues.map(({ code, path }) => path.length + (code === 'unrecognized_keys' ? 1 : 0)));
}

function lowerCase(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1);
}
