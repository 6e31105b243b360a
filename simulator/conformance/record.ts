import { writeFile } from 'node:fs/promises';
import { isObject } from '../base/check';
import { type CaseResult } from './run';

/** Of an answer's headers: which version answered, and how much of what is allowed is used. */
const HEADERS = /^(facebook-api-version|x-fb-trace-id|x-.*-usage)$/;

/** Fields of requests and answers that tell whose page it is, and who got the messages. */
const IDENTITIES = ['id', 'name', 'recipient_id'];

/**
 * Saves what was asked and answered, as JSON. It names neither the page nor a person.
 *
 * @param secrets What must not be in the file wherever it stands.
 */
export async function saveRecord(
  file: string,
  about: { readonly apiHost: string; readonly apiVersion: string },
  results: readonly CaseResult[],
  secrets: readonly string[],
): Promise<void> {
  const record = { ...about, time: new Date().toISOString(), cases: results.map(recordOf) };
  const hide = (_name: string, value: unknown) =>
    typeof value === 'string' ? withoutSecrets(value, secrets) : value;
  await writeFile(file, `${JSON.stringify(record, hide, 2)}\n`);
}

function recordOf({ case: { name, source }, outcome, remarks, request, answer }: CaseResult) {
  const { method = 'POST', path, params, file } = request ?? {};
  const headers = Object.entries(answer?.headers ?? {}).filter(([header]) => HEADERS.test(header));
  return {
    name,
    source,
    outcome,
    remarks,
    ...(request && {
      request: { method, path, params: withoutIdentities(params), ...(file && { filedata: file.name }) },
    }),
    ...(answer && {
      answer: {
        status: answer.status,
        headers: Object.fromEntries(headers.map(([header, value]) => [header, withoutOwners(value)])),
        body: withoutIdentities(answer.body),
      },
    }),
  };
}

function withoutIdentities(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIdentities);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      IDENTITIES.includes(name) && typeof inner === 'string' ? `<${name}>` : withoutIdentities(inner),
    ]),
  );
}

/** `X-Business-Use-Case-Usage` has the ID of the business or page for its key. */
function withoutOwners(header: string): string {
  return header.replace(/"\d+":/g, '"<id>":');
}

/** A whole word only: in tests, a person's ID can be a single digit. */
function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets.reduce(
    (safe, secret) => safe.replace(new RegExp(`(?<!\\w)${escaped(secret)}(?!\\w)`, 'g'), '<hidden>'),
    text,
  );
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
