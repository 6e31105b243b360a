import { z } from 'zod';
import { type Answer, failure } from './answer';
import { batchTooLarge, invalidParameter, unknownPath, unresolvedRequest, wrongFileCount } from './errors';
import { type GraphRequest, requestOf } from './graph-request';
import { checked } from './params';

/** graph-api/batch-requests: "limited to 50 requests per batch" */
const MAX = 50;
const ORIGIN = 'https://graph.facebook.com/';

const operation = z.looseObject({
  method: z.string(),
  relative_url: z.string(),
  body: z.string().nullish(),
  name: z.string().nullish(),
  depends_on: z.string().nullish(),
  attached_files: z.string().nullish(),
  omit_response_on_success: z.boolean().nullish(),
});

type Operation = z.output<typeof operation>;

/** Answers by the names of their operations. */
type Results = ReadonlyMap<string, Answer>;

/** graph-api/batch-requests: `POST /` or `/me` with `batch`. */
export function isBatch({ method, segments: [first, ...rest], params }: GraphRequest): boolean {
  const isEntry = first === undefined || (first === 'me' && rest.length === 0);
  return method === 'POST' && isEntry && params['batch'] !== undefined;
}

/** Carries the operations out, one after the other. `carryOut` never rejects. */
export async function answerBatch(
  batch: GraphRequest,
  carryOut: (request: GraphRequest) => Promise<Answer>,
): Promise<unknown[]> {
  const includesHeaders = !['false', false].some((value) => value === batch.params['include_headers']);
  const results = new Map<string, Answer>();
  const parts: unknown[] = [];
  for (const one of operationsOf(batch)) {
    const request = resolved(one, batch, results);
    const answer = 'answer' in request ? request.answer : await carryOut(request);
    if (typeof one.name === 'string') results.set(one.name, answer);
    // The same page: a request with a name is there for others, and its answer is left out unless it is asked for.
    const isOmitted = (one.omit_response_on_success ?? typeof one.name === 'string') && answer.status < 400;
    parts.push(isOmitted ? null : partOf(answer, includesHeaders));
  }
  return parts;
}

/** Refuses the whole batch if one of them is none, or depends on one that does not come before it. */
function operationsOf({ params }: GraphRequest): Operation[] {
  const { batch } = params;
  if (!Array.isArray(batch)) throw invalidParameter('Param batch must be a JSON array');
  if (batch.length > MAX) throw batchTooLarge(MAX);
  const operations = checked(z.array(operation), batch, 'batch');
  const names = new Set<string>();
  for (const [at, one] of operations.entries()) {
    const missing = dependenciesOf(one).find((name) => !names.has(name));
    if (missing !== undefined) throw unresolvedRequest(at, missing);
    if (typeof one.name === 'string') names.add(one.name);
  }
  return operations;
}

/** What an operation asks for; or the answer, if it cannot be carried out. */
function resolved(one: Operation, batch: GraphRequest, results: Results): GraphRequest | { answer: Answer } {
  try {
    // Which answer the platform gives here is not published.
    const failed = dependenciesOf(one).find((name) => (results.get(name)?.status ?? 0) >= 400);
    if (failed !== undefined) throw invalidParameter(`The request "${failed}" has failed`);
    const request = operationRequest(one, batch, results);
    if (typeof one.attached_files === 'string') {
      // Whatever the part is called: an operation of the Send API has one file, so that two names are none.
      const file = batch.files.get(one.attached_files.trim());
      if (!file) throw wrongFileCount();
      request.files.set('filedata', file);
    }
    return request;
  } catch (error) {
    return { answer: failure(error) };
  }
}

/** Token and proof of the batch are those of each operation, unless it brings its own. */
function operationRequest(one: Operation, batch: GraphRequest, results: Results): GraphRequest {
  const address = one.relative_url.replace(/^\/+/, '');
  if (!URL.canParse(address, ORIGIN)) throw unknownPath(`/${address}`);
  const url = new URL(address, ORIGIN);
  const given = [...url.searchParams, ...new URLSearchParams(one.body ?? '')];
  return requestOf(one.method.toUpperCase(), withResults(decoded(url.pathname), results), {
    access_token: batch.token,
    appsecret_proof: batch.proof,
    ...Object.fromEntries(given.map(([name, value]) => [name, withResults(value, results)])),
  });
}

/** A part of an earlier answer: `{result=first:$.attachment_id}`, `{result=all:$.data.*.id}`. */
const REFERENCE = /\{result=([^:}]+):([^}]+)\}/g;

function dependenciesOf({ depends_on: dependency, relative_url: url, body }: Operation): string[] {
  const text = [url, body ?? ''].map((one) => decoded(one)).join(' ');
  const referred = Array.from(text.matchAll(REFERENCE), ([, name = '']) => name);
  return typeof dependency === 'string' ? [dependency, ...referred] : referred;
}

function withResults(text: string, results: Results): string {
  return text.replace(REFERENCE, (_reference, name: string, path: string) =>
    valuesAt(path, results.get(name)?.body).map(String).join(','),
  );
}

/** What the documents use of JSONPath: names, numbers and `*`. */
function valuesAt(path: string, body: unknown): unknown[] {
  const steps = path.match(/[^.$[\]'"]+/g) ?? [];
  return steps.reduce<unknown[]>(
    (values, step) =>
      values.flatMap((value): unknown[] => {
        const fields = Object.entries(typeof value === 'object' && value !== null ? value : {});
        return fields.filter(([name]) => step === '*' || name === step).map(([, inner]) => inner as unknown);
      }),
    [body],
  );
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // It holds a % that stands for itself.
  }
}

function partOf({ status, body, headers = {} }: Answer, includesHeaders: boolean): object {
  const list = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return { code: status, ...(includesHeaders && { headers: list }), body: JSON.stringify(body) };
}
