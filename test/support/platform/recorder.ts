import { once } from 'node:events';
import { request as callHttp, type IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:https';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { type Simulator, certificateFor } from 'messenger-platform-simulator';
import { listen } from './listen';

/** A request as it came over the wire. */
export interface RecordedRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A part of a multipart/form-data body. */
export interface FormPart {
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** The simulator by another address, where each request is kept as it came before it goes on. */
export interface Recorder extends Simulator {
  readonly requests: RecordedRequest[];
}

export async function recordCalls(sim: Simulator): Promise<Recorder> {
  const { ca, cert, key } = await certificateFor('127.0.0.1');
  const requests: RecordedRequest[] = [];
  const server = createServer({ cert, key }, (req, res) => {
    const { method = '', url: target = '', headers } = req;
    const forward = async () => {
      const { pathname, searchParams } = new URL(target, 'https://localhost');
      const body = await buffer(req);
      requests.push({ method, path: pathname, query: searchParams, headers, body });
      const onward = callHttp(`${sim.httpUrl}${target}`, { method, headers, agent: false });
      onward.end(body);
      const [answer] = (await once(onward, 'response')) as [typeof req];
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      await pipeline(answer, res);
    };
    forward().catch(() => res.destroy());
  });
  const { port, close } = await listen(server);
  const host = `localhost:${port}`;
  return { ...sim, host, url: `https://${host}`, ca, requests, close };
}

/** Splits a form into its parts, byte for byte: https://www.rfc-editor.org/rfc/rfc7578 */
export function parseForm({ headers, body }: RecordedRequest): FormPart[] {
  const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(headers['content-type'] ?? '')?.[1];
  if (boundary === undefined) throw new Error(`Expected a form, got ${headers['content-type'] ?? 'nothing'}`);
  // Latin 1 stands for each byte with one character.
  const [preamble, ...sections] = body.toString('latin1').split(`--${boundary}`);
  const epilogue = sections.pop();
  if (preamble !== '' || epilogue?.trim() !== '--') throw new Error('Expected nothing around the parts');
  return sections.map((section) => {
    const headEnd = section.indexOf('\r\n\r\n');
    const head = Buffer.from(section.slice(2, headEnd), 'latin1').toString();
    const lines = head.split('\r\n').map((line) => line.split(/: ?(.*)/s, 2));
    return {
      headers: Object.fromEntries(lines.map(([name = '', value = '']) => [name.toLowerCase(), value])),
      body: Buffer.from(section.slice(headEnd + 4, -2), 'latin1'),
    };
  });
}
