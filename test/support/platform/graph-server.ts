import assert from 'node:assert/strict';
import { createServer, type ServerOptions } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { Agent } from 'undici';
import { certificateFor } from 'messenger-platform-simulator';
import { listen } from './listen';
import type { RecordedRequest } from './recorder';

/** What the server does with a request. */
export type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/**
 * An HTTPS server that answers as it is told, well or badly: what the simulator, which knows the platform, would not.
 */
export interface GraphServer {
  readonly host: string;
  /** The authority to trust. */
  readonly ca: string;
  /** Requests that came in whole. */
  readonly received: RecordedRequest[];
  /** The answers to the next requests, in order. The last one stays. */
  answer(...answers: Answer[]): void;
  close(): Promise<void>;
}

export async function startGraphServer(tls?: ServerOptions): Promise<GraphServer> {
  const { ca, cert, key } = await certificateFor('127.0.0.1');
  const received: RecordedRequest[] = [];
  let answers: Answer[] = [];
  const server = createServer(tls ?? { cert, key }, (request, response) => {
    const { method = '', url = '', headers } = request;
    const { pathname: path, searchParams: query } = new URL(url, 'https://localhost');
    buffer(request).then(
      (body) => {
        received.push({ method, path, query, headers, body });
        const next = answers.length > 1 ? answers.shift() : answers[0];
        next?.(response, request);
      },
      () => {
        // It was broken off, so it does not count.
      },
    );
  });
  const { port, close } = await listen(server);
  return {
    host: `127.0.0.1:${port}`,
    ca,
    received,
    answer: (...next) => {
      answers = next;
    },
    close,
  };
}

/**
 * For a suite: one server for its tests, that has met nobody and answers well before each, and an agent that trusts it.
 */
export function useGraphServer(): Omit<GraphServer, 'close'> & { readonly agent: Agent } {
  let running: GraphServer | undefined;
  let agent: Agent | undefined;
  const opened = <T>(thing: T | undefined): T => thing ?? assert.fail('the server runs during tests only');
  before(async () => {
    running = await startGraphServer();
    agent = new Agent({ connect: { ca: running.ca } });
  });
  beforeEach(() => {
    opened(running).received.length = 0;
    opened(running).answer(json(200, { ok: true }));
  });
  after(async () => {
    await agent?.close();
    await running?.close();
  });
  return {
    get host() {
      return opened(running).host;
    },
    get ca() {
      return opened(running).ca;
    },
    get received() {
      return opened(running).received;
    },
    get agent() {
      return opened(agent);
    },
    answer: (...answers) => {
      opened(running).answer(...answers);
    },
  };
}

/** Answers with JSON; a string goes out as it is. */
export function json(status: number, body: unknown, headers: Record<string, string | string[]> = {}): Answer {
  return (response) => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** Cuts the connection instead of answering. */
export const cutConnection: Answer = (_, request) => {
  request.socket.destroy();
};

/** Cuts the connection in the middle of the answer. */
export const cutAnswer: Answer = (response, request) => {
  response.writeHead(200, { 'content-length': '100' });
  response.write('{"message_id":', () => request.socket.destroy());
};

/** Never answers. */
export const neverAnswer: Answer = () => undefined;
