import { writeFile } from 'node:fs/promises';
import { isObject } from '../base/check';
import { type CaseResult } from './run';

/** Of an answer's headers: which version answered, and how much of what is allowed is used. */
const HEADERS = /^(facebook-api-version|x-fb-trace-id|x-.*-usage)$/;

/** Fields of an answer that tell whose page it is, and who got a message. */
const IDENTITIES = ['id', 'name', 'recipient_id'];

/** What is shorter is no secret, but could be anywhere: the simulator has people whose ID is one digit. */
const MIN_SECRET = 6;

/**
 * Saves what was asked and answered, as JSON. It names neither the page nor a person.
 *
 * @param secrets What must not be in the file, wherever it would stand.
 */
export async function saveRecord(
  file: string,
  about: { readonly apiHost: string; readonly apiVersion: string },
  results: readonly CaseResult[],
  secrets: readonly string[],
): Promise<void> {
  const record = { ...about, time: new Date().toISOString(), cases: results.map(recordOf) };
  const hidden = [...secrets, ...results.flatMap(identitiesIn)].filter(({ length }) => length >= MIN_SECRET);
  const text = hidden.reduce(
    (safe, secret) => safe.replaceAll(JSON.stringify(secret).slice(1, -1), '<hidden>'),
    JSON.stringify(record, undefined, 2),
  );
  await writeFile(file, `${withoutOwners(text)}\n`);
}

function recordOf({ case: { name, source }, outcome, remarks, request, answer }: CaseResult) {
  const { method = 'POST', path, params, file } = request ?? {};
  const headers = Object.entries(answer?.headers ?? {}).filter(([header]) => HEADERS.test(header));
  const filedata = typeof file === 'object' ? file.name : file;
  return {
    name,
    source,
    outcome,
    remarks,
    ...(request && { request: { method, path, params, ...(filedata !== undefined && { filedata }) } }),
    ...(answer && {
      answer: { status: answer.status, headers: Object.fromEntries(headers), body: answer.body },
    }),
  };
}

function identitiesIn({ answer }: CaseResult): string[] {
  const body = isObject(answer?.body) ? answer.body : {};
  return IDENTITIES.map((field) => body[field]).filter((value) => typeof value === 'string');
}

/** `X-Business-Use-Case-Usage` has the ID of a business or page for its key. In a batch, the quotes are escaped. */
function withoutOwners(text: string): string {
  return text.replace(/(\\*")\d{6,}\\*":/g, '$1<hidden>$1:');
}
