import { isAggregateError, isError } from '../base/is-error';
import { redact } from '../base/redact';
import { oneLine } from './format';

/** Where the tool writes: the process's own streams, or a test's. */
export type Output = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

/** Writes what is asked for to one stream and what is wrong to the other, and no secret to either. */
export class Printer {
  readonly #stdout: Output;
  readonly #stderr: Output;
  readonly #secrets: readonly string[];

  /** @param secrets - Never written, wherever they stand. */
  constructor(stdout: Output, stderr: Output, secrets: readonly string[]) {
    this.#stdout = stdout;
    this.#stderr = stderr;
    this.#secrets = secrets;
  }

  print(line: string): void {
    this.#stdout.write(`${line}\n`);
  }

  /** On standard error, so that it is not in the way of what reads the output. */
  note(line: string): void {
    this.#stderr.write(`${line}\n`);
  }

  json(value: unknown): void {
    this.print(JSON.stringify(value, undefined, 2));
  }

  /** An error, on one line. */
  problem(error: unknown): void {
    this.note(this.describe(error));
  }

  /** What an error says, with its code. */
  describe(error: unknown): string {
    const { message, code } = reasonOf(error);
    const clean = this.clean(message);
    return code === undefined || clean.includes(code) ? clean : `${clean} [${code}]`;
  }

  /** A text on one line, without secrets. */
  clean(text: string): string {
    return oneLine(redact(text, this.#secrets));
  }
}

/** The first line tells; what libraries add below it does not. */
export function reasonOf(error: unknown): { message: string; code: string | undefined } {
  // Several addresses were tried, and none answered.
  if (isAggregateError(error) && error.errors.length > 0) return reasonOf(error.errors[0]);
  if (!isError(error)) return { message: String(error), code: undefined };
  const { code } = error as NodeJS.ErrnoException;
  const [line = ''] = error.message.split('\n');
  return { message: line || (code ?? error.name), code: typeof code === 'string' ? code : undefined };
}
