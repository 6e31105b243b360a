import { isObject } from '../base/check';
import { type Answer, parsed } from './caller';
import { type ExpectedAnswer } from './case';

/** In what an answer differs from the expected one: a line for each difference, so none if it is as expected. */
export function differences(expected: ExpectedAnswer, answer: Answer): string[] {
  if (expected.batch) return batchDifferences(expected.batch, answer);
  const [wanted, got] = [outline(expected), outlineOf(answer)];
  if (wanted !== got) return [`expected ${wanted}, got ${got}`];
  const missing = (expected.headers ?? []).filter((name) => answer.headers[name] === undefined);
  return [...bodyDifferences(expected, answer.body), ...missing.map((name) => `header ${name} is missing`)];
}

function bodyDifferences({ wording, fields: known = {} }: ExpectedAnswer, body: unknown): string[] {
  const { error, ...fields } = isObject(body) ? body : {};
  if (isObject(error)) return unlike({ message: wording ?? /./, fbtrace_id: /./ }, error);
  const unknown = Object.keys(fields).filter((name) => !Object.hasOwn(known, name));
  return [...unlike(known, fields), ...unknown.map((name) => `${name} was not expected`)];
}

/** Each entry of the list has the status in `code` and the answer in `body`, as a string. */
function batchDifferences(expected: readonly ExpectedAnswer[], answer: Answer): string[] {
  const { status, body } = answer;
  if (status !== 200 || !Array.isArray(body) || body.length !== expected.length) {
    const got = Array.isArray(body) ? `${status} with a list of ${body.length}` : outlineOf(answer);
    return [`expected 200 with a list of ${expected.length}, got ${got}`];
  }
  return expected.flatMap((one, at) => {
    const entry: unknown = body[at];
    const { code, body: text } = isObject(entry) ? entry : {};
    const inner = { status: Number(code), headers: {}, body: parsed(String(text)) };
    return differences(one, inner).map((difference) => `request ${at + 1} of the batch: ${difference}`);
  });
}

/** Status and codes, as in "400, 100/2018074 OAuthException". */
function outline({ code, subcode, type = 'OAuthException' }: ExpectedAnswer): string {
  return code === undefined ? '200' : `400, ${codes(code, subcode, type)}`;
}

function outlineOf({ status, body }: Answer): string {
  if (!isObject(body)) return `${status} with something that is no JSON object`;
  const { error } = body;
  if (!isObject(error)) return String(status);
  return `${status}, ${codes(error['code'], error['error_subcode'], error['type'])}`;
}

function codes(code: unknown, subcode: unknown, type: unknown): string {
  const numbers = [code, subcode].filter((number) => number !== undefined);
  return `${numbers.map(shown).join('/')} ${type === undefined ? 'without a type' : shown(type)}`;
}

function unlike(expected: Readonly<Record<string, RegExp>>, got: Record<string, unknown>): string[] {
  return Object.entries(expected)
    .filter(([name, pattern]) => typeof got[name] !== 'string' || !pattern.test(got[name]))
    .map(([name, pattern]) =>
      got[name] === undefined
        ? `${name} is missing`
        : `expected ${name} to match ${String(pattern)}, got ${shown(got[name])}`,
    );
}

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
