import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from './listen';

/** What an origin does with a request. */
export type Serve = (response: ServerResponse, request: IncomingMessage) => void;

/** A web server that serves what a test tells it to, well or badly. */
export interface Origin {
  readonly url: string;
  /** The requests so far. */
  readonly requests: { readonly url: string; readonly headers: IncomingHttpHeaders }[];
  /** What it does from now on. */
  serve(serve: Serve): void;
  close(): Promise<void>;
}

export async function openOrigin(serve: Serve): Promise<Origin> {
  const requests: Origin['requests'] = [];
  let current = serve;
  const server = createServer((request, response) => {
    requests.push({ url: request.url ?? '', headers: request.headers });
    response.on('error', () => undefined);
    current(response, request);
  });
  const { port, close } = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    serve: (next) => {
      current = next;
    },
    close,
  };
}

/** Serves content, and answers that it has not changed to whoever has this version. */
export function content(bytes: Uint8Array, type: string, headers: Record<string, string> = {}): Serve {
  return (response, { headers: { 'if-none-match': known, 'if-modified-since': since } }) => {
    const { etag, 'last-modified': modified } = headers;
    const isKnown = known === undefined ? since !== undefined && since === modified : known === etag;
    response.writeHead(isKnown ? 304 : 200, { 'content-type': type, ...headers });
    response.end(isKnown ? undefined : bytes);
  };
}

/** Redirects to an address. */
export function redirect(location: string, status = 302): Serve {
  return (response) => response.writeHead(status, { location }).end();
}
