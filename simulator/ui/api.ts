import { signal } from '@preact/signals';

/** What was last asked of the control API, and what went wrong with it. */
export const lastRequest = signal<{ request: string; problem?: string } | undefined>(undefined);

export async function get<T>(path: string): Promise<T> {
  const response = await fetch(`/_sim${path}`);
  if (!response.ok) throw new Error(await problemIn(response));
  return (await response.json()) as T;
}

/** Asks for something to be done. Never rejects: what goes wrong is shown where the last request is. */
export async function callControlApi(method: string, path: string, body: unknown = {}): Promise<boolean> {
  const isFile = body instanceof Blob;
  const request = `${method} /_sim${path} ${isFile ? `(${body.size} bytes)` : JSON.stringify(body)}`;
  try {
    const response = await fetch(`/_sim${path}`, { method, body: isFile ? body : JSON.stringify(body) });
    if (!response.ok) throw new Error(await problemIn(response));
    lastRequest.value = { request };
    return true;
  } catch (error) {
    const problem = error instanceof TypeError ? 'The simulator cannot be reached.' : String(error);
    lastRequest.value = { request, problem };
    return false;
  }
}

export const post = (path: string, body?: unknown) => callControlApi('POST', path, body);

async function problemIn(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error?: string };
  return error ?? `HTTP ${response.status}`;
}
