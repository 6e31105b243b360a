import { valueOf, type ParsedOptions } from '../command-options';
import { EXIT } from '../upload';
import { checkEnvFile, checkNode, checkPackages } from './environment';
import { checkFiles } from './files';
import { checkPlatform } from './platform';
import { checkStoreOf } from './store';
import type { Printer } from '../printer';
import type { ProcessContext } from '../session';
import type { Check, Outcome } from './check';

/** What it works with. */
export interface DoctorContext {
  readonly context: ProcessContext;
  readonly printer: Printer;
}

const OUTCOMES: readonly Outcome[] = ['ok', 'warning', 'failed', 'skipped'];
const OUTCOME_WIDTH = Math.max(...OUTCOMES.map(({ length }) => length));
const NAME_WIDTH = 'Botkit adapter'.length;

/**
 * Looks at everything that a bot needs, and says what to do about what is wrong. Nothing is uploaded unless it is asked
 * for; what is written to the store is deleted again.
 *
 * @returns The exit code.
 */
export async function doctor(parsed: ParsedOptions, { context, printer }: DoctorContext): Promise<number> {
  const { signal } = context;
  const checks: Check[] = [];
  for (const step of stepsOf(parsed, context)) {
    if (signal.aborted) return EXIT.interrupted;
    for (const check of await step()) {
      const clean = toClean(printer, check);
      checks.push(clean);
      if (parsed.json !== true) print(printer, clean);
    }
  }
  const count = (outcome: Outcome): number => checks.filter((check) => check.outcome === outcome).length;
  if (parsed.json === true) printer.json({ checks });
  else printer.print(`\n${OUTCOMES.map((outcome) => `${count(outcome)} ${outcome}`).join(', ')}`);
  return count('failed') > 0 ? EXIT.failed : EXIT.good;
}

function stepsOf(
  parsed: ParsedOptions,
  { env, folder, dispatcher }: ProcessContext,
): (() => Check[] | Promise<Check[]>)[] {
  const { page, namespace, root, exclude = [], upload = false } = parsed;
  const account = {
    apiHost: parsed.apiHost ?? valueOf(env.FACEBOOK_API_HOST),
    apiVersion: parsed.apiVersion,
    appSecret: valueOf(env.FACEBOOK_APP_SECRET),
    accessToken: valueOf(env.FACEBOOK_ACCESS_TOKEN),
  };
  const store = parsed.store ?? valueOf(env.FACEBOOK_ATTACHMENTS_STORE);
  return [
    () => [checkNode(), ...checkPackages(folder), checkEnvFile(folder, env)],
    () => checkPlatform({ account, page, upload, folder, env, dispatcher }),
    () => checkStoreOf({ store, namespace, folder }),
    () => checkFiles({ root, folder, exclude }),
  ];
}

function toClean(printer: Printer, { name, outcome, detail, cure }: Check): Check {
  return {
    name: printer.clean(name),
    outcome,
    detail: printer.clean(detail),
    cure: cure === null ? null : printer.clean(cure),
  };
}

function print(printer: Printer, { name, outcome, detail, cure }: Check): void {
  printer.print(`${outcome.padEnd(OUTCOME_WIDTH)}  ${name.padEnd(NAME_WIDTH)}  ${detail}`);
  if (cure !== null) printer.print(`${' '.repeat(OUTCOME_WIDTH)}  → ${cure}`);
}
