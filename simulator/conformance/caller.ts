import { createHmac } from 'node:crypto';
import { type CaseRequest } from './case';

/** The platform gives a video 75 s, everything else less. */
const TIMEOUT = 90_000;

export interface CallerOptions {
  /** As in `https://graph.facebook.com`. */
  readonly origin: string;
  /** As in `v25.0`. */
  readonly apiVersion: string;
  readonly token: string;
  readonly appSecret: string | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Parsed, or the text if it is not JSON. */
  readonly body: unknown;
}

export type Caller = (request: CaseRequest) => Promise<Answer>;

/** Makes the calls of a page. They reject if there is no answer; the reason names no token. */
export function createCaller({ origin, apiVersion, token, appSecret }: CallerOptions): Caller {
  return async ({ method = 'POST', path, params: given = {}, file, ...credentials }) => {
    const url = new URL(`/${apiVersion}${path}`, origin);
    const rightProof =
      credentials.token === undefined && appSecret !== undefined ? proofOf(token, appSecret) : undefined;
    const proof = credentials.proof === 'none' ? undefined : (credentials.proof ?? rightProof);
    const params: Record<string, unknown> = {
      ...given,
      ...(proof !== undefined && { appsecret_proof: proof }),
    };
    const headers = { Authorization: `Bearer ${credentials.token ?? token}` };
    const signal = AbortSignal.timeout(TIMEOUT);
    if (method === 'GET') {
      for (const [name, value] of Object.entries(params)) url.searchParams.set(name, String(value));
      return answerOf(await fetch(url, { headers, signal }));
    }
    return answerOf(await fetch(url, { method, signal, ...content(params, headers, file) }));
  };
}

function content(params: Record<string, unknown>, headers: Record<string, string>, file?: File | string) {
  if (file === undefined) {
    return { headers: { ...headers, 'Content-Type': 'application/json' }, body: JSON.stringify(params) };
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(params)) {
    form.set(name, typeof value === 'string' ? value : JSON.stringify(value));
  }
  form.set('filedata', file);
  return { headers, body: form };
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: parsed(text),
  };
}

/** Of JSON; other text as it is. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

function proofOf(token: string, secret: string): string {
  return createHmac('sha256', secret).update(token).digest('hex');
}
